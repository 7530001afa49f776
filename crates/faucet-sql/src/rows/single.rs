//! Results with a single column of text or bytes.

use std::borrow::Cow;

use datafusion::arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;

/// Whether a column of this type holds text.
pub(super) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        DataType::RunEndEncoded(_, values) => is_text(values.data_type()),
        _ => false,
    }
}

/// Whether a column of this type holds bytes.
pub(super) fn is_bytes(kind: &DataType) -> bool {
    match kind {
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => true,
        DataType::Dictionary(_, values) => is_bytes(values),
        DataType::RunEndEncoded(_, values) => is_bytes(values.data_type()),
        _ => false,
    }
}

/// The bytes of all values of a column of text or bytes, one behind the other, and where each ends.
/// NULL has no bytes.
pub(super) fn join(column: &ArrayRef) -> Result<(Vec<u8>, Vec<usize>), ArrowError> {
    let column = plain(column)?;
    let column = column.as_ref();
    Ok(match column.data_type() {
        DataType::Utf8 => joined(column.as_string::<i32>()),
        DataType::LargeUtf8 => joined(column.as_string::<i64>()),
        DataType::Utf8View => joined(column.as_string_view()),
        DataType::Binary => joined(column.as_binary::<i32>()),
        DataType::LargeBinary => joined(column.as_binary::<i64>()),
        DataType::BinaryView => joined(column.as_binary_view()),
        DataType::FixedSizeBinary(_) => joined(column.as_fixed_size_binary()),
        other => return Err(ArrowError::CastError(format!("{other} is neither text nor bytes"))),
    })
}

/// The column without a dictionary or runs.
fn plain(column: &ArrayRef) -> Result<Cow<'_, ArrayRef>, ArrowError> {
    match column.data_type() {
        DataType::Dictionary(_, values) => Ok(Cow::Owned(cast(column, values)?)),
        DataType::RunEndEncoded(_, values) => Ok(Cow::Owned(cast(column, values.data_type())?)),
        _ => Ok(Cow::Borrowed(column)),
    }
}

fn joined<A: ArrayAccessor>(column: A) -> (Vec<u8>, Vec<usize>)
where
    A::Item: AsRef<[u8]>,
{
    let rows = column.len();
    let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(rows));
    for row in 0..rows {
        if column.is_valid(row) {
            bytes.extend_from_slice(column.value(row).as_ref());
        }
        ends.push(bytes.len());
    }
    (bytes, ends)
}
