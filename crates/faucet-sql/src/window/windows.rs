//! The open windows of a query.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::Result;

use crate::engine::{Execution, Moment, Plan};
use crate::script::WindowSpec;
use crate::window::panes::{Pane, cut};

/// A window that has ended, and its rows.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) end: i64,
    pub(crate) results: Vec<RecordBatch>,
}

/// The open windows of a query, by their end. Each is an execution of the query's plan, which keeps groups and
/// not rows.
pub(crate) struct Windows {
    spec: WindowSpec,
    plan: Plan,
    moment: Arc<Moment>,
    /// Whether the rows wait for the end of their window: the query says of each row whether the window is
    /// complete, and nobody knows before.
    holds: bool,
    open: BTreeMap<i64, Window>,
}

/// Which windows of a pane take its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taking {
    All,
    /// Some of them are closed.
    Some,
    None,
}

enum Window {
    At(Execution),
    Held(Vec<(Arc<str>, RecordBatch)>),
}

impl Windows {
    pub(crate) fn new(spec: WindowSpec, plan: Plan, moment: Arc<Moment>, holds: bool) -> Self {
        Self { spec, plan, moment, holds, open: BTreeMap::new() }
    }

    /// The end of the window that closes next.
    pub(crate) fn next_end(&self) -> Option<i64> {
        self.open.first_key_value().map(|(end, _)| *end)
    }

    /// The number of open windows.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The bytes that the groups of all open windows take.
    pub(crate) fn memory(&self) -> usize {
        self.plan.memory()
    }

    /// Cuts rows at `times` into panes: all rows of a pane lie in the same windows.
    pub(crate) fn cut(&self, times: &[i64]) -> Vec<Pane> {
        cut(times, self.spec.slide)
    }

    /// Which windows take the rows of the pane that begins at `pane`. Those that end at `closed` or before
    /// take none.
    pub(crate) fn taking(&self, pane: i64, closed: i64) -> Taking {
        let WindowSpec { size, slide } = self.spec;
        let last = pane.saturating_add(size);
        match (last > closed, last - size + slide > closed) {
            (true, true) => Taking::All,
            (true, false) => Taking::Some,
            (false, _) => Taking::None,
        }
    }

    /// Puts rows of the pane that begins at `pane` into its windows. Each batch has the name of the leaf that
    /// it is for.
    ///
    /// # Errors
    /// The query failed. The windows are not to be used any more.
    pub(crate) async fn push(
        &mut self,
        pane: i64,
        closed: i64,
        rows: &[(Arc<str>, RecordBatch)],
    ) -> Result<()> {
        let WindowSpec { size, slide } = self.spec;
        let mut end = pane.saturating_add(size);
        // The pane lies in all windows that begin at most `size` before its end.
        while end > pane && end > closed {
            self.feed(end, rows).await?;
            end -= slide;
        }
        Ok(())
    }

    async fn feed(&mut self, end: i64, rows: &[(Arc<str>, RecordBatch)]) -> Result<()> {
        let window = match self.open.entry(end) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(free) => free.insert(match self.holds {
                true => Window::Held(Vec::new()),
                false => Window::At(self.plan.begin()?),
            }),
        };
        match window {
            Window::At(execution) => {
                self.moment.set(end - self.spec.size, end, false);
                for (leaf, rows) in rows {
                    execution.feed(leaf, rows).await?;
                }
            }
            Window::Held(held) => held.extend_from_slice(rows),
        }
        Ok(())
    }

    /// Closes the first window if it ends at `until` or before. `is_whole` says whether a window saw
    /// everything.
    ///
    /// # Errors
    /// The query failed. The window is gone.
    pub(crate) async fn close_next(
        &mut self,
        until: i64,
        is_whole: impl Fn(i64, i64) -> bool,
    ) -> Result<Option<Closed>> {
        let Some(end) = self.next_end().filter(|end| *end <= until) else { return Ok(None) };
        let Some(window) = self.open.remove(&end) else { return Ok(None) };
        let start = end - self.spec.size;
        self.moment.set(start, end, is_whole(start, end));
        let execution = match window {
            Window::At(execution) => execution,
            Window::Held(held) => {
                let mut execution = self.plan.begin()?;
                for (leaf, rows) in held {
                    execution.feed(&leaf, &rows).await?;
                }
                execution
            }
        };
        Ok(Some(Closed { end, results: execution.finish().await? }))
    }
}
