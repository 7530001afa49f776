//! From the records of an input to rows.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array,
};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use faucet_core::{Out, Scope, StreamPage};

use crate::engine::{Hidden, RECEIVED_AT, ROW_TIME};
use crate::rows::{Decoded, Decoder};
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
    pub(crate) places: Option<Vec<usize>>,
}

impl Rows {
    /// The place of a row in the page.
    pub(crate) fn place(&self, row: usize) -> usize {
        self.places.as_ref().map_or(row, |places| places[row])
    }
}

/// Reads the records of an input.
pub(crate) struct Reader {
    plan: InputPlan,
    /// The statement, where it has a place in a script.
    label: Option<Arc<str>>,
    decoder: Decoder,
    hidden: Hidden,
    schema: SchemaRef,
    /// How many records the input has brought.
    read: u64,
    /// How many of them came before the page at work.
    before: u64,
}

impl Reader {
    pub(crate) fn new(plan: InputPlan, hidden: Hidden, label: Option<Arc<str>>) -> Self {
        let decoder = Decoder::new(plan.format, &plan.columns);
        let decoded = decoder.schema();
        let visible = decoded.fields().iter().take(plan.visible).map(Arc::clone);
        let field = |name| Arc::new(Field::new(name, DataType::Int64, false));
        let fields = visible
            .chain(hidden.row_time.then(|| field(ROW_TIME)))
            .chain(hidden.received_at.then(|| field(RECEIVED_AT)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { plan, label, decoder, hidden, schema, read: 0, before: 0 }
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.plan.name)
    }

    /// The good rows of a page. The others are rejected or counted.
    pub(crate) fn read(&mut self, page: &StreamPage, scope: &Scope, out: &mut Out) -> Rows {
        self.before = self.read;
        self.read += page.len() as u64;
        let Decoded { mut batch, times: mut received, bad } = self.decoder.decode(page);
        let mut places = (!bad.is_empty()).then(|| {
            let is_bad = |row: &usize| bad.iter().any(|(place, _)| place == row);
            (0..page.len()).filter(|row| !is_bad(row)).collect::<Vec<_>>()
        });
        for (place, why) in bad {
            self.refuse(page, place, &why.to_string(), scope, out);
        }
        let times = match self.plan.time {
            None => received.clone(),
            Some(time) => self.timed(&mut batch, &mut received, &mut places, time, page, scope, out),
        };
        let mut columns: Vec<ArrayRef> = batch.columns()[..self.plan.visible].to_vec();
        let column = |times: &Vec<i64>| Arc::new(Int64Array::from(times.clone())) as ArrayRef;
        columns.extend(self.hidden.row_time.then(|| column(&times)));
        columns.extend(self.hidden.received_at.then(|| column(&received)));
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .expect("the columns are those of the schema, and as long as each other");
        Rows { batch, times, received, places }
    }

    /// The times of the rows; rows without a time are taken out.
    #[expect(clippy::too_many_arguments)]
    fn timed(
        &self,
        batch: &mut RecordBatch,
        received: &mut Vec<i64>,
        places: &mut Option<Vec<usize>>,
        time: TimeColumn,
        page: &StreamPage,
        scope: &Scope,
        out: &mut Out,
    ) -> Vec<i64> {
        let column = Arc::clone(batch.column(time.column));
        let found: Vec<Option<i64>> =
            (0..batch.num_rows()).map(|row| time_of(&column, row, time.unit)).collect();
        if found.iter().all(Option::is_some) {
            return found.into_iter().flatten().collect();
        }
        let name = &self.plan.columns[time.column].name;
        let old = places.take().unwrap_or_else(|| (0..page.len()).collect());
        let mut kept = Vec::new();
        for (row, time) in found.iter().enumerate() {
            if time.is_some() {
                kept.push(row);
                continue;
            }
            let why = match column.is_null(row) {
                true => format!("the column `{name}` of the time is NULL"),
                false => format!("the column `{name}` holds no time"),
            };
            self.refuse(page, old[row], &why, scope, out);
        }
        let rows: UInt32Array = kept.iter().map(|row| *row as u32).collect();
        let taken = take_record_batch(batch, &rows);
        *batch = taken.expect("the rows are those of the batch");
        *received = kept.iter().map(|row| received[*row]).collect();
        *places = Some(kept.iter().map(|row| old[*row]).collect());
        kept.iter().filter_map(|row| found[*row]).collect()
    }

    /// Rejects or counts the record at `place` of the page.
    pub(crate) fn refuse(
        &self,
        page: &StreamPage,
        place: usize,
        why: &str,
        scope: &Scope,
        out: &mut Out,
    ) {
        match self.plan.on_bad_row {
            OnBadRow::Skip => scope.counters().skip(SKIPPED, 1),
            OnBadRow::Fail => {
                let Some(record) = page.range(place..place + 1).next() else { return };
                let row = self.before + place as u64 + 1;
                let label = self.label.iter().map(|label| format!("{label}: ")).collect::<String>();
                out.reject(record.to_record(), format!("{label}row {row} of {}: {why}", self.plan.name));
            }
        }
    }
}
