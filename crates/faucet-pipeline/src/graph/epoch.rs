//! Who has flushed what: one epoch at a time. Pure but for a lock and a waker around it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use bytes::Bytes;
use faucet_core::{Carry, Position};
use futures_util::task::AtomicWaker;

use crate::graph::flush::Flush;
use crate::graph::state::State;

type Id = Arc<str>;

/// A source's part of an epoch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut {
    pub(crate) position: Option<Position>,
    /// No record was handed over behind the position.
    pub(crate) exact: bool,
    /// The position means something to the next run.
    pub(crate) saved: bool,
}

/// What a component said at the epoch's barrier, or at its end.
#[derive(Debug)]
struct Words<T> {
    /// In this epoch.
    now: BTreeMap<Id, T>,
    /// At the end of the component. It counts for every later epoch.
    last: BTreeMap<Id, T>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { now: BTreeMap::new(), last: BTreeMap::new() }
    }
}

impl<T> Words<T> {
    /// An end that came after the epoch began stands behind this epoch's own word.
    fn get(&self, id: &Id) -> Option<&T> {
        self.now.get(id).or_else(|| self.last.get(id))
    }
}

/// The members of a graph whose words are collected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    pub(crate) sources: Vec<Id>,
    pub(crate) stages: Vec<Id>,
    pub(crate) sinks: Vec<Id>,
}

#[derive(Debug, Default)]
struct Ledger {
    epoch: u64,
    cuts: Words<Cut>,
    carries: Words<Carry>,
    saved: Words<Option<Bytes>>,
    /// Sinks that have flushed in this epoch.
    flushed: BTreeSet<Id>,
    /// Sinks that have flushed everything and are over.
    finished: BTreeSet<Id>,
    /// Sinks that are over and have not.
    lost: BTreeSet<Id>,
    /// A record is lost inside the graph: nothing is committed any more.
    failed: bool,
}

/// Where an epoch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progressed {
    /// All sinks have flushed.
    Complete,
    /// All sinks are over.
    Over,
}

/// Why an epoch commits nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoCommit {
    /// A component has failed.
    Failed,
    /// This stage holds records that it cannot save.
    Unsaved(Id),
    /// This source stands behind its last position, and saved bytes count what it has handed over
    /// since.
    Inexact(Id),
    /// This source has not spoken.
    Silent(Id),
}

/// The epochs of a run.
#[derive(Debug)]
pub(crate) struct Epochs {
    ledger: Mutex<Ledger>,
    members: Members,
    flush: Flush,
    /// Handed over by sources since the last epoch began.
    records: AtomicU64,
    bytes: AtomicU64,
    waker: AtomicWaker,
}

