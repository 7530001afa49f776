//! The pages of a run, which all of its connections fill. Pure.

use faucet_core::{Pager, StreamPage};

use crate::checked::Checked;
use crate::stop::StopRule;

/// The pages of a run, which all of its connections fill.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) pager: Pager,
    pub(crate) stop: StopRule,
    /// How many messages became records.
    pub(crate) records: u64,
    /// How many pages were handed over.
    taken: u64,
    /// The bytes of payload in them.
    taken_bytes: u64,
    /// The run is over: a message that would fail it is skipped.
    pub(crate) stopping: bool,
}

impl Pages {
    pub(crate) fn new(checked: &Checked) -> Self {
        let pager = Pager::new(checked.page);
        Self { pager, stop: checked.stop, records: 0, taken: 0, taken_bytes: 0, stopping: false }
    }

    /// Everything that is still accepted goes into one page, whatever its limits.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
        self.pager.lift_limits();
    }

    /// The number of the page that is handed over next.
    pub(crate) fn next(&self) -> u64 {
        self.taken
    }

    /// The number of the page that takes the next record. A gap that has ended a page makes it a later one than
    /// [`next`](Self::next).
    pub(crate) fn in_hand(&self) -> u64 {
        self.taken + self.pager.finished() as u64
    }

    /// Bytes of payload of all records so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.taken_bytes + self.pager.payload_bytes() as u64
    }

    /// The next page, if there is one.
    pub(crate) fn take(&mut self) -> Option<StreamPage> {
        let page = self.pager.take()?;
        self.taken += 1;
        self.taken_bytes += page.payload_bytes() as u64;
        Some(page)
    }
}
