//! Durations in configuration: a number of seconds or a string with units.
//!
//! Use it as `#[serde(with = "faucet_core::duration")]` on a [`Duration`], or
//! `#[serde(with = "faucet_core::duration::option")]` on an `Option<Duration>`, together with
//! `#[schemars(with = "faucet_core::duration::Seconds")]` (or `Option<…>`).

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serializer};

use crate::Problems;

/// No key takes more: ten years.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The schema of a duration.
#[derive(Debug)]
pub struct Seconds;

impl JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Seconds as a number, or text with units such as \"250ms\" or \"1 min\".",
            "type": ["number", "string"],
            "exclusiveMinimum": 0,
        })
    }
}

/// Adds a problem when `duration` is zero or longer than [`LONGEST`].
pub fn check(key: &str, duration: Option<Duration>, problems: &mut Problems) {
    if duration == Some(Duration::ZERO) {
        problems.push(format!("{key}: must be longer than zero"));
    }
    if duration.is_some_and(|d| d > LONGEST) {
        problems.push(format!("{key}: must not be longer than ten years"));
    }
}

/// Parses text such as `250ms`, `1 min` or `1h 30m`; a bare number is seconds.
pub fn parse(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return from_seconds(seconds);
    }
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|signed| Duration::try_from(signed).ok())
        // The text is not repeated: it may be a secret that was given to the wrong key.
        .ok_or_else(|| "not a duration; write \"250ms\", \"1 min\", \"1h 30m\"".to_owned())
}

fn from_seconds(seconds: f64) -> Result<Duration, String> {
    if seconds > LONGEST.as_secs_f64() {
        return Err("must not be longer than ten years".into());
    }
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| format!("{seconds} is not a duration; it must be longer than zero"))
}

/// Reads a duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    struct Seen;
    impl Visitor<'_> for Seen {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration: seconds as a number, or text such as \"250ms\"")
        }

        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Duration, E> {
            from_seconds(seconds).map_err(E::custom)
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
            parse(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_any(Seen)
}

/// Writes a duration as seconds: a whole number where it is one.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    match duration.subsec_nanos() {
        0 => serializer.serialize_u64(duration.as_secs()),
        _ => serializer.serialize_f64(duration.as_secs_f64()),
    }
}

/// The same for `Option<Duration>`.
pub mod option {
    use super::*;

    /// Reads a duration or null.
    pub fn deserialize<'de, D>(deserializer: D) -> Result<Option<Duration>, D::Error>
    where
        D: Deserializer<'de>,
    {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "super")] Duration);
        Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|wrapped| wrapped.0))
    }

    /// Writes a duration or null.
    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_seconds_and_text_has_units() {
        for (value, millis) in [
            (json!(30), 30_000),
            (json!(0.25), 250),
            (json!("250ms"), 250),
            (json!("1 min"), 60_000),
            (json!("1h 30m"), 5_400_000),
            (json!("2"), 2_000),
            (json!(0), 0),
        ] {
            assert_eq!(deserialize(&value).unwrap().as_millis(), millis, "{value}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_reason() {
        for (value, why) in [
            (json!(-5), "-5 is not a duration; it must be longer than zero"),
            (json!(1e19), "must not be longer than ten years"),
            (json!("10 parsecs"), "not a duration; write"),
            (json!("-1s"), "not a duration"),
            (json!(true), "invalid type: boolean `true`, expected a duration: seconds as"),
        ] {
            let error = deserialize(&value).unwrap_err().to_string();
            assert!(error.starts_with(why), "{value}: {error}");
        }
    }

    #[test]
    fn zero_and_eternity_are_problems() {
        let mut problems = Problems::new();
        check("a", Some(Duration::ZERO), &mut problems);
        check("b", Some(Duration::MAX), &mut problems);
        check("c", Some(Duration::from_millis(1)), &mut problems);
        check("d", None, &mut problems);
        let error = problems.into_result().unwrap_err().to_string();
        assert!(error.contains("a: must be longer than zero"), "{error}");
        assert!(error.contains("b: must not be longer than ten years"), "{error}");
        assert!(error.starts_with("2 problems"), "{error}");
    }
}
