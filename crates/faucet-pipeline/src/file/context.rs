//! The key `context`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The value of a placeholder.
#[derive(Debug)]
pub(crate) struct ContextValue(pub(crate) String);

impl<'de> Deserialize<'de> for ContextValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seen)
    }
}

struct Seen;

impl Visitor<'_> for Seen {
    type Value = ContextValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a whole number")
    }

    fn visit_str<E>(self, text: &str) -> Result<ContextValue, E> {
        Ok(ContextValue(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<ContextValue, E> {
        Ok(ContextValue(number.to_string()))
    }

    /// A whole number may be written `1e3`, as JSON has one sort of number.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<ContextValue, E> {
        const ABOVE: f64 = 18_446_744_073_709_551_616.0;
        const BELOW: f64 = -9_223_372_036_854_775_808.0;
        match number.fract() == 0.0 && (BELOW..ABOVE).contains(&number) {
            true => Ok(ContextValue(format!("{number:.0}"))),
            false => Err(E::invalid_type(de::Unexpected::Float(number), &self)),
        }
    }

    fn visit_i64<E>(self, number: i64) -> Result<ContextValue, E> {
        Ok(ContextValue(number.to_string()))
    }
}

impl JsonSchema for ContextValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ContextValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "minimum": i64::MIN,
            "maximum": u64::MAX,
        })
    }
}
