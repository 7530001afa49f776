//! The connection that follows another one by plan.

use bytes::Bytes;
use faucet_common_websocket::session::script::Batch;
use faucet_common_websocket::{Driver, Received, Stamp, Taken};
use faucet_core::Span;

/// The most bytes that a connection may bring before it takes over.
const MOST_HELD: usize = 8 << 20;

/// Messages of the next connection, which wait until the one before has ended.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    pub(crate) spans: Vec<Span>,
    pub(crate) stamp: Stamp,
    pub(crate) batch: Option<Batch>,
}

/// The connection that follows by plan.
#[derive(Debug)]
pub(crate) struct Successor {
    pub(crate) driver: Driver,
    pub(crate) held: Vec<Held>,
    held_bytes: usize,
    pub(crate) is_up: bool,
}

impl Successor {
    pub(crate) fn new(driver: Driver) -> Self {
        Self { driver, held: Vec::new(), held_bytes: 0, is_up: false }
    }

    /// Holds the messages that have come in.
    pub(crate) fn hold(&mut self) {
        let mut spans = Vec::new();
        let Some(Received { bytes, stamp, batch }) = self.driver.take(&mut spans) else { return };
        let bytes = match bytes {
            Taken::Shared(bytes) => bytes,
            Taken::Small(bytes) => Bytes::copy_from_slice(bytes),
        };
        self.held_bytes += bytes.len();
        self.held.push(Held { bytes, spans, stamp, batch });
    }

    /// Whether the connection before may end: the session is complete, or too much waits.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_up || self.held_bytes > MOST_HELD
    }
}
