//! A duration with a sign.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use faucet_core::duration::{self, LONGEST, SecondsOrZero};
use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// An addition to a time: a number of seconds, or text such as `60s`, `-5s` or `1h 30m`. At most ten
/// years in either direction. The default is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offset(SignedDuration);

/// The texts that a message of an error asks for.
const RANGE: &str = "a duration of at most ten years, which may be negative";

impl Offset {
    /// No addition.
    pub const ZERO: Self = Self(SignedDuration::ZERO);

    /// Reads text such as `60s` or `-5s`; a bare number is seconds. `None`: the text is no duration
    /// with an optional sign in front, or one longer than ten years.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('-') {
            Some(rest) => duration::parse(rest).and_then(Self::before),
            None => duration::parse(text).and_then(Self::after),
        }
    }

    /// `duration` later. `None`: it is longer than ten years.
    pub fn after(duration: Duration) -> Option<Self> {
        let signed = SignedDuration::try_from(duration).ok()?;
        (duration <= LONGEST).then_some(Self(signed))
    }

    /// `duration` earlier. `None`: it is longer than ten years.
    pub fn before(duration: Duration) -> Option<Self> {
        Self::after(duration).map(|Self(signed)| Self(-signed))
    }

    /// The offset in nanoseconds.
    pub fn as_nanos(self) -> i128 {
        self.0.as_nanos()
    }

    fn from_seconds(seconds: f64) -> Option<Self> {
        let duration = Duration::try_from_secs_f64(seconds.abs()).ok()?;
        if seconds < 0.0 { Self::before(duration) } else { Self::after(duration) }
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seen)
    }
}

struct Seen;

impl Visitor<'_> for Seen {
    type Value = Offset;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration: seconds as a number, or text such as \"60s\" or \"-5s\"")
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Offset, E> {
        let offset = Offset::from_seconds(seconds);
        offset.ok_or_else(|| E::invalid_value(de::Unexpected::Float(seconds), &RANGE))
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Offset, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Offset, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Offset, E> {
        // The error does not repeat the text: a secret may stand at the wrong key.
        Offset::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Other("text"), &self))
    }
}

impl Serialize for Offset {
    /// Writes seconds: a whole number where they are one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_nanos() {
            0 => serializer.serialize_i64(self.0.as_secs()),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

impl JsonSchema for Offset {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SecondsOrZero::json_schema(generator);
        let unsigned = schema.get("pattern").and_then(|pattern| pattern.as_str());
        let unsigned = unsigned.and_then(|pattern| pattern.strip_prefix('^')).unwrap_or_default();
        let signed = format!("^-?{unsigned}");
        schema.insert("pattern".into(), signed.into());
        schema.insert("minimum".into(), (-LONGEST.as_secs_f64()).into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn offsets_are_numbers_of_seconds_and_texts_with_units() {
        for (value, millis) in [
            (json!(60), 60_000),
            (json!(-5), -5_000),
            (json!(0.25), 250),
            (json!(-0.25), -250),
            (json!(0), 0),
            (json!("60s"), 60_000),
            (json!("-5s"), -5_000),
            (json!("-250ms"), -250),
            (json!("-1h 30m"), -5_400_000),
            (json!("-2"), -2_000),
            (json!("-0s"), 0),
        ] {
            let offset: Offset = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(offset.as_nanos(), millis * 1_000_000, "{value}");
            let written = serde_json::to_value(offset).unwrap();
            assert_eq!(serde_json::from_value::<Offset>(written).unwrap(), offset, "{value}");
        }
    }

    #[test]
    fn other_values_are_refused() {
        let too_long = LONGEST.as_secs() + 1;
        for (value, words) in [
            (json!(too_long), RANGE),
            (json!(-1e19), RANGE),
            (json!("--5s"), "a duration: seconds as a number"),
            (json!("- 5s"), "a duration: seconds as a number"),
            (json!("+5s"), "a duration: seconds as a number"),
            (json!("-"), "a duration: seconds as a number"),
            (json!(""), "a duration: seconds as a number"),
            (json!("-90000h"), "a duration: seconds as a number"),
            (json!("5 s3crets"), "a duration: seconds as a number"),
            (json!(true), "a duration: seconds as a number"),
        ] {
            let error = serde_json::from_value::<Offset>(value.clone()).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("s3cret"), "{value}: {error}");
        }
    }

    #[test]
    fn the_schema_allows_a_sign() {
        let schema = schemars::schema_for!(Offset);
        let pattern = schema.get("pattern").and_then(Value::as_str).unwrap();
        assert!(pattern.starts_with("^-?(?=[0-9])"), "{pattern}");
        assert_eq!(schema.get("minimum"), Some(&json!(-LONGEST.as_secs_f64())));
        assert_eq!(schema.get("x-form"), Some(&json!("duration")));
    }
}
