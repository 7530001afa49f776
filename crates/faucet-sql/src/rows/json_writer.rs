//! How the JSON encoder writes the types for which it has another or no text.

use std::sync::Arc;

use arrow_json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use datafusion::arrow::array::{Array, ArrayAccessor, AsArray, UnionArray};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::arrow::error::ArrowError;
use faucet_core::json;

use crate::rows::lines::Lines;
use crate::schema::is_object;

/// NULL is `null`, and the types that [`Writers`] knows are written by it.
pub(super) fn options() -> EncoderOptions {
    EncoderOptions::default().with_explicit_nulls(true).with_encoder_factory(Arc::new(Writers))
}

/// Writes OBJECT as the JSON text that it is, BYTES as base64, and a union as the value that it holds.
#[derive(Debug)]
struct Writers;

impl EncoderFactory for Writers {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Utf8 if is_object(field) => Box::new(Verbatim::new(array.as_string::<i32>())),
            DataType::LargeUtf8 if is_object(field) => {
                Box::new(Verbatim::new(array.as_string::<i64>()))
            }
            DataType::Utf8View if is_object(field) => {
                Box::new(Verbatim::new(array.as_string_view()))
            }
            DataType::Binary => Box::new(Base64(array.as_binary::<i32>())),
            DataType::LargeBinary => Box::new(Base64(array.as_binary::<i64>())),
            DataType::BinaryView => Box::new(Base64(array.as_binary_view())),
            DataType::FixedSizeBinary(_) => Box::new(Base64(array.as_fixed_size_binary())),
            DataType::Union(fields, _) => {
                let union = array.as_union();
                let children = fields.iter().map(|(id, field)| {
                    Ok((id, make_encoder(field, union.child(id).as_ref(), options)?))
                });
                let children = children.collect::<Result<_, ArrowError>>()?;
                Box::new(Union { union, children })
            }
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

/// JSON text. Text that is no JSON value, which only a cast makes, becomes a string: it must not end the
/// member and begin another.
struct Verbatim<A> {
    texts: A,
    /// Whether all texts are known to be JSON.
    are_json: bool,
}

impl<'a, A: ArrayAccessor<Item = &'a str>> Verbatim<A> {
    fn new(texts: A) -> Self {
        let mut lines = Lines::default();
        let mut valid = (0..texts.len()).filter(|index| texts.is_valid(*index));
        let all = valid.try_for_each(|index| {
            lines.push(|out| out.extend_from_slice(texts.value(index).as_bytes()))
        });
        Self { texts, are_json: all.is_ok() && lines.are_json() }
    }
}

impl<'a, A: ArrayAccessor<Item = &'a str>> Encoder for Verbatim<A> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let text = self.texts.value(index);
        if self.are_json || json::check(text.as_bytes()).is_ok() {
            out.extend_from_slice(text.as_bytes());
        } else {
            out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
        }
    }
}

/// Bytes as a string.
struct Base64<A>(A);

impl<'a, A: ArrayAccessor<Item = &'a [u8]>> Encoder for Base64<A> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let bytes = self.0.value(index);
        out.push(b'"');
        let from = out.len();
        out.resize(from + bytes.len().div_ceil(3) * 4, 0);
        let written = STANDARD.encode_slice(bytes, &mut out[from..]).unwrap_or_default();
        out.truncate(from + written);
        out.push(b'"');
    }
}

/// Values of several types, such as those that `->` finds in an OBJECT.
struct Union<'a> {
    union: &'a UnionArray,
    children: Vec<(i8, NullableEncoder<'a>)>,
}

