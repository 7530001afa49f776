//! Rows of a page.

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::error::Result;

/// A row that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The place of the row in its page.
    pub(crate) place: usize,
    pub(crate) why: String,
}

/// Rows of a page.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The columns that the query reads, and the hidden ones.
    pub(crate) batch: RecordBatch,
    /// The time of each row.
    pub(crate) times: Vec<i64>,
    /// When each row was received.
    pub(crate) received: Vec<i64>,
    /// The places of the rows in the page. `None`: all of them, in order.
    pub(crate) places: Option<Vec<usize>>,
}

impl Rows {
    /// The place of a row in the page.
    pub(crate) fn place(&self, row: usize) -> usize {
        self.places.as_ref().map_or(row, |places| places[row])
    }
}

/// These rows of a batch.
///
/// # Errors
/// Arrow cannot take them.
pub(crate) fn take(batch: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch> {
    match batch.num_columns() {
        // A query such as `SELECT COUNT(*)` reads no column.
        0 => Ok(batch.slice(0, rows.len())),
        _ => Ok(take_record_batch(batch, &UInt32Array::from(rows))?),
    }
}
