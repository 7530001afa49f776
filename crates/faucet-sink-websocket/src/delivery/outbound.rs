//! A record on its way.

use faucet_common_websocket::Frame;
use faucet_core::Record;

/// A record on its way.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) frame: Frame,
    /// The record itself, where it must be handed back if the peer rejects it.
    pub(crate) record: Option<Box<Record>>,
}

impl Outbound {
    /// The size of the payload in bytes.
    pub(crate) fn size(&self) -> usize {
        self.frame.as_bytes().len()
    }
}
