//! Records in a component's hand.

use std::sync::Arc;

use faucet_core::{Count, Scope};

use crate::graph::edge::Edge;

/// Where records count as not written.
#[derive(Debug)]
enum Bound<'a> {
    /// The component is about to take them.
    Into(&'a Scope),
    /// The consumers at the ends of these edges do not have them yet.
    OnTheWay(&'a [Arc<Edge>]),
}

/// Records in a component's hand. Those that were not released when this is dropped count as not
/// written: the run was dropped, or the call that had them has failed.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    bound: Bound<'a>,
    records: u64,
}

impl<'a> Held<'a> {
    /// Records that the component with this scope has not taken yet.
    pub(crate) fn into_component(scope: &'a Scope, records: usize) -> Self {
        Self { bound: Bound::Into(scope), records: records as u64 }
    }

    /// Records that are not on these edges yet.
    pub(crate) fn on_the_way(edges: &'a [Arc<Edge>], records: u64) -> Self {
        Self { bound: Bound::OnTheWay(edges), records }
    }

    /// So many of the records have gone on.
    pub(crate) fn release(&mut self, records: u64) {
        self.records = self.records.saturating_sub(records);
    }

    /// All of the records have gone on.
    pub(crate) fn release_all(mut self) {
        self.records = 0;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.records == 0 {
            return;
        }
        match self.bound {
            Bound::Into(scope) => scope.counters().count(Count::NotWritten, self.records),
            Bound::OnTheWay(edges) => edges.iter().for_each(|edge| edge.lose(self.records)),
        }
    }
}
