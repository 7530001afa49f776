//! What the components of a run share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faucet_core::{Cancel, Ended, Error};

use crate::graph::epoch::Epochs;
use crate::graph::mailbox::Mailbox;
use crate::graph::progress::Progress;

/// How a component ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) id: Arc<str>,
    pub(crate) why: Why,
}

/// Why a component is over.
#[derive(Debug)]
pub(crate) enum Why {
    /// The source had no more.
    Ended(Ended),
    /// The run was stopped, or its inputs ended.
    Done,
    /// The sink's consumer wants no more.
    Unwanted,
    /// It failed.
    Failed(Error),
}

impl Why {
    /// The first failure counts.
    pub(crate) fn or_failed(self, error: Option<Error>) -> Self {
        match (self, error) {
            (Self::Failed(first), _) => Self::Failed(first),
            (_, Some(error)) => Self::Failed(error),
            (why, None) => why,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) epochs: Epochs,
    pub(crate) mailboxes: BTreeMap<Arc<str>, Arc<Mailbox>>,
    pub(crate) cancel: Cancel,
    pub(crate) keeps_state: bool,
    pub(crate) grace: Duration,
    pub(crate) progress: Progress,
    /// What failed outside of the components.
    pub(crate) failure: Mutex<Option<Error>>,
}

impl Shared {
    /// The run itself has failed: it stops.
    pub(crate) fn fail(&self, error: Error) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop();
    }

    /// What failed outside of the components, once.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
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
