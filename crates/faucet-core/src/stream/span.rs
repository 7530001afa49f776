//! Places of messages in received bytes.

use std::ops::Range;

use crate::stream::record::MessageKind;

/// Where a message stands in a chunk of received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The offset of the payload's first byte in the chunk.
    pub at: u32,
    /// The payload's length in bytes.
    pub len: u32,
    /// The kind of message.
    pub kind: MessageKind,
}

impl Span {
    /// The payload's bytes in the chunk.
    #[inline]
    pub fn range(self) -> Range<usize> {
        let at = self.at as usize;
        at..at + self.len as usize
    }
}
