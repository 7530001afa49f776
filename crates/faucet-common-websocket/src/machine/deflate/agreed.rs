//! The parameters of permessage-deflate that both ends agreed on (RFC 7692 §7.1).

use std::ops::RangeInclusive;

/// The sizes that a window may have, as base-2 logarithms.
pub(crate) const WINDOW_BITS: RangeInclusive<u8> = 8..=15;

/// The terms for the messages of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Direction {
    /// The sender looks back no further than this power of two, in bytes.
    pub(crate) window_bits: u8,
    /// Whether a message may refer to those before it.
    pub(crate) takeover: bool,
}

impl Default for Direction {
    fn default() -> Self {
        Self { window_bits: *WINDOW_BITS.end(), takeover: true }
    }
}

/// The terms that both ends agreed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// Messages that we receive.
    pub(crate) inbound: Direction,
    /// Messages that we send.
    pub(crate) outbound: Direction,
}