impl Encoder for Union<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let (id, at) = (self.union.type_id(index), self.union.value_offset(index));
        match self.children.iter_mut().find(|(child, _)| *child == id) {
            Some((_, child)) if !child.is_null(at) => child.encode(at, out),
            _ => out.extend_from_slice(b"null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use datafusion::arrow::array::{
        ArrayRef, BinaryArray, BinaryViewArray, Date32Array, Decimal128Array, DictionaryArray,
        FixedSizeBinaryArray, Float64Array, Int64Array, LargeBinaryArray, LargeStringArray,
        ListArray, NullArray, StringArray, StringViewArray, StructArray, TimestampMillisecondArray,
    };
    use datafusion::arrow::datatypes::{Field, Int32Type, UnionFields};

    use super::*;
    use crate::schema::ColumnType;

    const BYTES: [Option<&[u8]>; 3] = [Some(b"\xff\x00a"), None, Some(b"")];

    fn column(array: impl Array + 'static) -> (Field, ArrayRef) {
        (Field::new("c", array.data_type().clone(), true), Arc::new(array))
    }

    fn object(array: impl Array + 'static) -> (Field, ArrayRef) {
        let (field, array) = column(array);
        let metadata = ColumnType::Object.field("c").metadata().clone();
        (field.with_metadata(metadata), array)
    }

    /// The JSON texts of the values of a column.
    fn values((field, array): (Field, ArrayRef)) -> Vec<String> {
        let rows = StructArray::from(vec![(Arc::new(field), array)]);
        let field = Arc::new(Field::new("", rows.data_type().clone(), false));
        let options = options();
        let mut encoder = make_encoder(&field, &rows, &options).unwrap();
        let mut value = |row| {
            let mut out = Vec::new();
            encoder.encode(row, &mut out);
            let text = String::from_utf8(out).unwrap();
            text.strip_prefix("{\"c\":").unwrap().strip_suffix('}').unwrap().to_owned()
        };
        (0..rows.len()).map(&mut value).collect()
    }

    #[test]
    fn objects_are_written_byte_for_byte() {
        let texts = ["{\"a\" :\n[0.10, 1E400,101027219534255757415994639]}", "\"x\"", "null"];
        let given = || texts.map(Some).into_iter().chain([None]);
        let expected = [texts[0], texts[1], texts[2], "null"];
        assert_eq!(values(object(given().collect::<StringArray>())), expected);
        assert_eq!(values(object(given().collect::<LargeStringArray>())), expected);
        assert_eq!(values(object(given().collect::<StringViewArray>())), expected);
        let dictionary: DictionaryArray<Int32Type> = given().collect();
        assert_eq!(values(object(dictionary)), expected);
        // What the functions of JSON mark as JSON is JSON.
        let (field, array) = column(StringArray::from(vec!["[1]"]));
        let marked = HashMap::from([("ARROW:extension:name".into(), "arrow.json".into())]);
        assert_eq!(values((field.with_metadata(marked), array)), ["[1]"]);
    }

    #[test]
    fn text_that_is_no_json_cannot_leave_its_member() {
        let texts = StringArray::from(vec!["1,\"x\":2", "1}{", "", "\u{2028}"]);
        assert_eq!(values(object(texts)), [r#""1,\"x\":2""#, r#""1}{""#, r#""""#, "\"\u{2028}\""]);
    }

    #[test]
    fn bytes_are_base64() {
        let expected = ["\"/wBh\"", "null", "\"\""];
        assert_eq!(values(column(BYTES.into_iter().collect::<BinaryArray>())), expected);
        assert_eq!(values(column(BYTES.into_iter().collect::<LargeBinaryArray>())), expected);
        assert_eq!(values(column(BYTES.into_iter().collect::<BinaryViewArray>())), expected);
        let fixed = FixedSizeBinaryArray::try_from_iter([b"\xff\x00a"].into_iter()).unwrap();
        assert_eq!(values(column(fixed)), ["\"/wBh\""]);
    }

    #[test]
    fn other_types() {
        for (column, expected) in [
            (
                column(Float64Array::from(vec![0.1, f64::NAN, f64::INFINITY, 12.0])),
                &["0.1", "null", "null", "12.0"][..],
            ),
            (column(NullArray::new(1)), &["null"]),
            (column(Date32Array::from(vec![19_000])), &["\"2022-01-08\""]),
            (
                column(TimestampMillisecondArray::from(vec![Some(1_732_550_400_123), None])),
                &["\"2024-11-25T16:00:00.123\"", "null"],
            ),
            (
                column(Decimal128Array::from(vec![1230]).with_precision_and_scale(9, 2).unwrap()),
                &["12.30"],
            ),
            (
                column(ListArray::from_iter_primitive::<Int32Type, _, _>([
                    Some(vec![Some(1), None]),
                    None,
                ])),
                &["[1,null]", "null"],
            ),
            (
                column(StringViewArray::from(vec![Some("a\n\"b\""), None, Some("")])),
                &[r#""a\n\"b\"""#, "null", "\"\""],
            ),
        ] {
            assert_eq!(values(column), expected);
        }
    }

    #[test]
    fn a_union_is_written_as_the_value_that_it_holds() {
        let marked = HashMap::from([("ARROW:extension:name".into(), "arrow.json".into())]);
        let fields = [
            Field::new("null", DataType::Null, true),
            Field::new("int", DataType::Int64, true),
            Field::new("str", DataType::Utf8, true),
            Field::new("array", DataType::Utf8, true).with_metadata(marked),
        ];
        let fields = UnionFields::try_new(0..4, fields).unwrap();
        let children: Vec<ArrayRef> = vec![
            Arc::new(NullArray::new(5)),
            Arc::new(Int64Array::from(vec![None, Some(7), None, None, None])),
            Arc::new(StringArray::from(vec![None, None, Some("[1]"), None, None])),
            Arc::new(StringArray::from(vec![None, None, None, Some("[1]"), None])),
        ];
        let union =
            UnionArray::try_new(fields, vec![0, 1, 2, 3, 2].into(), None, children).unwrap();
        assert_eq!(values(column(union)), ["null", "7", "\"[1]\"", "[1]", "null"]);
    }
}
