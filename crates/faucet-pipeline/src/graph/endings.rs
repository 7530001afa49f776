//! How the components of a run have ended, and what follows for the run.

use std::collections::BTreeMap;
use std::sync::Arc;

use faucet_core::{ComponentKind, Ended, Error, ErrorKind};

use crate::graph::shared::{Failure, Outcome, Why};

/// The run itself, where a component would be named. No component has an empty name.
const RUN: &str = "";

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The sources have no more; this is why the last of them ended.
    Ended(Ended),
    /// A sink's consumer wants no more.
    SinkClosed,
    /// The caller asked for it.
    Shutdown,
    /// A component failed.
    Failed,
}

/// What a run has learned about its end.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    /// Why each source ended by itself.
    pub(crate) ended: BTreeMap<Arc<str>, Ended>,
    last: Option<Ended>,
    shutdown: bool,
    unwanted: bool,
    /// What failed, by component.
    pub(crate) failed: BTreeMap<Arc<str>, Error>,
    /// What failed first. All else may be its consequence.
    pub(crate) first: Option<Arc<str>>,
}

impl Endings {
    /// Notes that a component is over.
    pub(crate) fn note(&mut self, Outcome { id, why }: Outcome) {
        match why {
            Why::Done | Why::Failed => {}
            Why::Ended(ended) => {
                self.last = Some(ended);
                self.ended.insert(id, ended);
            }
            Why::Unwanted => self.unwanted = true,
        }
    }

    /// A component did not open, or what comes before it failed.
    pub(crate) fn not_opened(&mut self, kind: Option<ComponentKind>, error: Error) {
        match (kind, error.kind()) {
            (Some(ComponentKind::Sink), ErrorKind::Cancelled) => self.unwanted = true,
            _ => self.failed(Failure { id: error.component().cloned(), error }),
        }
    }

    /// The caller has asked for the end.
    pub(crate) fn stopped(&mut self) {
        self.shutdown = true;
    }

    /// Notes a failure. The first one of a component counts, and the first one of all is the run's.
    pub(crate) fn failed(&mut self, Failure { id, error }: Failure) {
        let error = match &id {
            Some(id) => error.with_component(id),
            None => error,
        };
        let id = id.unwrap_or_else(|| RUN.into());
        self.first.get_or_insert_with(|| Arc::clone(&id));
        self.failed.entry(id).or_insert(error);
    }

    pub(crate) fn exit(&self) -> Exit {
        match (self.first.is_some(), self.unwanted, self.shutdown) {
            (true, ..) => Exit::Failed,
            (_, true, _) => Exit::SinkClosed,
            (_, _, true) => Exit::Shutdown,
            _ => Exit::Ended(self.last.unwrap_or_default()),
        }
    }
}
