//! Messages that keep a connection alive.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use crate::keys::message::SessionMessage;
use crate::keys::session_match::SessionMatch;

/// A message that keeps the connection alive, and its answer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"message": "ping", "interval": 20, "reply": {"text": "pong"}}]))]
pub struct Heartbeat {
    /// The message.
    #[schemars(extend("examples" = [{"json": {"op": "ping"}}], "writeOnly" = true))]
    pub message: SessionMessage,
    /// The time between two messages: a duration, or a taken name with its unit, such as `{beat_ms} ms` or
    /// `{beat} s`. A taken interval is kept within 1 s to 10 min.
    #[schemars(extend("examples" = [20, "{beat_ms} ms"]))]
    pub interval: Interval,
    /// When the message is sent.
    #[serde(default)]
    #[schemars(extend("examples" = ["idle"]))]
    pub when: BeatWhen,
    /// When the first message is sent.
    #[serde(default)]
    #[schemars(extend("examples" = ["random"]))]
    pub first: FirstBeat,
    /// Begins as soon as the interval is known, and not only after the script and the subscriptions.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub during_session: bool,
    /// The answer. Such a message is never a record, and does not count for a timeout of data. Default: no
    /// answer is awaited.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/op": "pong"}]))]
    pub reply: Option<SessionMatch>,
    /// Without the answer in this time the connection is dropped with Close 3008. Default: the interval.
    #[serde(default)]
    #[schemars(extend("examples" = [10, "{pong_ms} ms"], "x-only-with" = {"reply": "given"}))]
    pub timeout: Option<Interval>,
}

/// When a heartbeat is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BeatWhen {
    /// At each interval.
    #[default]
    Always,
    /// After an interval without an inbound message.
    Idle,
}

/// When the first heartbeat is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstBeat {
    /// After one interval.
    #[default]
    Interval,
    /// After a random share of the interval.
    Random,
}

/// A duration, or a name with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interval {
    /// A duration.
    Fixed(Duration),
    /// The value of a name, in milliseconds or seconds.
    Named {
        /// The name.
        name: String,
        /// The unit of the value: how long 1 is.
        unit: Duration,
    },
}

impl From<Duration> for Interval {
    fn from(duration: Duration) -> Self {
        Self::Fixed(duration)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = Value::deserialize(deserializer)?;
        if let Some(text) = value.as_str()
            && let Some(named) = named(text)
        {
            return Ok(named);
        }
        let read = faucet_core::duration::deserialize(value);
        read.map(Self::Fixed).map_err(|_| {
            D::Error::custom(
                "is neither a duration (seconds as a number, or text such as \"20s\") nor a name with a \
                 unit such as \"{beat_ms} ms\"",
            )
        })
    }
}

fn named(text: &str) -> Option<Interval> {
    let (name, unit) = text.strip_prefix('{')?.split_once('}')?;
    let unit = match unit.trim_start() {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        _ => return None,
    };
    crate::template::is_name(name).then(|| Interval::Named { name: name.to_owned(), unit })
}

impl JsonSchema for Interval {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let duration = faucet_core::duration::Seconds::json_schema(generator);
        json_schema!({
            "anyOf": [
                duration,
                {
                    "type": "string",
                    "description": "A taken name with its unit.",
                    "pattern": r"^\{[A-Za-z_][A-Za-z0-9_]*\} *(?:ms|s)$",
                    "examples": ["{beat_ms} ms"],
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_interval_is_a_duration_or_a_name_with_a_unit() {
        let named =
            |name: &str, unit: Duration| Some(Interval::Named { name: name.to_owned(), unit });
        for (written, expected) in [
            (json!(20), Some(Interval::Fixed(Duration::from_secs(20)))),
            (json!("250ms"), Some(Interval::Fixed(Duration::from_millis(250)))),
            (json!("{beat_ms} ms"), named("beat_ms", Duration::from_millis(1))),
            (json!("{beat}s"), named("beat", Duration::from_secs(1))),
            (json!("{beat} h"), None),
            (json!("{1} s"), None),
            (json!("soon"), None),
            (json!(-1), None),
        ] {
            let read: Option<Interval> = serde_json::from_value(written.clone()).ok();
            assert_eq!(read, expected, "{written}");
        }
    }
}
