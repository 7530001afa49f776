//! How a feed goes on where the last connection was.

use std::borrow::Cow;

use faucet_core::select::Pointer;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

/// How a feed goes on where the last connection was. `{cursor}` and the kept names stand in `url`, `query`,
/// `session` and the messages.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"cursor": "/time_us", "order": "increasing"}]))]
pub struct ResumeKeys {
    /// Where a message tells its position: a place of the whole message, before `unwrap`. On a reconnect
    /// `{cursor}` is that of the last message received; after a restart with `state` that of the last message
    /// that the sinks had flushed.
    #[serde(default)]
    #[schemars(extend("examples" = ["/time_us"]))]
    pub cursor: Option<Pointer>,
    /// Which of two cursors is the later one.
    #[serde(default)]
    #[schemars(extend("examples" = ["increasing"], "x-only-with" = {"cursor": "given"}))]
    pub order: CursorOrder,
    /// Taken off a numeric cursor, in its own unit, so that the server repeats the last messages. Use it with
    /// `dedup`.
    #[serde(default)]
    #[schemars(extend("examples" = [5_000_000], "x-only-with" = {"cursor": "given"}))]
    pub rewind: u64,
    /// Taken names that belong to the position, such as the id of a session.
    #[serde(default)]
    #[schemars(extend("examples" = [["session_id"]], "default" = [], "uniqueItems" = true))]
    pub keep: Vec<String>,
    /// The URL of a connect that resumes, complete, made of kept names. Its host must be among `url_hosts`.
    /// Default: as for the first connect.
    #[serde(default)]
    #[schemars(extend("examples" = ["{resume_url}"], "x-only-with" = {"keep": "given"}))]
    pub url: Option<String>,
    /// The cursor of the very first run.
    #[serde(default)]
    #[schemars(extend("examples" = [0], "x-only-with" = {"cursor": "given"}))]
    pub start: Option<StartCursor>,
}

/// Which of two cursors is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CursorOrder {
    /// The one that came last.
    #[default]
    Opaque,
    /// The larger number.
    Increasing,
}

/// Whether a connection ends before the next one begins, at a planned reconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handover {
    /// It ends, and then the next one is made.
    #[default]
    Break,
    /// It goes on until the session of the next one is complete. Both bring the same messages for a moment:
    /// use `dedup`.
    Overlap,
}

/// A cursor: text or a number.
#[derive(Debug, Clone, PartialEq)]
pub struct StartCursor(pub Value);

impl<'de> Deserialize<'de> for StartCursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Value::deserialize(deserializer)? {
            value @ (Value::String(_) | Value::Number(_)) => Ok(Self(value)),
            _ => Err(D::Error::custom("must be text or a number")),
        }
    }
}

impl JsonSchema for StartCursor {
    fn schema_name() -> Cow<'static, str> {
        "StartCursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"] })
    }
}
