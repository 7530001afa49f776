//! What the components of a run share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faucet_core::{Cancel, Ended, Error};

use crate::graph::epoch::Epochs;
use crate::graph::flusher::Flusher;
use crate::graph::mailbox::Mailbox;
use crate::graph::progress::Progress;

/// How a component ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) id: Arc<str>,
    pub(crate) why: Why,
}

/// Why a component is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The source had no more.
    Ended(Ended),
    /// The run was stopped, or its inputs ended.
    Done,
    /// The sink's consumer wants no more.
    Unwanted,
    /// It failed, and has said so.
    Failed,
}

/// What failed: a component, or the run itself.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) error: Error,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) epochs: Epochs,
    pub(crate) flusher: Flusher,
    pub(crate) mailboxes: BTreeMap<Arc<str>, Arc<Mailbox>>,
    pub(crate) cancel: Cancel,
    pub(crate) keeps_state: bool,
    pub(crate) grace: Duration,
    pub(crate) progress: Progress,
    /// What failed and was not noted yet, oldest first.
    pub(crate) failures: Mutex<Vec<Failure>>,
}

impl Shared {
    /// A component, or the run itself, has failed: the run stops. Told when it happens and not when
    /// the component is over: what fails later may be a consequence.
    pub(crate) fn fail(&self, id: Option<&Arc<str>>, error: Error) {
        let failure = Failure { id: id.cloned(), error };
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
        self.stop();
    }

    /// What has failed since this was asked last.
    pub(crate) fn take_failures(&self) -> Vec<Failure> {
        std::mem::take(&mut self.failures.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells every source to stop.
    pub(crate) fn stop(&self) {
        self.cancel.cancel();
        self.mailboxes.values().for_each(|mailbox| mailbox.put(|mail| mail.stop = true));
    }

    /// What one polite end may take: the rest of the grace is for what follows it.
    pub(crate) fn limit(&self) -> Duration {
        self.grace * 3 / 4
    }
}
