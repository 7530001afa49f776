//! The open windows of a query.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::error::Result;

use crate::engine::{Execution, Query};
use crate::script::WindowSpec;
use crate::window::panes::{Rows, cut};

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
    query: Query,
    /// Whether the rows wait for the end of their window: the query says of each row whether the window is
    /// complete, and nobody knows before.
    holds: bool,
    open: BTreeMap<i64, Window>,
}

/// These rows of a batch, which has no columns where the query reads none, as in `COUNT(*)`.
fn taken(batch: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch> {
    match batch.num_columns() {
        0 => Ok(batch.slice(0, rows.len())),
        _ => Ok(take_record_batch(batch, &UInt32Array::from(rows))?),
    }
}

enum Window {
    At(Execution),
    Held(Vec<(Arc<str>, RecordBatch)>),
}

impl Windows {
    pub(crate) fn new(spec: WindowSpec, query: Query, holds: bool) -> Self {
        Self { spec, query, holds, open: BTreeMap::new() }
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
        self.query.memory()
    }

    /// Puts rows of the stream `name` into their windows. `times` are those of the rows. Windows that end at
    /// `closed` or before take none. Returns how many rows a closed window would have taken.
    ///
    /// # Errors
    /// The query failed. The windows are not to be used any more.
    pub(crate) async fn push(
        &mut self,
        name: &Arc<str>,
        batch: &RecordBatch,
        times: &[i64],
        closed: i64,
    ) -> Result<u64> {
        let WindowSpec { size, slide } = self.spec;
        let mut late = 0;
        for (pane, rows) in cut(times, slide) {
            let last = pane.saturating_add(size);
            if last - size + slide <= closed {
                late += rows.len() as u64;
            }
            if last <= closed {
                continue;
            }
            let rows = match rows {
                Rows::Slice(range) => batch.slice(range.start, range.len()),
                Rows::Taken(rows) => taken(batch, rows)?,
            };
            let mut end = last;
            // The pane lies in all windows that begin at most `size` before its end.
            while end > pane && end > closed {
                self.feed(end, name, &rows).await?;
                end -= slide;
            }
        }
        Ok(late)
    }

    async fn feed(&mut self, end: i64, name: &Arc<str>, rows: &RecordBatch) -> Result<()> {
        let window = match self.open.entry(end) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => free.insert(match self.holds {
                true => Window::Held(Vec::new()),
                false => Window::At(self.query.begin()?),
            }),
        };
        match window {
            Window::At(execution) => {
                self.query.moment().set(end - self.spec.size, end, false);
                execution.feed(name, rows).await
            }
            Window::Held(held) => {
                held.push((Arc::clone(name), rows.clone()));
                Ok(())
            }
        }
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
        self.query.moment().set(start, end, is_whole(start, end));
        let execution = match window {
            Window::At(execution) => execution,
            Window::Held(held) => {
                let mut execution = self.query.begin()?;
                for (name, rows) in held {
                    execution.feed(&name, &rows).await?;
                }
                execution
            }
        };
        Ok(Some(Closed { end, results: execution.finish().await? }))
    }
}
