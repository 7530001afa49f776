//! Many connections in one process, over which messages come evenly.

pub(crate) mod ours;
mod progress;
pub(crate) mod scan;
pub(crate) mod tungstenite;
