//! The moment of a read.

use std::time::Instant;

use faucet_core::Timestamp;

/// The moment at which bytes were read from the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// By the clock that drives timers.
    pub instant: Instant,
    /// By the system clock.
    pub timestamp: Timestamp,
}
