//! The times that rows bring.

use datafusion::arrow::array::{Array, AsArray as _};
use datafusion::arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type};

use crate::stage::input::TimeUnit;

/// The time in the row `row` of a column, in milliseconds since 1970. `None`: the row has none.
pub(crate) fn time_of(column: &dyn Array, row: usize, unit: TimeUnit) -> Option<i64> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Int64 => unit.millis(column.as_primitive::<Int64Type>().value(row)),
        DataType::Int32 => unit.millis(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Utf8 => {
            let nanos = string_to_timestamp_nanos(column.as_string::<i32>().value(row)).ok()?;
            TimeUnit::Nanos.millis(nanos)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int32Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn numbers_have_a_unit_and_texts_are_dates() {
        let numbers = Int64Array::from(vec![Some(1_700_000_000_123), None, Some(i64::MAX)]);
        for (row, unit, expected) in [
            (0, TimeUnit::Millis, Some(1_700_000_000_123)),
            (0, TimeUnit::Micros, Some(1_700_000_000)),
            (1, TimeUnit::Millis, None),
            (2, TimeUnit::Seconds, None),
        ] {
            assert_eq!(time_of(&numbers, row, unit), expected);
        }
        let seconds = Int32Array::from(vec![1_700_000_000]);
        assert_eq!(time_of(&seconds, 0, TimeUnit::Seconds), Some(1_700_000_000_000));
        let texts =
            StringArray::from(vec!["2023-11-14T22:13:20.123Z", "2023-11-14T23:13:20+01:00", "x"]);
        let of = |row| time_of(&texts, row, TimeUnit::Millis);
        assert_eq!((of(0), of(1), of(2)), (Some(1_700_000_000_123), Some(1_700_000_000_000), None));
    }
}
