//! The cells of a column.

use std::sync::Arc;

use datafusion::arrow::array::builder::NullBufferBuilder;
use datafusion::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array,
    StringArray,
};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::ArrowNativeType;

use crate::rows::value::{self, Unfit};
use crate::schema::ColumnType;

/// Why a value is no cell of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The value is of another type.
    Unfit,
    /// Offsets of 32 bits do not reach the end of the column's bytes.
    NoRoom,
}

impl From<Unfit> for Refused {
    fn from(_: Unfit) -> Self {
        Self::Unfit
    }
}

/// The cells of a column, for one batch after the other.
#[derive(Debug)]
pub(super) struct Cells {
    kind: ColumnType,
    values: Values,
    valid: NullBufferBuilder,
}

/// The values of the cells. NULL has one too.
#[derive(Debug)]
enum Values {
    Int(Vec<i32>),
    Long(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bool(Vec<bool>),
    Bytes(Joined),
}

/// Values that are bytes, one behind the other.
#[derive(Debug)]
struct Joined {
    bytes: Vec<u8>,
    /// 0, and where each value ends.
    ends: Vec<i32>,
}

impl Cells {
    /// A column without cells.
    pub(super) fn new(kind: ColumnType) -> Self {
        let values = match kind {
            ColumnType::Int => Values::Int(Vec::new()),
            ColumnType::Long => Values::Long(Vec::new()),
            ColumnType::Float => Values::Float(Vec::new()),
            ColumnType::Double => Values::Double(Vec::new()),
            ColumnType::Bool => Values::Bool(Vec::new()),
            ColumnType::String | ColumnType::Object | ColumnType::Bytes => {
                Values::Bytes(Joined::new(0, 0))
            }
        };
        Self { kind, values, valid: NullBufferBuilder::new(0) }
    }

    /// The type of the column.
    pub(super) fn kind(&self) -> ColumnType {
        self.kind
    }

    /// Appends the cell of a JSON value without whitespace around it. `is_checked`: the value is part
    /// of text that was checked as JSON. After an error the column is as it was before.
    #[inline]
    pub(super) fn push_json(&mut self, json: &[u8], is_checked: bool) -> Result<(), Refused> {
        if json == b"null" {
            self.push_null();
            return Ok(());
        }
        match &mut self.values {
            Values::Bytes(joined) => match self.kind {
                ColumnType::Object => {
                    joined.push(|out| value::push_object(json, is_checked, out))?;
                }
                ColumnType::Bytes => joined.push(|out| value::push_base64(json, out))?,
                _ => joined.push(|out| value::push_text(json, out))?,
            },
            Values::Int(values) => values.push(value::number(json)?),
            Values::Long(values) => values.push(value::number(json)?),
            Values::Float(values) => values.push(value::number(json)?),
            Values::Double(values) => values.push(value::number(json)?),
            Values::Bool(values) => values.push(value::bool(json)?),
        }
        self.valid.append_non_null();
        Ok(())
    }

    /// Appends bytes as they are. A column of text takes UTF-8 only. After an error the column is as it
    /// was before.
    pub(super) fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let Values::Bytes(joined) = &mut self.values else { return Err(Refused::Unfit) };
        joined.push(|out| {
            out.extend_from_slice(bytes);
            Ok(())
        })?;
        self.valid.append_non_null();
        Ok(())
    }

    /// Appends NULL.
    #[inline]
    pub(super) fn push_null(&mut self) {
        match &mut self.values {
            Values::Int(values) => values.push(0),
            Values::Long(values) => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Double(values) => values.push(0.0),
            Values::Bool(values) => values.push(false),
            Values::Bytes(joined) => joined.ends.push(joined.end()),
        }
        self.valid.append_null();
    }

    /// Keeps the first `rows` cells.
    pub(super) fn truncate(&mut self, rows: usize) {
        match &mut self.values {
            Values::Int(values) => values.truncate(rows),
            Values::Long(values) => values.truncate(rows),
            Values::Float(values) => values.truncate(rows),
            Values::Double(values) => values.truncate(rows),
            Values::Bool(values) => values.truncate(rows),
            Values::Bytes(joined) => joined.truncate(rows),
        }
        self.valid.truncate(rows);
    }

    /// Hands over the cells, and begins a column of about as many.
    pub(super) fn finish(&mut self) -> ArrayRef {
        let valid = self.valid.finish();
        match &mut self.values {
            Values::Int(values) => Arc::new(Int32Array::new(scalars(values), valid)),
            Values::Long(values) => Arc::new(Int64Array::new(scalars(values), valid)),
            Values::Float(values) => Arc::new(Float32Array::new(scalars(values), valid)),
            Values::Double(values) => Arc::new(Float64Array::new(scalars(values), valid)),
            Values::Bool(values) => {
                let bits = BooleanBuffer::from(&values[..]);
                values.clear();
                Arc::new(BooleanArray::new(bits, valid))
            }
            Values::Bytes(joined) => joined.finish(self.kind, valid),
        }
    }
}

/// Takes the numbers and leaves room for about as many.
fn scalars<T: ArrowNativeType>(values: &mut Vec<T>) -> ScalarBuffer<T> {
    let next = Vec::with_capacity(values.len());
    std::mem::replace(values, next).into()
}

impl Joined {
    fn new(bytes: usize, values: usize) -> Self {
        let mut ends = Vec::with_capacity(values + 1);
        ends.push(0);
        Self { bytes: Vec::with_capacity(bytes), ends }
    }

