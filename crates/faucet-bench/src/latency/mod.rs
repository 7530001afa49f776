//! How long one message takes.

pub(crate) mod echo;
pub(crate) mod slow;
