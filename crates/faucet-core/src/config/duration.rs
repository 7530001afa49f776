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

use crate::config::problem::{Problem, Problems};

/// The longest duration that a key accepts (ten years).
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The shortest duration but zero that a number can be: a nanosecond.
const SHORTEST: f64 = 1e-9;

/// The texts that are durations, as a regular expression: seconds, or units from hours down to
/// nanoseconds. Only the last number may have a fraction.
fn pattern(may_be_zero: bool) -> String {
    const UNITS: [&str; 6] = [
        "hours?|hrs?|h",
        "minutes?|mins?|m",
        "seconds?|secs?|s",
        "milliseconds?|millis?|msecs?|ms",
        "microseconds?|micros?|usecs?|us|\u{b5}secs?|\u{b5}s",
        "nanoseconds?|nanos?|nsecs?|ns",
    ];
    let more_than_zero = if may_be_zero { "" } else { "(?=.*[1-9])" };
    let units =
        UNITS.map(|unit| format!(r"(?: *[0-9]+(?:\.[0-9]{{1,9}}(?= *[a-zµ]+$))? *(?:{unit}))?"));
    format!(r"^{more_than_zero}(?=[0-9])(?:[0-9]+(?:\.[0-9]+)?|{})$", units.concat())
}

fn schema(may_be_zero: bool) -> Schema {
    json_schema!({
        "type": ["number", "string"],
        "minimum": if may_be_zero { 0.0 } else { SHORTEST },
        "maximum": LONGEST.as_secs(),
        "pattern": pattern(may_be_zero),
        "x-form": "duration",
    })
}

/// The schema of a duration.
#[derive(Debug)]
pub struct Seconds;

impl JsonSchema for Seconds {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(false)
    }
}

/// The schema of a duration that may be zero.
#[derive(Debug)]
pub struct SecondsOrZero;

impl JsonSchema for SecondsOrZero {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DurationOrZero".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(true)
    }
}

/// Adds a problem when `duration` is longer than [`LONGEST`]; it may be zero.
pub fn check_or_zero(key: &'static str, duration: Duration, problems: &mut Problems) {
    check(key, Some(duration).filter(|duration| !duration.is_zero()), problems);
}

/// Adds a problem when `duration` is zero or longer than [`LONGEST`].
pub fn check(key: &'static str, duration: Option<Duration>, problems: &mut Problems) {
    problems.push_if(duration == Some(Duration::ZERO), || {
        Problem::out_of_range(key, "a duration longer than zero")
    });
    problems.push_if(duration.is_some_and(|d| d > LONGEST), || {
        Problem::out_of_range(key, "a duration of at most ten years")
    });
}

/// Parses text such as `250ms`, `1 min` or `1h 30m`; a bare number is seconds. `None`: the text is no
/// duration, or one longer than [`LONGEST`].
pub fn parse(text: &str) -> Option<Duration> {
    read(text).filter(|duration| *duration <= LONGEST)
}

/// The duration, however long.
fn read(text: &str) -> Option<Duration> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !text.ends_with('.') {
        return Duration::try_from_secs_f64(text.parse().ok()?).ok();
    }
    // The library reads more: clock times, signs, commas, `ago`. None of these is a plain duration.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " .\u{b5}".contains(c);
    if !text.chars().all(plain) || text.ends_with(' ') || text.ends_with("ago") {
        return None;
    }
    Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok()
}

/// What a number or a text with units that is no duration of ours should have been.
const RANGE: &str = "a duration longer than zero and not longer than ten years";

fn from_seconds(seconds: f64) -> Option<Duration> {
    let long_enough = seconds == 0.0 || seconds >= SHORTEST;
    let duration = Duration::try_from_secs_f64(seconds).ok().filter(|_| long_enough)?;
    Some(duration).filter(|duration| *duration <= LONGEST)
}

/// Reads a duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    struct Seen;
    impl Visitor<'_> for Seen {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let texts = "\"250ms\", \"1 min\" or \"1h 30m\"";
            write!(f, "a duration: seconds as a number, or text such as {texts}")
        }

        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Duration, E> {
            from_seconds(seconds)
                .ok_or_else(|| E::invalid_value(de::Unexpected::Float(seconds), &RANGE))
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
            // The error does not repeat the text: a secret may stand at the wrong key.
            let is_duration = read(text.strip_prefix('-').unwrap_or(text)).is_some();
            parse(text).ok_or_else(|| match is_duration {
                true => E::invalid_value(de::Unexpected::Float(0.0), &RANGE),
                false => E::invalid_value(de::Unexpected::Other("text"), &self),
            })
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
    fn what_is_no_duration_is_refused() {
        for (value, words) in [
            (json!(-5), RANGE),
            (json!(1e19), RANGE),
            (json!("-1s"), RANGE),
            (json!(1e-10), RANGE),
            (json!("90000h"), RANGE),
            (json!("NaN"), "a duration: seconds as a number"),
            (json!("1e3"), "a duration: seconds as a number"),
            (json!(" 5s"), "a duration: seconds as a number"),
            (json!("5s "), "a duration: seconds as a number"),
            (json!("5."), "a duration: seconds as a number"),
            (json!("1:30:00"), "a duration: seconds as a number"),
            (json!("PT5S"), "a duration: seconds as a number"),
            (json!("0s ago"), "a duration: seconds as a number"),
            (json!("1h, 5m"), "a duration: seconds as a number"),
            (json!("10 parsecs"), "a duration: seconds as a number"),
            (json!(""), "a duration: seconds as a number"),
            (json!(true), "a duration: seconds as a number"),
        ] {
            let error = deserialize(&value).unwrap_err().to_string();
            assert!(error.contains(words), "{value}: {error}");
            assert!(!error.contains("parsecs"), "{error}");
        }
    }

    #[test]
    fn zero_and_eternity_are_problems() {
        let mut problems = Problems::new();
        check("a", Some(Duration::ZERO), &mut problems);
        check("b", Some(Duration::MAX), &mut problems);
        check("c", Some(Duration::from_millis(1)), &mut problems);
        check("d", None, &mut problems);
        let words: Vec<String> = problems.iter().map(Problem::to_string).collect();
        let range = "out of range, expected a duration";
        assert_eq!(
            words,
            [format!("a: {range} longer than zero"), format!("b: {range} of at most ten years")]
        );
    }
}
