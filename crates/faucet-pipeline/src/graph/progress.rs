//! What a run has done so far.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use faucet_core::{
    ComponentKind, ConnectionState, Count, Counters, Gap, Reading, Scope, StreamPage,
};
use tokio::time::Instant;

use crate::graph::epoch::NoCommit;
use crate::graph::peeks::{Peek, Peeks};

/// The most gaps that a run remembers one by one.
const MOST_GAPS: usize = 1000;

/// A run's counters, readable from any task at any time, also after the run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    started: Instant,
    components: Vec<(ComponentKind, Scope)>,
    commits: AtomicU64,
    /// Flushes that committed nothing.
    held_back: AtomicU64,
    gaps: Mutex<Gaps>,
    peeks: Peeks,
}

/// The holes that sources have seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gaps {
    /// The first of them.
    pub(crate) list: Vec<Gap>,
    /// How many others there are.
    pub(crate) more: u64,
    /// How long all of them are together.
    pub(crate) duration: Duration,
}

/// What a component has done so far.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ComponentProgress {
    /// Its name in the pipeline.
    pub id: Arc<str>,
    /// What it is.
    pub kind: ComponentKind,
    /// Its counters.
    pub counters: Reading,
}

impl ComponentProgress {
    /// A component of this name that has counted so.
    pub fn new(id: Arc<str>, kind: ComponentKind, counters: Reading) -> Self {
        Self { id, kind, counters }
    }
}

impl Progress {
    pub(crate) fn new(components: Vec<(ComponentKind, Scope)>) -> Self {
        Self(Arc::new(Inner {
            started: Instant::now(),
            components,
            commits: AtomicU64::new(0),
            held_back: AtomicU64::new(0),
            gaps: Mutex::default(),
            peeks: Peeks::default(),
        }))
    }

    /// A source hands over a page, or a sink is about to take it.
    pub(crate) fn passes(&self, id: &Arc<str>, page: &StreamPage) {
        self.0.peeks.see(id, page, self.elapsed());
    }

    /// The last records that sources have handed over and sinks were given, by component, oldest first:
    /// at most ten, and the beginning of each. Records are kept for ten seconds after each call and
    /// not otherwise, so that the first call finds none.
    pub fn last_records(&self) -> BTreeMap<Arc<str>, Vec<Peek>> {
        self.0.peeks.look(self.elapsed())
    }

    pub(crate) fn saw_gaps(&self, gaps: &[Gap]) {
        let mut seen = self.lock_gaps();
        for gap in gaps {
            seen.duration += gap.duration().unwrap_or_default();
            if seen.list.len() < MOST_GAPS {
                seen.list.push(gap.clone());
            } else {
                seen.more += 1;
            }
        }
    }

    pub(crate) fn gaps(&self) -> Gaps {
        self.lock_gaps().clone()
    }

    fn lock_gaps(&self) -> MutexGuard<'_, Gaps> {
        self.0.gaps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn committed(&self) {
        self.0.commits.fetch_add(1, Relaxed);
    }

    pub(crate) fn held_back(&self, _why: &NoCommit) {
        self.0.held_back.fetch_add(1, Relaxed);
    }

    fn of(&self, kind: ComponentKind) -> impl Iterator<Item = &Counters> {
        let scopes = self.0.components.iter().filter(move |(of, _)| *of == kind);
        scopes.map(|(_, scope)| scope.counters())
    }

    /// The sum of a counter over all components of a kind.
    pub(crate) fn sum(&self, kind: ComponentKind, what: Count) -> u64 {
        self.of(kind).map(|counters| counters.get(what)).sum()
    }

    /// The sum of a counter of the components' own over all of a kind.
    pub(crate) fn sum_own(&self, kind: ComponentKind, name: &str) -> u64 {
        self.of(kind).map(|counters| counters.get_own(name)).sum()
    }

    /// Records that the sources have handed over.
    pub fn records_read(&self) -> u64 {
        self.sum(ComponentKind::Source, Count::Records)
    }

    /// Records that the sinks have taken. A record that goes to two sinks counts twice.
    pub fn records(&self) -> u64 {
        self.sum(ComponentKind::Sink, Count::Records)
    }

    /// Bytes of payload that the sinks have taken.
    pub fn bytes(&self) -> u64 {
        self.sum(ComponentKind::Sink, Count::Bytes)
    }

    /// Pages that the sinks have taken.
    pub fn pages(&self) -> u64 {
        self.sum(ComponentKind::Sink, Count::Pages)
    }

    /// Records that the sinks have delivered as they promise.
    pub fn delivered(&self) -> u64 {
        self.sum(ComponentKind::Sink, Count::Delivered)
    }

    /// Records that the sinks have taken and that may be lost.
    pub fn unconfirmed(&self) -> u64 {
        self.sum(ComponentKind::Sink, Count::Unconfirmed)
    }

    /// Connections that components of this kind have opened after their first.
    pub fn reconnects(&self, kind: ComponentKind) -> u64 {
        self.sum_own(kind, Counters::RECONNECTS)
    }

    /// How often positions were committed.
    pub fn commits(&self) -> u64 {
        self.0.commits.load(Relaxed)
    }

    /// Flushes that committed nothing, because a component could not save what it held.
    pub fn commits_held_back(&self) -> u64 {
        self.0.held_back.load(Relaxed)
    }

    /// The time since the run was made.
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// The time since a record arrived at a source. `None` before the first.
    pub fn age_of_last_record(&self) -> Option<Duration> {
        let arrivals = self.of(ComponentKind::Source).map(|c| c.read().activity.last_arrival);
        let last = arrivals.flatten().max()?;
        Some(Instant::now().into_std().saturating_duration_since(last))
    }

    /// Records that have arrived at the sources; some of them wait for their page.
    pub fn arrived(&self) -> u64 {
        self.of(ComponentKind::Source).map(|counters| counters.read().activity.arrived).sum()
    }

    /// The worst connection of the components of this kind: a run is as well as its worst part.
    pub fn connection(&self, kind: ComponentKind) -> ConnectionState {
        let rank = |state: &ConnectionState| match state {
            ConnectionState::Waiting => 3,
            ConnectionState::Connecting => 2,
            ConnectionState::Up => 1,
            _ => 0,
        };
        let states = self.of(kind).map(|counters| counters.read().activity.connection);
        states.max_by_key(rank).unwrap_or_default()
    }

    /// Each component's counters, in the order of the pipeline.
    pub fn components(&self) -> Vec<ComponentProgress> {
        let of = |(kind, scope): &(ComponentKind, Scope)| ComponentProgress {
            id: Arc::clone(scope.id()),
            kind: *kind,
            counters: scope.counters().read(),
        };
        self.0.components.iter().map(of).collect()
    }
}
