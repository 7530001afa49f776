//! Sizes in configuration: a number of bytes or a string with a unit.
//!
//! Use it as `#[serde(with = "faucet_core::size")]` on a `usize`, or
//! `#[serde(with = "faucet_core::size::option")]` on an `Option<usize>`, together with
//! `#[schemars(with = "faucet_core::size::Bytes")]` (or `Option<…>`).

use std::fmt;

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serializer};

/// The schema of a size.
#[derive(Debug)]
pub struct Bytes;

impl JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes as a number, or text with a unit such as \"64KiB\" or \"8 MiB\".",
            "type": ["integer", "string"],
            "minimum": 0,
        })
    }
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
            match text.parse::<ByteSize>() {
                Ok(size) => self.visit_u64(size.as_u64()),
                // The error does not repeat the text: a secret may stand at the wrong key.
                Err(_) => Err(E::invalid_value(de::Unexpected::Other("text"), &self)),
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
        }
        assert_eq!(
            serde_json::to_value(Limits { bytes: 8 << 20 }).unwrap(),
            json!({"bytes": 8_388_608})
        );
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
        ] {
            assert_eq!(deserialize(&value).unwrap(), bytes, "{value}");
        }
        for value in [json!(-1), json!(1.5), json!("8 parsecs"), json!(true), json!("")] {
            assert!(deserialize(&value).unwrap_err().to_string().contains("8MiB"), "{value}");
        }
        assert_eq!(option::deserialize(json!(null)).unwrap(), None);
    }
}