    /// The end of the last value.
    #[inline]
    fn end(&self) -> i32 {
        self.ends.last().copied().unwrap_or_default()
    }

    /// Appends a value. `write` appends its bytes, or none and fails.
    #[inline]
    fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Unfit>,
    ) -> Result<(), Refused> {
        write(&mut self.bytes)?;
        let Ok(end) = i32::try_from(self.bytes.len()) else {
            self.bytes.truncate(usize::try_from(self.end()).unwrap_or_default());
            return Err(Refused::NoRoom);
        };
        self.ends.push(end);
        Ok(())
    }

    fn truncate(&mut self, values: usize) {
        self.ends.truncate(values + 1);
        self.bytes.truncate(usize::try_from(self.end()).unwrap_or_default());
    }

    fn finish(&mut self, kind: ColumnType, valid: Option<NullBuffer>) -> ArrayRef {
        let next = Self::new(self.bytes.len(), self.ends.len());
        let Self { bytes, ends } = std::mem::replace(self, next);
        let (bytes, ends) = (Buffer::from(bytes), OffsetBuffer::new(ends.into()));
        if kind == ColumnType::Bytes {
            Arc::new(BinaryArray::new(ends, bytes, valid))
        } else {
            Arc::new(StringArray::new(ends, bytes, valid))
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Array;
    use datafusion::arrow::util::display::array_value_to_string;

    use super::*;

    /// The cell of a JSON value as text; NULL is `None`.
    fn cell(kind: ColumnType, json: &str) -> Result<Option<String>, Refused> {
        let mut cells = Cells::new(kind);
        cells.push_json(json.as_bytes(), true)?;
        let array = cells.finish();
        assert_eq!((array.len(), array.data_type()), (1, &kind.arrow()));
        Ok(array.is_valid(0).then(|| array_value_to_string(&array, 0).unwrap()))
    }

    #[test]
    fn each_type_takes_its_values_and_no_others() {
        use ColumnType::{Bool, Bytes, Double, Float, Int, Long, Object, String};
        for (json, expected) in [
            ("true", [(String, "true"), (Bool, "true"), (Object, "true")].as_slice()),
            (
                "12",
                &[
                    (String, "12"),
                    (Int, "12"),
                    (Long, "12"),
                    (Float, "12.0"),
                    (Double, "12.0"),
                    (Object, "12"),
                ],
            ),
            ("1.5", &[(String, "1.5"), (Float, "1.5"), (Double, "1.5"), (Object, "1.5")]),
            (
                "2147483648",
                &[
                    (String, "2147483648"),
                    (Long, "2147483648"),
                    (Float, "2147483600.0"),
                    (Double, "2147483648.0"),
                    (Object, "2147483648"),
                ],
            ),
            (
                "9007199254740993",
                &[
                    (String, "9007199254740993"),
                    (Long, "9007199254740993"),
                    (Float, "9.007199e15"),
                    (Double, "9007199254740992.0"),
                    (Object, "9007199254740993"),
                ],
            ),
            ("1E400", &[(String, "1E400"), (Object, "1E400")]),
            ("\"x\"", &[(String, "x"), (Object, "\"x\"")]),
            ("\"YWJj\"", &[(String, "YWJj"), (Object, "\"YWJj\""), (Bytes, "616263")]),
            ("\"12\"", &[(String, "12"), (Object, "\"12\"")]),
            ("\"a\\n\"", &[(String, "a\n"), (Object, "\"a\\n\"")]),
            ("[0.10,\n1]", &[(Object, "[0.10,\n1]")]),
            ("{\"a\" : 0.10}", &[(Object, "{\"a\" : 0.10}")]),
        ] {
            for kind in ColumnType::ALL {
                let taken = expected.iter().find(|(taken, _)| *taken == kind);
                let expected = taken.map(|(_, text)| Some((*text).to_owned()));
                assert_eq!(cell(kind, json), expected.ok_or(Refused::Unfit), "{kind} {json}");
            }
        }
        for kind in ColumnType::ALL {
            assert_eq!(cell(kind, "null"), Ok(None), "{kind}");
        }
    }

    #[test]
    fn cells_are_taken_back() {
        for kind in ColumnType::ALL {
            let good = match kind {
                ColumnType::Bool => "true",
                ColumnType::Bytes => "\"YQ==\"",
                _ => "1",
            };
            let push = |cells: &mut Cells, json: &[&str]| {
                json.iter().for_each(|json| cells.push_json(json.as_bytes(), true).unwrap());
            };
            let mut cells = Cells::new(kind);
            push(&mut cells, &["null", good, good, "null"]);
            cells.truncate(2);
            cells.truncate(7);
            push(&mut cells, &[good]);
            let mut expected = Cells::new(kind);
            push(&mut expected, &["null", good, good]);
            assert_eq!(&cells.finish(), &expected.finish(), "{kind}");
            // The next column begins without cells.
            push(&mut cells, &[good]);
            assert_eq!(cells.finish().len(), 1);
            cells.truncate(0);
            assert_eq!(cells.finish().len(), 0);
        }
    }

    #[test]
    fn only_columns_of_bytes_take_bytes() {
        for kind in ColumnType::ALL {
            let takes = matches!(kind.arrow(), datafusion::arrow::datatypes::DataType::Utf8)
                || kind == ColumnType::Bytes;
            let pushed = Cells::new(kind).push_bytes(b"a");
            assert_eq!(pushed.is_ok(), takes, "{kind}");
        }
    }
}
