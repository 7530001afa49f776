//! What may wait between two components.

use faucet_core::select::Pointer;

/// What happens to a page when the buffer in front of its consumer is full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// The producer waits: back-pressure.
    #[default]
    Block,
    /// The oldest waiting page makes room. A gap in its place says how much is missing.
    DropOldest,
    /// The new page is dropped. A gap in its place says how much is missing.
    DropNewest,
    /// Only the newest record of each key waits. A record without the key stays in order.
    Conflate {
        /// Where the key stands in a record.
        key: Pointer,
    },
}

/// What may wait in front of a component, on each of the edges that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Buffer {
    /// The most pages that wait. Default 1.
    pub pages: usize,
    /// The buffer is full when the payloads that wait have so many bytes. Default 8 MiB.
    pub bytes: usize,
    /// What happens when it is full.
    pub when_full: WhenFull,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { pages: 1, bytes: 8 << 20, when_full: WhenFull::Block }
    }
}

impl Buffer {
    /// At most so many pages.
    #[must_use]
    pub fn with_pages(self, pages: usize) -> Self {
        Self { pages, ..self }
    }

    /// Full at so many bytes of payload.
    #[must_use]
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// What happens when it is full.
    #[must_use]
    pub fn when_full(self, when_full: WhenFull) -> Self {
        Self { when_full, ..self }
    }
}
