//! A step of the script.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::duration::{self, Seconds};
use faucet_core::schema_rule::{self, given, needs};
use faucet_core::select::Pointer;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use crate::keys::message::SessionMessage;
use crate::keys::request::HttpRequest;
use crate::keys::session_match::SessionMatch;
use crate::keys::time_limit::ten_seconds;

/// A step of the script that runs after every connect: one of `send`, `expect` and `request`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules)]
pub struct SessionStep {
    /// Sends a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"json": {"op": "login", "key": "{key}"}}], "writeOnly" = true))]
    pub send: Option<SessionMessage>,
    /// Waits for a message that matches. Other messages go on their way meanwhile: data is not lost.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/event": "login"}]))]
    pub expect: Option<SessionMatch>,
    /// Makes an HTTP call and waits for the answer. Needs the feature `session-http`.
    #[serde(default)]
    #[schemars(extend("examples" = [{"url": "https://api.example.com/subscriptions", "method": "POST"}]))]
    pub request: Option<HttpRequest>,
    /// A message that refuses. The connection ends; the same refusal twice in a row ends the run as
    /// refused credentials do.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/event": "error"}], "x-only-with" = {"expect": "given"}))]
    pub fail: Option<SessionMatch>,
    /// How many messages must match.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100_000))]
    #[schemars(extend("examples" = [2], "x-only-with" = {"expect": "given"}))]
    pub count: u32,
    /// How long the messages are waited for. Then the connection is lost, and the next attempt follows.
    #[serde(default = "ten_seconds", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [5, "5s"], "x-only-with" = {"expect": "given"}))]
    pub timeout: Duration,
    /// Names for values of the awaited message: a map of name to JSON pointer. Later messages, URLs and
    /// intervals may use the names. A value that is missing ends the connection.
    #[serde(default)]
    #[schemars(extend("examples" = [{"session_id": "/d/session_id"}], "default" = {}, "x-only-with" = {"expect": "given"}))]
    pub take: BTreeMap<String, Pointer>,
    /// Whether the awaited message is a record too.
    #[serde(default)]
    #[schemars(extend("examples" = ["record"], "x-only-with" = {"expect": "given"}))]
    pub expect_is: AnswerIs,
    /// Takes the step only where a session is resumed (there is a cursor, a kept value, or a URL that a
    /// control rule gave), or only where none is. Default: in both cases.
    #[serde(default)]
    #[schemars(extend("examples" = ["fresh"]))]
    pub only: Option<Only>,
}

const fn one() -> u32 {
    1
}

/// Exactly one verb in each step.
fn rules(schema: &mut Schema) {
    let verbs = [given("send"), given("expect"), given("request")];
    schema_rule::add(
        schema,
        [json!({ "oneOf": verbs }), needs("fail", "expect"), needs("take", "expect")],
    );
}

/// Whether an awaited message is an answer only, or a record too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerIs {
    /// Nothing: the message is dropped.
    #[default]
    Control,
    /// A record. No control rule looks at the message.
    Record,
}

/// When a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Where no session is resumed.
    Fresh,
    /// Where a session is resumed.
    Resume,
}