impl Epochs {
    pub(crate) fn new(members: Members, flush: Flush) -> Self {
        Self {
            ledger: Mutex::default(),
            members,
            flush,
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            waker: AtomicWaker::new(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    pub(crate) fn flush(&self) -> &Flush {
        &self.flush
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Counts what a source hands over. A page of marks counts as one record.
    pub(crate) fn handed(&self, records: u64, bytes: u64) {
        let before = self.records.fetch_add(records, Relaxed);
        let bytes_before = self.bytes.fetch_add(bytes, Relaxed);
        let reached = self.flush.is_reached(before + records, bytes_before + bytes);
        if before == 0 || (reached && !self.flush.is_reached(before, bytes_before)) {
            self.waker.wake();
        }
    }

    /// Whether records wait for a flush, and whether they are enough for one.
    pub(crate) fn waiting(&self) -> (bool, bool) {
        let (records, bytes) = (self.records.load(Relaxed), self.bytes.load(Relaxed));
        (records > 0, self.flush.is_reached(records, bytes))
    }

    /// Begins an epoch and returns its number.
    pub(crate) fn begin(&self) -> u64 {
        self.records.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        let mut ledger = self.ledger();
        ledger.epoch += 1;
        ledger.flushed.clear();
        ledger.forget();
        ledger.epoch
    }

    /// What counts from now on is where each component ended.
    pub(crate) fn last_words(&self) {
        self.ledger().forget();
    }

    pub(crate) fn cut(&self, source: &Id, cut: Cut) {
        self.ledger().cuts.now.insert(Arc::clone(source), cut);
    }

    pub(crate) fn last_cut(&self, source: &Id, cut: Cut) {
        self.ledger().cuts.last.insert(Arc::clone(source), cut);
    }

    pub(crate) fn carry(&self, stage: &Id, carry: Carry) {
        self.ledger().carries.now.insert(Arc::clone(stage), carry);
    }

    pub(crate) fn last_carry(&self, stage: &Id, carry: Carry) {
        self.ledger().carries.last.insert(Arc::clone(stage), carry);
    }

    /// A sink has flushed at the barrier.
    pub(crate) fn flushed(&self, sink: &Id, saved: Option<Bytes>) {
        let mut ledger = self.ledger();
        ledger.saved.now.insert(Arc::clone(sink), saved);
        ledger.flushed.insert(Arc::clone(sink));
        drop(ledger);
        self.waker.wake();
    }

    /// A sink has flushed everything and is over.
    pub(crate) fn finished(&self, sink: &Id, saved: Option<Bytes>) {
        let mut ledger = self.ledger();
        ledger.saved.last.insert(Arc::clone(sink), saved);
        ledger.finished.insert(Arc::clone(sink));
        drop(ledger);
        self.waker.wake();
    }

    /// A sink is over and has not flushed everything.
    pub(crate) fn lost(&self, sink: &Id) {
        let mut ledger = self.ledger();
        ledger.failed = true;
        ledger.lost.insert(Arc::clone(sink));
        drop(ledger);
        self.waker.wake();
    }

    /// A record is lost inside the graph: nothing is committed any more.
    pub(crate) fn fail(&self) {
        self.ledger().failed = true;
    }

    pub(crate) fn progressed(&self, in_epoch: bool) -> Option<Progressed> {
        let ledger = self.ledger();
        let sinks = self.members.sinks.len();
        if ledger.finished.len() + ledger.lost.len() >= sinks {
            return Some(Progressed::Over);
        }
        let flushed = ledger.flushed.union(&ledger.finished).count();
        (in_epoch && ledger.lost.is_empty() && flushed >= sinks).then_some(Progressed::Complete)
    }

    /// The state after this epoch.
    ///
    /// # Errors
    /// It would not be a consistent cut.
    pub(crate) fn state(&self, old: &State) -> Result<State, NoCommit> {
        self.ledger().state(old, &self.members)
    }

    /// Where a source may be told to be committed.
    pub(crate) fn position(&self, source: &Id) -> Option<Position> {
        self.ledger().cuts.get(source)?.position.clone()
    }
}

impl Ledger {
    fn forget(&mut self) {
        self.cuts.now.clear();
        self.carries.now.clear();
        self.saved.now.clear();
    }

    fn state(&self, old: &State, members: &Members) -> Result<State, NoCommit> {
        if self.failed {
            return Err(NoCommit::Failed);
        }
        let mut state = old.clone();
        state.epoch += 1;
        let mut inexact = None;
        for id in &members.sources {
            let cut = self.cuts.get(id).ok_or_else(|| NoCommit::Silent(Arc::clone(id)))?;
            if !cut.exact {
                inexact.get_or_insert(Arc::clone(id));
            }
            if let (Some(position), true, Some(saved)) =
                (&cut.position, cut.saved, state.components.get_mut(&**id))
            {
                saved.position = Some(position.as_str().to_owned());
            }
        }
        let mut saved = Vec::new();
        for id in &members.stages {
            match self.carries.get(id) {
                Some(Carry::Unsaved) => return Err(NoCommit::Unsaved(Arc::clone(id))),
                Some(Carry::Saved(bytes)) => saved.push((id, Some(bytes))),
                _ => saved.push((id, None)),
            }
        }
        // A sink that saves no bytes any more must not get those of an older flush back.
        let of_sinks =
            members.sinks.iter().filter_map(|id| Some((id, self.saved.get(id)?.as_ref())));
        saved.extend(of_sinks);
        for (id, bytes) in saved {
            if let (Some(_), Some(source)) = (bytes, &inexact) {
                return Err(NoCommit::Inexact(Arc::clone(source)));
            }
            if let Some(entry) = state.components.get_mut(&**id) {
                (entry.saved, entry.saved_base64) = (None, None);
                bytes.iter().for_each(|bytes| entry.set(bytes));
            }
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::state::{Saved, VERSION};

    fn ids(names: &[&str]) -> Vec<Id> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    fn old() -> State {
        let saved = |text: Option<&str>| Saved {
            connector: "x".into(),
            target: "y".into(),
            position: text.map(Into::into),
            saved: text.map(Into::into),
            saved_base64: None,
        };
        let components = ["s", "t", "k"].map(|id| (id.to_owned(), saved(Some("old")))).into();
        State { version: VERSION, epoch: 4, components }
    }

    fn epochs() -> Epochs {
        let members = Members { sources: ids(&["s"]), stages: ids(&["t"]), sinks: ids(&["k"]) };
        Epochs::new(members, Flush::default().or_records(10).or_bytes(100))
    }

    fn cut(position: Option<&str>, exact: bool) -> Cut {
        Cut { position: position.map(Position::new), exact, saved: true }
    }

    #[test]
    fn a_commit_is_a_consistent_cut_or_none() {
        let saved = |text: &'static str| Carry::Saved(Bytes::from_static(text.as_bytes()));
        let failing: Result<(), NoCommit> = Err(NoCommit::Inexact("s".into()));
        for (cut, carry, sink, expected) in [
            (cut(Some("7"), true), Carry::Nothing, None, Ok(("7", None, None))),
            (cut(Some("7"), true), saved("w"), Some("9"), Ok(("7", Some("w"), Some("9")))),
            (cut(None, true), Carry::Nothing, Some("9"), Ok(("old", None, Some("9")))),
            (cut(None, false), Carry::Nothing, None, Ok(("old", None, None))),
            (cut(None, false), saved("w"), None, Err(())),
            (cut(None, false), Carry::Nothing, Some("9"), Err(())),
        ] {
            let epochs = epochs();
            assert_eq!(epochs.begin(), 1);
            epochs.cut(&"s".into(), cut);
            epochs.carry(&"t".into(), carry);
            epochs.flushed(&"k".into(), sink.map(|text: &str| Bytes::from(text.to_owned())));
            assert_eq!(epochs.progressed(true), Some(Progressed::Complete));
            let state = epochs.state(&old());
            match expected {
                Err(()) => assert_eq!(state.map(drop), failing),
                Ok((position, stage, sink)) => {
                    let state = state.unwrap();
                    let of = |id: &str| &state.components[id];
                    assert_eq!(of("s").position.as_deref(), Some(position));
                    assert_eq!((of("t").saved.as_deref(), of("k").saved.as_deref()), (stage, sink));
                    assert_eq!(state.epoch, 5);
                }
            }
        }
        let epochs = epochs();
        assert_eq!(epochs.state(&old()), Err(NoCommit::Silent("s".into())));
        epochs.cut(&"s".into(), cut(Some("1"), true));
        epochs.carry(&"t".into(), Carry::Unsaved);
        assert_eq!(epochs.state(&old()), Err(NoCommit::Unsaved("t".into())));
        epochs.lost(&"k".into());
        assert_eq!(epochs.state(&old()), Err(NoCommit::Failed));
        assert_eq!(epochs.progressed(true), Some(Progressed::Over));
    }

    #[test]
    fn an_end_counts_for_later_epochs_and_not_for_its_own() {
        let epochs = epochs();
        let (s, k): (Id, Id) = ("s".into(), "k".into());
        epochs.cut(&s, cut(Some("5"), true));
        epochs.last_cut(&s, cut(Some("9"), true));
        assert_eq!(epochs.position(&s).unwrap().as_str(), "5");
        epochs.begin();
        assert_eq!(epochs.position(&s).unwrap().as_str(), "9");
        epochs.cut(&s, cut(Some("6"), true));
        epochs.last_words();
        assert_eq!(epochs.position(&s).unwrap().as_str(), "9");
        epochs.finished(&k, Some(Bytes::from_static(b"77")));
        assert_eq!(epochs.progressed(false), Some(Progressed::Over));
        let state = epochs.state(&old()).unwrap();
        assert_eq!(state.components["k"].saved.as_deref(), Some("77"));
    }

    #[test]
    fn a_flush_is_due_by_records_or_bytes() {
        let epochs = epochs();
        assert_eq!(epochs.waiting(), (false, false));
        epochs.handed(9, 50);
        assert_eq!(epochs.waiting(), (true, false));
        epochs.handed(1, 0);
        assert_eq!(epochs.waiting(), (true, true));
        epochs.begin();
        assert_eq!(epochs.waiting(), (false, false));
        epochs.handed(1, 100);
        assert_eq!(epochs.waiting(), (true, true));
    }
}
