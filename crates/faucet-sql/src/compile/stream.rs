//! A stream as a query sees it.

use std::sync::Arc;

use crate::rows::Format;
use crate::schema::{Column, ColumnType};
use crate::stage::{OnBadRow, TimeUnit};

/// A stream as a query sees it.
#[derive(Debug, Clone)]
pub(crate) struct StreamDecl {
    pub(crate) name: Arc<str>,
    pub(crate) columns: Vec<Column>,
    pub(crate) format: Format,
    pub(crate) on_bad_row: OnBadRow,
    pub(crate) time: Option<TimeDecl>,
}

/// The event time of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeDecl {
    /// The place of the column among those of the stream.
    pub(crate) column: usize,
    pub(crate) unit: TimeUnit,
    /// How long a window waits for rows that are late, in milliseconds of event time.
    pub(crate) lateness: i64,
    /// How long no row comes before event time goes on with the clock, in milliseconds.
    pub(crate) idle: i64,
}

impl TimeDecl {
    /// How long no row comes before event time goes on with the clock, unless the stream says otherwise.
    pub(crate) const IDLE: i64 = 10_000;
}

impl StreamDecl {
    /// A stream whose records are JSON.
    pub(crate) fn json(name: &str, columns: Vec<Column>) -> Self {
        Self {
            name: name.into(),
            columns,
            format: Format::Json,
            on_bad_row: OnBadRow::Fail,
            time: None,
        }
    }

    /// Why the columns do not fit the format, if they do not.
    pub(crate) fn misfit(&self) -> Option<String> {
        let wanted = match self.format {
            Format::Json => return None,
            Format::Text => ColumnType::String,
            Format::Bytes => ColumnType::Bytes,
        };
        match &self.columns[..] {
            [column] if column.kind == wanted => None,
            _ => Some(format!(
                "a stream of the format `{}` has one column, of the type {wanted}",
                self.format
            )),
        }
    }
}
