//! Casts that are made before a query sees the rows.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, Int64Array, RecordBatch};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result;

use crate::engine::{Cast, Query, ROW};

/// A row that cannot be cast.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Uncastable {
    /// The place of the row in the batch.
    pub(crate) row: usize,
    pub(crate) why: String,
}

/// The most characters of a value in a message.
const EXCERPT: usize = 40;

/// Casts columns of `batch`. A value that cannot be cast becomes NULL, and its row is among the second result.
///
/// # Errors
/// There is no such cast.
pub(crate) fn cast(
    batch: &RecordBatch,
    casts: &[(usize, Cast)],
) -> Result<(Vec<ArrayRef>, Vec<Uncastable>)> {
    let mut columns = Vec::with_capacity(casts.len());
    let mut failed: Vec<Uncastable> = Vec::new();
    for (place, cast) in casts {
        let column = batch.column(*place);
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let made = cast_with_options(column, &cast.to.arrow(), &options)?;
        if made.null_count() > column.null_count() {
            let shown = ArrayFormatter::try_new(column, &FormatOptions::default())?;
            let is_lost = |row: &usize| column.is_valid(*row) && made.is_null(*row);
            failed.extend((0..batch.num_rows()).filter(is_lost).map(|row| {
                let value: String = shown.value(row).to_string().chars().take(EXCERPT).collect();
                let (column, to) = (&cast.column, cast.to);
                let why = format!("CAST({column} AS {to}) fails for `{}`", value.escape_debug());
                Uncastable { row, why }
            }));
        }
        columns.push(made);
    }
    failed.sort_by_key(|failed| failed.row);
    failed.dedup_by_key(|failed| failed.row);
    Ok((columns, failed))
}

/// The rows of `batch` that the query reads: WHERE leaves out the others.
///
/// # Errors
/// WHERE failed.
pub(crate) async fn read_rows(
    guard: &Query,
    name: &str,
    batch: &RecordBatch,
) -> Result<HashSet<usize>> {
    let rows = Int64Array::from_iter_values(0..batch.num_rows() as i64);
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(ROW, DataType::Int64, false)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(rows));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    let mut execution = guard.begin()?;
    execution.feed(name, &batch).await?;
    let results = execution.finish().await?;
    let rows = results.iter().flat_map(|rows| rows.column(0).as_primitive::<Int64Type>().values());
    Ok(rows.filter_map(|row| usize::try_from(*row).ok()).collect())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Float64Array, StringArray};

    use super::*;
    use crate::schema::ColumnType;

    #[test]
    fn a_value_that_cannot_be_cast_is_named_and_becomes_null() {
        let texts = StringArray::from(vec![Some("1.5"), Some("x\n"), None, Some("2")]);
        let batch = RecordBatch::try_from_iter([("p", Arc::new(texts) as ArrayRef)]).unwrap();
        let to = ColumnType::Double;
        let casts = [(0, Cast { column: "p".into(), to, name: "__cast_0".into() })];
        let (columns, failed) = cast(&batch, &casts).unwrap();
        let expected = Float64Array::from(vec![Some(1.5), None, None, Some(2.0)]);
        assert_eq!(columns[0].as_primitive(), &expected);
        assert_eq!(
            failed,
            [Uncastable { row: 1, why: "CAST(p AS DOUBLE) fails for `x\\n`".into() }]
        );
    }
}
