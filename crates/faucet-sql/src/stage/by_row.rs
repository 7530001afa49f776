//! What a query computes for each row by itself.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};

use crate::engine::RowPart;
use crate::stage::failed::reason;

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

    /// Computes the parts for rows of `stream`. Where a part fails, the rows are cut in two until the one is found
    /// for which it fails; the row is left out.
    ///
    /// # Errors
    /// A part fails, and not because of a row.
    pub(crate) async fn compute(&self, stream: &Arc<str>, batch: &RecordBatch) -> Result<Computed> {
        let mut computed = Computed::default();
        let mut todo: Vec<Range<usize>> = Vec::from([Range { start: 0, end: batch.num_rows() }]);
        while let Some(rows) = todo.pop() {
            match self.results(stream, &batch.slice(rows.start, rows.len())).await {
                Ok(results) => {
                    computed.rows.extend(results);
                    computed.good += rows.len();
                }
                Err(error) if is_out_of_memory(&error) => return Err(error),
                Err(error) if rows.len() == 1 => {
                    computed.failing.push((rows.start, reason(&error)));
                }
                // The results of the halves are kept: `a AND b` computes `b` for rows whose `a` is false, unless `a`
                // is false for all of them.
                Err(_) => {
                    let middle = rows.start + rows.len() / 2;
                    todo.push(middle..rows.end);
                    todo.push(rows.start..middle);
                }
            }
        }
        Ok(computed)
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
}

fn is_out_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}
