//! What a query computes for each row by itself.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::Result;

use crate::engine::RowPart;
use crate::stage::failed::reason;
use crate::stage::rows::take;

/// The parts of a query that look at each row by itself.
#[derive(Debug)]
pub(crate) struct ByRow(Vec<RowPart>);

/// Rows, as the rest of the query reads them.
#[derive(Debug, Default)]
pub(crate) struct Computed {
    /// The rows for each leaf of the rest.
    pub(crate) rows: Vec<(Arc<str>, RecordBatch)>,
    /// The rows for which a part fails, by their place in the batch, and why.
    pub(crate) failing: Vec<(usize, String)>,
    /// How many rows do not fail.
    pub(crate) good: usize,
}

impl ByRow {
    pub(crate) fn new(parts: Vec<RowPart>) -> Self {
        Self(parts)
    }

    /// Computes the parts for rows of `stream`. Rows for which a part fails are left out.
    ///
    /// # Errors
    /// A part fails, and not because of a row.
    pub(crate) async fn compute(&self, stream: &Arc<str>, batch: &RecordBatch) -> Result<Computed> {
        let failed = match self.results(stream, batch).await {
            Ok(rows) => return Ok(Computed { rows, failing: Vec::new(), good: batch.num_rows() }),
            Err(failed) => failed,
        };
        let failing = self.failing(stream, batch).await;
        if failing.is_empty() {
            return Err(failed);
        }
        let is_bad = |row: &usize| failing.binary_search_by_key(row, |(row, _)| *row).is_ok();
        let good = (0..batch.num_rows()).filter(|row| !is_bad(row)).map(|row| row as u32);
        let good = take(batch, good.collect())?;
        let rows = self.results(stream, &good).await?;
        Ok(Computed { rows, failing, good: good.num_rows() })
    }

    async fn results(
        &self,
        stream: &Arc<str>,
        batch: &RecordBatch,
    ) -> Result<Vec<(Arc<str>, RecordBatch)>> {
        if self.0.is_empty() {
            return Ok(vec![(Arc::clone(stream), batch.clone())]);
        }
        let mut results = Vec::new();
        for part in self.0.iter().filter(|part| part.reads(stream)) {
            let mut execution = part.plan.begin()?;
            execution.feed(stream, batch).await?;
            let rows = execution.finish().await?.into_iter();
            results.extend(rows.map(|rows| (Arc::clone(&part.leaf), rows)));
        }
        Ok(results)
    }

    /// The rows for which a part fails, in order, and why: the rows are cut in two where it does.
    async fn failing(&self, stream: &Arc<str>, batch: &RecordBatch) -> Vec<(usize, String)> {
        let mut failing = Vec::new();
        let mut todo: Vec<Range<usize>> = Vec::from([Range { start: 0, end: batch.num_rows() }]);
        while let Some(part) = todo.pop() {
            let rows = batch.slice(part.start, part.len());
            let Err(error) = self.results(stream, &rows).await else { continue };
            if part.len() < 2 {
                failing.push((part.start, reason(&error)));
                continue;
            }
            let middle = part.start + part.len() / 2;
            todo.push(middle..part.end);
            todo.push(part.start..middle);
        }
        failing
    }
}
