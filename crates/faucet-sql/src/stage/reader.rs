//! From the records of an input to rows.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array,
};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use faucet_core::{Out, Scope, StreamPage};

use crate::engine::{Hidden, Query, RECEIVED_AT, ROW_TIME};
use crate::rows::{Decoded, Decoder};
use crate::stage::casts::{Uncastable, cast, read_rows};
use crate::stage::input::{InputPlan, OnBadRow, TimeColumn};
use crate::stage::row_times::time_of;

/// The reason under which rows are counted that were left out.
const SKIPPED: &str = "bad_row";

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
    places: Option<Vec<usize>>,
}

impl Rows {
    /// The place of a row in the page.
    pub(crate) fn place(&self, row: usize) -> usize {
        self.places.as_ref().map_or(row, |places| places[row])
    }

    /// Keeps the rows for which `keep` holds.
    fn retain(&mut self, keep: impl Fn(usize) -> bool) -> Result<()> {
        let kept: Vec<usize> = (0..self.batch.num_rows()).filter(|row| keep(*row)).collect();
        let rows: UInt32Array = kept.iter().map(|row| *row as u32).collect();
        self.batch = take_record_batch(&self.batch, &rows)?;
        self.places = Some(kept.iter().map(|row| self.place(*row)).collect());
        let of = |times: &[i64]| {
            // Without times of their own rows have none yet.
            if times.is_empty() { Vec::new() } else { kept.iter().map(|row| times[*row]).collect() }
        };
        (self.received, self.times) = (of(&self.received), of(&self.times));
        Ok(())
    }
}

/// What a page is read for.
pub(crate) struct Page<'a> {
    pub(crate) page: &'a StreamPage,
    pub(crate) scope: &'a Scope,
    pub(crate) out: &'a mut Out,
}

/// Reads the records of an input.
pub(crate) struct Reader {
    plan: InputPlan,
    decoder: Decoder,
    hidden: Hidden,
    schema: SchemaRef,
    /// Says which rows the query reads, where casts were taken out of it.
    guard: Option<Query>,
    /// The statement, where it has a place in a script.
    label: Option<Arc<str>>,
    /// How many records the input has brought, and how many of them before the last page.
    read: u64,
    before: u64,
}

impl Reader {
    pub(crate) fn new(
        plan: InputPlan,
        hidden: Hidden,
        guard: Option<Query>,
        label: Option<Arc<str>>,
    ) -> Self {
        let decoder = Decoder::new(plan.format, &plan.columns);
        let visible = decoder.schema().fields().iter().take(plan.visible).map(Arc::clone);
        let field = |name| Arc::new(Field::new(name, DataType::Int64, false));
        let casts = plan.casts.iter().map(|(_, cast)| Arc::new(cast.to.field(&cast.name)));
        let fields = (visible.chain(casts))
            .chain(hidden.row_time.then(|| field(ROW_TIME)))
            .chain(hidden.received_at.then(|| field(RECEIVED_AT)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { plan, decoder, hidden, schema, guard, label, read: 0, before: 0 }
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.plan.name)
    }

    /// The good rows of a page. The others are rejected or counted.
    ///
    /// # Errors
    /// The WHERE of the query failed.
    pub(crate) async fn read(&mut self, mut at: Page<'_>) -> Result<Rows> {
        self.before = self.read;
        self.read += at.page.len() as u64;
        let Decoded { batch, times: received, bad } = self.decoder.decode(at.page);
        let places = (!bad.is_empty()).then(|| {
            let mut bad = bad.iter().map(|(place, _)| *place).peekable();
            (0..at.page.len()).filter(|row| bad.next_if_eq(row).is_none()).collect()
        });
        for (place, why) in bad {
            self.refuse(&mut at, place, &why.to_string());
        }
        let mut rows = Rows { batch, times: Vec::new(), received, places };
        match self.plan.time {
            None => rows.times.clone_from(&rows.received),
            Some(time) => self.timed(&mut rows, time, &mut at)?,
        }
        let casts = self.casts(&mut rows, &mut at).await?;
        self.finished(rows, casts)
    }

    /// The rows with the columns that the query reads and the hidden ones.
    fn finished(&self, rows: Rows, casts: Vec<ArrayRef>) -> Result<Rows> {
        let mut columns: Vec<ArrayRef> = rows.batch.columns()[..self.plan.visible].to_vec();
        columns.extend(casts);
        let column = |times: &Vec<i64>| Arc::new(Int64Array::from(times.clone())) as ArrayRef;
        columns.extend(self.hidden.row_time.then(|| column(&rows.times)));
        columns.extend(self.hidden.received_at.then(|| column(&rows.received)));
        // A query such as `SELECT COUNT(*)` reads no column.
        let options = RecordBatchOptions::new().with_row_count(Some(rows.batch.num_rows()));
        let schema = Arc::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        Ok(Rows { batch, ..rows })
    }

    /// Gives the rows their times, and takes out those that have none.
    fn timed(&self, rows: &mut Rows, time: TimeColumn, at: &mut Page<'_>) -> Result<()> {
        let column = Arc::clone(rows.batch.column(time.column));
        let found: Vec<Option<i64>> =
            (0..column.len()).map(|row| time_of(&column, row, time.unit)).collect();
        let name = &self.plan.columns[time.column].name;
        for (row, _) in found.iter().enumerate().filter(|(_, time)| time.is_none()) {
            let why = match column.is_null(row) {
                true => format!("the column `{name}` of the time is NULL"),
                false => format!("the column `{name}` holds no time"),
            };
            self.refuse(at, rows.place(row), &why);
        }
        if found.contains(&None) {
            rows.retain(|row| found[row].is_some())?;
        }
        rows.times = found.into_iter().flatten().collect();
        Ok(())
    }

    /// Makes the casts, and takes out the rows that cannot be cast and that the query reads.
    async fn casts(&self, rows: &mut Rows, at: &mut Page<'_>) -> Result<Vec<ArrayRef>> {
        let (columns, failed) = cast(&rows.batch, &self.plan.casts)?;
        if failed.is_empty() {
            return Ok(columns);
        }
        let refused: Vec<Uncastable> = match &self.guard {
            None => failed,
            Some(guard) => {
                let visible: Vec<usize> = (0..self.plan.visible).collect();
                let read =
                    read_rows(guard, &self.plan.name, &rows.batch.project(&visible)?).await?;
                failed.into_iter().filter(|failed| read.contains(&failed.row)).collect()
            }
        };
        if refused.is_empty() {
            return Ok(columns);
        }
        for Uncastable { row, why } in &refused {
            self.refuse(at, rows.place(*row), why);
        }
        rows.retain(|row| refused.binary_search_by_key(&row, |refused| refused.row).is_err())?;
        Ok(cast(&rows.batch, &self.plan.casts)?.0)
    }

    /// Rejects or counts the record at `place` of the page.
    pub(crate) fn refuse(&self, at: &mut Page<'_>, place: usize, why: &str) {
        match self.plan.on_bad_row {
            OnBadRow::Skip => at.scope.counters().skip(SKIPPED, 1),
            OnBadRow::Fail => {
                let Some(record) = at.page.range(place..place + 1).next() else { return };
                let row = self.before + place as u64 + 1;
                let why = format!("row {row} of {}: {why}", self.plan.name);
                let why = match &self.label {
                    Some(label) => format!("{label}: {why}"),
                    None => why,
                };
                at.out.reject(record.to_record(), why);
            }
        }
    }
}
