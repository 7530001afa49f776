//! Those that receive a feed.

pub(crate) mod inflate;
pub(crate) mod naive;
pub(crate) mod ours;
pub(crate) mod scan;
pub(crate) mod tungstenite;
