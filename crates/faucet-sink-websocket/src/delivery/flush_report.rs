//! The losses that the next flush reports.

/// The records that may be lost, for the report of the next flush.
#[derive(Debug, Default)]
pub(crate) struct FlushReport {
    /// The last record that a flush has spoken of.
    upto: u64,
    /// Records behind it that may be lost.
    unconfirmed: u64,
    /// Records that a flush has called delivered, and that were lost on their way afterwards.
    late: u64,
}

impl FlushReport {
    /// `lost` records behind record `settled` and up to record `sent` may be lost.
    pub(crate) fn lost(&mut self, lost: u64, settled: u64, sent: u64) {
        let late = self.upto.min(sent).saturating_sub(settled);
        self.late += late;
        self.unconfirmed += lost - late;
    }

    /// So many records are given up.
    pub(crate) fn given_up(&mut self, records: u64) {
        self.unconfirmed += records;
    }

    /// The flush speaks of all records up to `accepted`. Returns how many of those since the last
    /// flush may be lost.
    pub(crate) fn take_unconfirmed(&mut self, accepted: u64) -> u64 {
        self.upto = accepted;
        std::mem::take(&mut self.unconfirmed)
    }

    /// How many records were lost since the last call although a flush had called them delivered.
    pub(crate) fn take_late(&mut self) -> u64 {
        std::mem::take(&mut self.late)
    }
}
