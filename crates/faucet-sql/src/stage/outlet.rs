//! From rows to records.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, Schema};
use faucet_core::{Error, ErrorKind, Out, PageBuilder, Result};

use crate::engine::RECEIVED_AT;
use crate::rows::{EncodeError, Encoder, Format};
use crate::stage::clock::timestamp;

/// Emits rows as records.
pub(crate) struct Outlet {
    encoder: Encoder,
    /// The place of the hidden column that says when a row was received.
    received_at: Option<usize>,
    page: PageBuilder,
}

impl Outlet {
    /// An outlet for rows of `schema`, the last of whose columns may be hidden.
    ///
    /// # Errors
    /// The rows do not fit the format.
    pub(crate) fn new(format: Format, schema: &Schema) -> Result<Self, EncodeError> {
        let received_at = schema.index_of(RECEIVED_AT).ok();
        let fields = schema.fields().iter().enumerate();
        let visible = fields.filter(|(n, _)| Some(*n) != received_at);
        let shown = Schema::new(visible.map(|(_, field)| Arc::clone(field)).collect::<Vec<_>>());
        Ok(Self { encoder: Encoder::new(format, &shown)?, received_at, page: PageBuilder::new() })
    }

    /// Emits the rows. Those that do not say when they were received get the time `at`.
    ///
    /// # Errors
    /// A value that cannot be written.
    pub(crate) fn emit(&mut self, rows: &RecordBatch, at: i64, out: &mut Out) -> Result<()> {
        match self.received_at {
            None => self.encoder.encode(rows, |_| timestamp(at), &mut self.page),
            Some(column) => {
                let mut shown = rows.clone();
                let times = shown.remove_column(column);
                let times = times.as_primitive::<Int64Type>();
                self.encoder.encode(&shown, |row| timestamp(times.value(row)), &mut self.page)
            }
        }
        .map_err(|error| Error::new(ErrorKind::Other, error.to_string()))?;
        out.emit(self.page.take());
        Ok(())
    }
}
