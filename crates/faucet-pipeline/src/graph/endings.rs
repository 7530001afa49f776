//! How the components of a run have ended, and what follows for the run.

use std::collections::BTreeMap;
use std::sync::Arc;

use faucet_core::{ComponentKind, Ended, Error, ErrorKind};

use crate::graph::shared::{Outcome, Why};

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
    /// Notes that a component is over. True when it failed.
    pub(crate) fn note(&mut self, Outcome { id, why }: Outcome) -> bool {
        match why {
            Why::Done => {}
            Why::Ended(ended) => {
                self.last = Some(ended);
                self.ended.insert(id, ended);
            }
            Why::Unwanted => self.unwanted = true,
            Why::Failed(error) => {
                self.failed(&id, error);
                return true;
            }
        }
        false
    }

    /// A component did not open, or what comes before it failed.
    pub(crate) fn not_opened(&mut self, kind: Option<ComponentKind>, error: Error) {
        match (kind, error.kind()) {
            (Some(ComponentKind::Sink), ErrorKind::Cancelled) => self.unwanted = true,
            _ => match error.component().cloned() {
                Some(id) => self.failed(&id, error),
                None => self.run_failed(error),
            },
        }
    }

    /// The caller has asked for the end.
    pub(crate) fn stopped(&mut self) {
        self.shutdown = true;
    }

    fn failed(&mut self, id: &Arc<str>, error: Error) {
        self.first.get_or_insert_with(|| Arc::clone(id));
        self.failed.entry(Arc::clone(id)).or_insert_with(|| error.with_component(id));
    }

    /// The run failed outside of its components.
    pub(crate) fn run_failed(&mut self, error: Error) {
        self.first.get_or_insert_with(|| RUN.into());
        self.failed.entry(RUN.into()).or_insert(error);
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
