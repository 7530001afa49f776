//! The protocol by hand, as far as servers and limits need it: frame headers, the upgrade, streams.

pub(crate) mod client_frames;
pub(crate) mod deflate;
pub(crate) mod frame;
pub(crate) mod stream;
pub(crate) mod upgrade;
