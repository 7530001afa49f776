//! Why a result cannot be written.

use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use faucet_core::json::JsonError;

use crate::rows::Format;

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
    #[error("the result has two columns named `{column}`: rename one of them with AS")]
    SameName { column: String },
    #[error("the result has a column that cannot be written as JSON")]
    NoJson(#[source] ArrowError),
    #[error("a row cannot be written as JSON")]
    BadJson(#[source] JsonError),
    #[error("a row has more than 4 GiB as JSON")]
    TooLong,
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
