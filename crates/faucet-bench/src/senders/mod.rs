//! Those that send to a peer that reads and discards.

pub(crate) mod hand;
pub(crate) mod ours;
pub(crate) mod tungstenite;

/// Messages in a page, which goes out in one piece.
const PAGE: usize = 1000;
