//! From the records of an input to rows.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use faucet_core::{Out, Scope, StreamPage};

use crate::engine::{Hidden, RECEIVED_AT, ROW_TIME};
use crate::rows::{Decoded, Decoder};
use crate::stage::input::{InputPlan, OnBadRow, TimeColumn};
use crate::stage::row_times::time_of;
use crate::stage::rows::{Refused, Rows, take};

/// The reason under which rows are counted that were left out.
const SKIPPED: &str = "bad_row";

/// Reads the records of an input.
pub(crate) struct Reader {
    plan: InputPlan,
    decoder: Decoder,
    hidden: Hidden,
    schema: SchemaRef,
    /// The statement, where it has a place in a script.
    label: Option<Arc<str>>,
    /// How many records the input has brought, and how many of them before the last page.
    read: u64,
    before: u64,
}

impl Reader {
    pub(crate) fn new(plan: InputPlan, hidden: Hidden, label: Option<Arc<str>>) -> Self {
        let decoder = Decoder::new(plan.format, &plan.columns);
        let visible = decoder.schema().fields().iter().take(plan.visible).map(Arc::clone);
        let field = |name| Arc::new(Field::new(name, DataType::Int64, false));
        let fields = visible
            .chain(hidden.row_time.then(|| field(ROW_TIME)))
            .chain(hidden.received_at.then(|| field(RECEIVED_AT)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { plan, decoder, hidden, schema, label, read: 0, before: 0 }
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.plan.name)
    }

    /// The good rows of a page, and the others.
    ///
    /// # Errors
    /// Arrow cannot put the rows together.
    pub(crate) fn read(&mut self, page: &StreamPage) -> Result<(Rows, Vec<Refused>)> {
        self.before = self.read;
        self.read += page.len() as u64;
        let Decoded { batch, times: received, bad } = self.decoder.decode(page);
        let places = (!bad.is_empty()).then(|| {
            let mut bad = bad.iter().map(|(place, _)| *place).peekable();
            (0..page.len()).filter(|row| bad.next_if_eq(row).is_none()).collect()
        });
        let bad = bad.into_iter().map(|(place, why)| Refused { place, why: why.to_string() });
        let mut refused: Vec<Refused> = bad.collect();
        let mut rows = Rows { batch, times: Vec::new(), received, places };
        match self.plan.time {
            None => rows.times.clone_from(&rows.received),
            Some(time) => rows = self.timed(rows, time, &mut refused)?,
        }
        Ok((self.finished(rows)?, refused))
    }

    /// The rows with the columns that the query reads and the hidden ones.
    fn finished(&self, rows: Rows) -> Result<Rows> {
        let mut columns: Vec<ArrayRef> = rows.batch.columns()[..self.plan.visible].to_vec();
        let column = |times: &Vec<i64>| Arc::new(Int64Array::from(times.clone())) as ArrayRef;
        columns.extend(self.hidden.row_time.then(|| column(&rows.times)));
        columns.extend(self.hidden.received_at.then(|| column(&rows.received)));
        // A query such as `SELECT COUNT(*)` reads no column.
        let options = RecordBatchOptions::new().with_row_count(Some(rows.batch.num_rows()));
        let schema = Arc::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        Ok(Rows { batch, ..rows })
    }

    /// The rows with their times, without those that have none.
    fn timed(&self, mut rows: Rows, time: TimeColumn, refused: &mut Vec<Refused>) -> Result<Rows> {
        let column = Arc::clone(rows.batch.column(time.column));
        let found: Vec<Option<i64>> =
            (0..column.len()).map(|row| time_of(&column, row, time.unit)).collect();
        let name = &self.plan.columns[time.column].name;
        for (row, _) in found.iter().enumerate().filter(|(_, time)| time.is_none()) {
            let why = match column.is_null(row) {
                true => format!("the column `{name}` of the time is NULL"),
                false => format!("the column `{name}` holds no time"),
            };
            refused.push(Refused { place: rows.place(row), why });
        }
        if found.contains(&None) {
            let kept: Vec<usize> = (0..found.len()).filter(|row| found[*row].is_some()).collect();
            rows = Rows {
                batch: take(&rows.batch, kept.iter().map(|row| *row as u32).collect())?,
                times: Vec::new(),
                received: kept.iter().map(|row| rows.received[*row]).collect(),
                places: Some(kept.iter().map(|row| rows.place(*row)).collect()),
            };
        }
        rows.times = found.into_iter().flatten().collect();
        Ok(rows)
    }

    /// Rejects or counts records of the page.
    pub(crate) fn refuse(
        &self,
        mut refused: Vec<Refused>,
        page: &StreamPage,
        scope: &Scope,
        out: &mut Out,
    ) {
        if self.plan.on_bad_row == OnBadRow::Skip {
            return scope.counters().skip(SKIPPED, refused.len() as u64);
        }
        refused.sort_by_key(|refused| refused.place);
        for Refused { place, why } in refused {
            let Some(record) = page.range(place..place + 1).next() else { continue };
            let row = self.before + place as u64 + 1;
            let why = format!("row {row} of {}: {why}", self.plan.name);
            let why = match &self.label {
                Some(label) => format!("{label}: {why}"),
                None => why,
            };
            out.reject(record.to_record(), why);
        }
    }
}
