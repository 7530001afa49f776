//! Batches of rows as records.

use std::sync::Arc;

use arrow_json::writer::{EncoderOptions, make_encoder};
use bytes::Bytes;
use datafusion::arrow::array::{Array as _, RecordBatch, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use faucet_core::json::JsonError;
use faucet_core::{PageBuilder, Payload, Record, Text, Timestamp};

use crate::rows::{Format, json_writer, single};

/// Makes records of batches.
#[derive(Debug)]
pub(crate) struct Encoder {
    format: Format,
    options: EncoderOptions,
}

/// Why a result cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("a record in the format `{format}` is one column, and the result has {columns}")]
    Columns { format: Format, columns: usize },
    #[error(
        "a record in the format `{format}` is a column of {}, and `{column}` is of the type {kind}",
        taken(*.format)
    )]
    WrongColumn { format: Format, column: String, kind: DataType },
    #[error("the result has a column that cannot be written as JSON")]
    NoJson(#[source] ArrowError),
    #[error("a row cannot be written as JSON")]
    BadJson(#[source] JsonError),
    #[error("a column of text or bytes cannot be read")]
    Unread(#[source] ArrowError),
}

/// What a record of a single column may be, as a phrase.
fn taken(format: Format) -> &'static str {
    match format {
        Format::Bytes => "BYTES or STRING",
        Format::Text | Format::Json => "STRING",
    }
}

impl Encoder {
    /// `schema`: of the query's result.
    ///
    /// # Errors
    /// Text and bytes take one column of their type; JSON takes all types but a few.
    pub(crate) fn new(format: Format, schema: &Schema) -> Result<Self, EncodeError> {
        let encoder = Self { format, options: json_writer::options() };
        if format == Format::Json {
            let none = RecordBatch::new_empty(Arc::new(schema.clone()));
            encoder.encode(&none, |_| Timestamp::from_unix_millis(0), &mut PageBuilder::new())?;
            return Ok(encoder);
        }
        let [field] = &schema.fields()[..] else {
            return Err(EncodeError::Columns { format, columns: schema.fields().len() });
        };
        let kind = field.data_type();
        if single::is_text(kind) || (format == Format::Bytes && single::is_bytes(kind)) {
            return Ok(encoder);
        }
        let (column, kind) = (field.name().clone(), kind.clone());
        Err(EncodeError::WrongColumn { format, column, kind })
    }

    /// Appends one record a row. `at(row)` is the time that the record gets. A JSON record has a member
    /// for each column in order, also for NULL. A record of text or bytes is empty for NULL: each row has
    /// its record.
    ///
    /// # Errors
    /// After an error `page` may have some of the records.
    pub(crate) fn encode(
        &self,
        batch: &RecordBatch,
        at: impl Fn(usize) -> Timestamp,
        page: &mut PageBuilder,
    ) -> Result<(), EncodeError> {
        page.reserve(batch.num_rows());
        match self.format {
            Format::Json => self.encode_json(batch, at, page),
            Format::Text => encode_single(batch, at, page, |bytes| {
                Payload::Text(Text::from_checked(bytes))
            }),
            Format::Bytes => encode_single(batch, at, page, Payload::Binary),
        }
    }

    fn encode_json(
        &self,
        batch: &RecordBatch,
        at: impl Fn(usize) -> Timestamp,
        page: &mut PageBuilder,
    ) -> Result<(), EncodeError> {
        let rows = StructArray::from(batch.clone());
        let field = Arc::new(Field::new("", rows.data_type().clone(), false));
        let mut encoder =
            make_encoder(&field, &rows, &self.options).map_err(EncodeError::NoJson)?;
        for row in 0..batch.num_rows() {
            let like = Record::new(Payload::Binary(Bytes::new()), at(row));
            page.push_json(&like.as_ref(), |out| encoder.encode(row, out))
                .map_err(EncodeError::BadJson)?;
        }
        Ok(())
    }
}

/// Appends one record for each value of the only column.
fn encode_single(
    batch: &RecordBatch,
    at: impl Fn(usize) -> Timestamp,
    page: &mut PageBuilder,
    payload: impl Fn(Bytes) -> Payload,
) -> Result<(), EncodeError> {
    let (bytes, ends) = single::join(batch.column(0)).map_err(EncodeError::Unread)?;
    let bytes = Bytes::from(bytes);
    let mut from = 0;
    for (row, end) in ends.into_iter().enumerate() {
        page.push(Record::new(payload(bytes.slice(from..end)), at(row)));
        from = end;
    }
    Ok(())
}
