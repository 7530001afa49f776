//! When sinks are flushed.

use std::time::Duration;

/// When sinks are flushed and positions committed: whichever limit is reached first, counted from
/// the first record since the last flush began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flush {
    /// The longest time that a record waits for a flush. Default one second.
    pub interval: Duration,
    /// A flush begins after so many records. `None`: no limit.
    pub records: Option<u64>,
    /// A flush begins after so many bytes of payload. `None`: no limit. It bounds the memory of a
    /// sink that keeps records until they are flushed.
    pub bytes: Option<u64>,
}

impl Default for Flush {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1), records: None, bytes: None }
    }
}

impl Flush {
    /// A flush each `interval`.
    pub fn every(interval: Duration) -> Self {
        Self { interval, ..Self::default() }
    }

    /// A flush after so many records at the latest.
    #[must_use]
    pub fn or_records(self, records: u64) -> Self {
        Self { records: Some(records), ..self }
    }

    /// A flush after so many bytes of payload at the latest.
    #[must_use]
    pub fn or_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Whether a flush is due by amount.
    pub(crate) fn is_reached(&self, records: u64, bytes: u64) -> bool {
        self.records.is_some_and(|most| records >= most)
            || self.bytes.is_some_and(|most| bytes >= most)
    }
}
