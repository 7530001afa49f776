//! What a component is told when its run starts, and where it counts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::component::cancel::Cancelled;
use crate::component::counters::Counters;
use crate::stream::Position;

/// What one component of one run is told, and where it counts. Cheap to clone; a component keeps it
/// as long as it likes.
///
/// `Scope::default()` is a run without placeholders, without an earlier run, and without an end.
#[derive(Clone, Default)]
pub struct Scope(Arc<Inner>);

#[derive(Clone, Default)]
struct Inner {
    id: Arc<str>,
    values: Arc<BTreeMap<String, String>>,
    inputs: Arc<[Arc<str>]>,
    feeds: Arc<[Arc<Counters>]>,
    counters: Arc<Counters>,
    position: Option<Position>,
    saved: Option<Bytes>,
    keeps_state: bool,
    is_live: bool,
    diverts: bool,
    cancelled: Cancelled,
}

impl fmt::Debug for Scope {
    /// Shows the names of the values only: a value may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("id", &self.0.id)
            .field("names", &self.0.values.keys())
            .field("counters", &self.0.counters.read())
            .field("position", &self.0.position)
            .finish_non_exhaustive()
    }
}

impl Scope {
    /// The scope of the component `id`.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(Arc::new(Inner { id: id.into(), ..Inner::default() }))
    }

    /// Fills `{name}` placeholders from `values`.
    #[must_use]
    pub fn with_values(self, values: impl Into<Arc<BTreeMap<String, String>>>) -> Self {
        let values = values.into();
        self.with(|inner| inner.values = values)
    }

    /// Names the inputs of a transform or sink, in order.
    #[must_use]
    pub fn with_inputs(self, names: impl Into<Arc<[Arc<str>]>>) -> Self {
        let names = names.into();
        self.with(|inner| inner.inputs = names)
    }

    /// Lets a source begin behind `position`.
    #[must_use]
    pub fn with_position(self, position: Position) -> Self {
        self.with(|inner| inner.position = Some(position))
    }

    /// Lets a transform or sink go on from the bytes that it saved.
    #[must_use]
    pub fn with_saved(self, saved: impl Into<Bytes>) -> Self {
        let saved = saved.into();
        self.with(|inner| inner.saved = Some(saved))
    }

    /// Says that the run keeps a state: positions and saved bytes outlive it.
    #[must_use]
    pub fn with_state(self) -> Self {
        self.with(|inner| inner.keeps_state = true)
    }

    /// Says that no record comes again: no source that the component has records of can repeat one.
    #[must_use]
    pub fn with_live_input(self) -> Self {
        self.with(|inner| inner.is_live = true)
    }

    /// Says that the pipeline has a place for what this component rejects.
    #[must_use]
    pub fn with_dead_letter(self) -> Self {
        self.with(|inner| inner.diverts = true)
    }

    /// Lets the component hear that the run stops.
    #[must_use]
    pub fn with_cancelled(self, cancelled: Cancelled) -> Self {
        self.with(|inner| inner.cancelled = cancelled)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The component's id in the pipeline.
    pub fn id(&self) -> &Arc<str> {
        &self.0.id
    }

    /// Shows a transform or sink the counters of the sources whose records reach it.
    #[must_use]
    pub fn with_feeds<'a>(self, sources: impl IntoIterator<Item = &'a Self>) -> Self {
        let feeds = sources.into_iter().map(|source| Arc::clone(&source.0.counters)).collect();
        self.with(|inner| inner.feeds = feeds)
    }

    /// Transform or sink: the counters of the sources whose records reach it, also through others. They say
    /// whether a feed that brings nothing is connected.
    pub fn feeds(&self) -> impl Iterator<Item = &Counters> {
        self.0.feeds.iter().map(|counters| &**counters)
    }

    /// Transform or sink: the components that it takes pages from, in the order of its inputs.
    pub fn inputs(&self) -> &[Arc<str>] {
        &self.0.inputs
    }

    /// The value of `{name}`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.values.get(name).map(String::as_str)
    }

    /// The names that have a value, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values.keys().map(String::as_str)
    }

    /// The component's counters.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Source: the position behind which the run begins. `None`: at the source's own beginning.
    pub fn position(&self) -> Option<&Position> {
        self.0.position.as_ref()
    }

    /// Transform or sink: the bytes of its last committed snapshot or flush.
    pub fn saved(&self) -> Option<&Bytes> {
        self.0.saved.as_ref()
    }

    /// Whether positions and saved bytes outlive the run.
    pub fn keeps_state(&self) -> bool {
        self.0.keeps_state
    }

    /// Sink: whether records that were taken and not committed are gone from their sources. A sink must then
    /// keep what it has written behind its last committed flush.
    pub fn is_live(&self) -> bool {
        self.0.is_live
    }

    /// Whether the pipeline has a place for what this component rejects.
    pub fn diverts(&self) -> bool {
        self.0.diverts
    }

    /// Whether somebody can tell the run to stop, as the runner of a pipeline can. `false` for
    /// [`Scope::default()`], with which a program reads a source by itself.
    pub fn can_be_cancelled(&self) -> bool {
        self.0.cancelled.is_possible()
    }

    /// Whether the run was told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.is_cancelled()
    }

    /// Returns once the run was told to stop or is gone. Tasks and threads that a component has
    /// started end then; the component itself need not listen. Cancel safe.
    pub async fn cancelled(&self) {
        self.0.cancelled.clone().wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::cancel::Cancel;

    #[test]
    fn debug_shows_no_values() {
        let values = BTreeMap::from([("token".to_owned(), "s3cret".to_owned())]);
        let scope = Scope::new("trades").with_values(values);
        let shown = format!("{scope:?}");
        assert!(shown.contains("token") && !shown.contains("s3cret"), "{shown}");
        assert_eq!(scope.value("token"), Some("s3cret"));
    }

    #[test]
    fn a_changed_scope_counts_in_the_same_place() {
        let scope = Scope::new("trades");
        let later = scope.clone().with_position(Position::new("7")).with_state();
        later.counters().add("retries", 2);
        assert_eq!(scope.counters().read().own["retries"], 2);
        assert_eq!((scope.position(), later.position().map(Position::as_str)), (None, Some("7")));
        assert!(later.keeps_state() && !scope.keeps_state() && !scope.is_cancelled());
        let cancel = Cancel::new();
        assert!(later.with_cancelled(cancel.cancelled()).can_be_cancelled());
        assert!(!scope.can_be_cancelled());
    }
}
