//! Sizes in configuration: a number of bytes or a string with a unit.
//!
//! Use it as `#[serde(with = "faucet_core::size")]` on a `usize`, or
//! `#[serde(with = "faucet_core::size::option")]` on an `Option<usize>`, together with
//! `#[schemars(with = "faucet_core::size::Bytes")]` (or `Option<…>`), or
//! [`BytesOrZero`] where zero means something.

use std::fmt;

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serializer};

/// The most digits of a number in text; every such number fits into 64 bits.
const MOST_DIGITS: usize = 19;

fn schema(may_be_zero: bool) -> Schema {
    let more_than_zero = if may_be_zero { "" } else { "(?=.*[1-9])" };
    let unit = "[bB]|[kKmMgGtTpPeE][iI]?[bB]?";
    json_schema!({
        "type": ["integer", "string"],
        "minimum": u8::from(!may_be_zero),
        "maximum": u64::MAX,
        "pattern": format!("^{more_than_zero}[0-9]{{1,{MOST_DIGITS}}}(?: *(?:{unit}))?$"),
        "x-form": "size",
    })
}

/// The schema of a size.
#[derive(Debug)]
pub struct Bytes;

impl JsonSchema for Bytes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(false)
    }
}

/// The schema of a size that may be zero.
#[derive(Debug)]
pub struct BytesOrZero;

impl JsonSchema for BytesOrZero {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SizeOrZero".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(true)
    }
}

/// Parses text such as `64KiB`, `8 MiB` or `1000`: a whole number, and perhaps a unit. `None`: the text
/// is no size.
pub fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
    if digits == 0 || digits > MOST_DIGITS || !text.bytes().all(plain) {
        return None;
    }
    text.parse::<ByteSize>().ok().map(|size| size.as_u64())
}

const EXPECTED: &str = "a size: bytes as a number, or text such as \"8MiB\"";

/// Reads a size.
///
/// # Errors
/// Where it is negative, fractional, too large for the machine, or has no known unit.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    struct Seen;
    impl Visitor<'_> for Seen {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(EXPECTED)
        }

        fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<usize, E> {
            usize::try_from(bytes)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(bytes), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<usize, E> {
            match parse(text) {
                Some(bytes) => self.visit_u64(bytes),
                // The error does not repeat the text: a secret may stand at the wrong key.
                None => Err(E::invalid_value(de::Unexpected::Other("text"), &self)),
            }
        }

        /// A whole number may be written `1e6` or `1.0`, as JSON has one sort of number.
        fn visit_f64<E: de::Error>(self, bytes: f64) -> Result<usize, E> {
            match bytes.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&bytes) {
                true => self.visit_u64(bytes as u64),
                false => Err(E::invalid_value(de::Unexpected::Float(bytes), &self)),
            }
        }
    }
    deserializer.deserialize_any(Seen)
}

/// Writes the number of bytes.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(bytes: &usize, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(*bytes as u64)
}

/// The same for `Option<usize>`.
pub mod option {
    use super::*;

    /// Reads a size or null.
    ///
    /// # Errors
    /// As [`deserialize`](super::deserialize).
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<usize>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "super")] usize);
        Ok(Option::<Wrapped>::deserialize(d)?.map(|wrapped| wrapped.0))
    }

    /// Writes the number of bytes, or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: &Option<usize>, s: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => super::serialize(bytes, s),
            None => s.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_size_is_written_as_a_number() {
        #[derive(serde::Serialize)]
        struct Limits {
            #[serde(with = "super")]
            bytes: usize,
            #[serde(with = "super::option")]
            more: Option<usize>,
        }
        assert_eq!(
            serde_json::to_value(Limits { bytes: 8 << 20, more: Some(1) }).unwrap(),
            json!({"bytes": 8_388_608, "more": 1})
        );
        let none = serde_json::to_value(Limits { bytes: 0, more: None }).unwrap();
        assert_eq!(none, json!({"bytes": 0, "more": null}));
    }

    #[test]
    fn numbers_are_bytes_and_text_has_units() {
        for (value, bytes) in [
            (json!(0), 0),
            (json!(1000), 1000),
            (json!("64KiB"), 65_536),
            (json!("8 MiB"), 8 << 20),
            (json!("1kB"), 1000),
            (json!("12"), 12),
            (json!(1e3), 1000),
            (json!("3 gb"), 3_000_000_000),
            (json!("2K"), 2000),
        ] {
            assert_eq!(deserialize(&value).unwrap(), bytes, "{value}");
        }
        for value in [
            json!(-1),
            json!(1.5),
            json!(2e19),
            json!("8 parsecs"),
            json!(true),
            json!(""),
            json!("-1"),
            json!("+1"),
            json!("1.5MiB"),
            json!("1 "),
            json!(" 1"),
            json!("10000000000000000000"),
        ] {
            assert!(deserialize(&value).unwrap_err().to_string().contains("8MiB"), "{value}");
        }
        assert_eq!(option::deserialize(json!(null)).unwrap(), None);
    }
}
