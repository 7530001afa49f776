//! What a run tells its meter.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faucet_core::RunContext;

use crate::delivery::Counts;

/// Counts a run's records. Shared by its task and its writer, which may be dropped while the task
/// is at work: what is on its way then is counted once.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    run: RunContext,
    /// Records on their way; `None` once the account is settled.
    doubtful: Arc<Mutex<Option<u64>>>,
}

impl Account {
    pub(crate) fn new(run: &RunContext) -> Self {
        Self { run: run.clone(), doubtful: Arc::new(Mutex::new(Some(0))) }
    }

    /// Adds what happened; `doubtful` records are on their way now.
    pub(crate) fn add(&self, counts: Counts, doubtful: u64) {
        let mut on_their_way = self.lock();
        if on_their_way.is_none() {
            return;
        }
        let meter = self.run.meter();
        meter.add_delivered(counts.delivered);
        meter.add_unconfirmed(counts.unconfirmed);
        meter.add_resent(counts.resent);
        *on_their_way = Some(doubtful);
    }

    /// Nothing more will happen: what is on its way is unconfirmed.
    pub(crate) fn settle(&self) {
        self.run.meter().add_unconfirmed(self.lock().take().unwrap_or_default());
    }

    /// The run's counters for everything else.
    pub(crate) fn meter(&self) -> &faucet_core::Meter {
        self.run.meter()
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.doubtful.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_at_the_end_is_unconfirmed_and_nothing_is_counted_after_it() {
        let run = RunContext::default();
        let account = Account::new(&run);
        account.add(Counts { delivered: 5, unconfirmed: 1, resent: 2 }, 4);
        account.add(Counts { delivered: 1, ..Counts::default() }, 3);
        account.settle();
        account.add(Counts { delivered: 3, ..Counts::default() }, 0);
        account.settle();
        let meter = run.meter().read();
        assert_eq!((meter.delivered, meter.unconfirmed, meter.resent), (6, 4, 2));
    }
}
