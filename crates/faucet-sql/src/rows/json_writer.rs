//! How the JSON encoder writes the types for which it has another or no text.

use std::sync::Arc;

use arrow_json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use datafusion::arrow::array::{Array, ArrayAccessor, AsArray, UnionArray};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::arrow::error::ArrowError;
use faucet_core::json;

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
            DataType::Utf8 if is_object(field) => Box::new(Verbatim(array.as_string::<i32>())),
            DataType::LargeUtf8 if is_object(field) => Box::new(Verbatim(array.as_string::<i64>())),
            DataType::Utf8View if is_object(field) => Box::new(Verbatim(array.as_string_view())),
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
struct Verbatim<A>(A);

impl<'a, A: ArrayAccessor<Item = &'a str>> Encoder for Verbatim<A> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let text = self.0.value(index);
        if json::check(text.as_bytes()).is_ok() {
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
