//! The rules for messages that are no data.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::duration::{self, Seconds};
use faucet_core::schema_rule::{self, is, needs, when};
use faucet_core::select::Pointer;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use crate::keys::message::SessionMessage;
use crate::keys::session_match::SessionMatch;

/// A rule for messages that are no data, or more than data. The first rule that matches decides.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules, extend("examples" = [{"match": {"/type": "heartbeat"}}]))]
pub struct ControlRule {
    /// The messages that the rule is about. Places are those of the whole message.
    #[serde(rename = "match")]
    #[schemars(extend("examples" = [{"/event": "error"}]))]
    pub matches: SessionMatch,
    /// The action of the rule.
    #[serde(default)]
    #[schemars(extend("examples" = ["reconnect"]))]
    pub action: ControlAction,
    /// Sent as an answer, before the action. `{/pointer}` is the value at that place of the message that is
    /// answered, digit for digit.
    #[serde(default)]
    #[schemars(extend("examples" = [{"json": {"pong": "{/ping}"}}], "writeOnly" = true))]
    pub reply: Option<SessionMessage>,
    /// When the answer is sent.
    #[serde(default)]
    #[schemars(extend("examples" = ["flush"], "x-only-with" = {"action": ["keep"]}))]
    pub after: ReplyAfter,
    /// Names for values of the message: a map of name to JSON pointer.
    #[serde(default)]
    #[schemars(extend("examples" = [{"next_url": "/payload/session/reconnect_url"}], "default" = {}))]
    pub take: BTreeMap<String, Pointer>,
    /// The wait before the next connect.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [5, "2 min"], "x-only-with" = {"action": ["reconnect", "restart"]}))]
    pub delay: Option<Duration>,
    /// The URL of the next connect, complete, made of names. Its host must be among `url_hosts`, and `query` is
    /// not added.
    #[serde(default)]
    #[schemars(extend("examples" = ["{next_url}"], "x-only-with" = {"action": ["reconnect"]}))]
    pub url: Option<String>,
}

fn rules(schema: &mut Schema) {
    let flush = is("after", &["flush".into()]);
    let ends = json!({
        "required": ["action"],
        "properties": { "action": { "enum": ["reconnect", "restart"] } },
    });
    schema_rule::add(
        schema,
        [
            when(
                flush,
                json!({ "allOf": [is("action", &["keep".into()]), { "required": ["reply"] }] }),
            ),
            when(schema_rule::given("delay"), ends),
            when(schema_rule::given("url"), is("action", &["reconnect".into()])),
            needs("url", "take"),
        ],
    );
}

/// The action of a control rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlAction {
    /// Drops the message.
    #[default]
    Drop,
    /// Keeps the message as a record.
    Keep,
    /// Drops the message and logs a warning with its beginning.
    Warn,
    /// Drops the message, ends the connection and connects again.
    Reconnect,
    /// As `reconnect`, and forgets the cursor and the kept values: what lies in between may be lost.
    Restart,
    /// Ends the run with an error.
    Fail,
    /// Ends the run well.
    End,
}

impl ControlAction {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Keep => "keep",
            Self::Warn => "warn",
            Self::Reconnect => "reconnect",
            Self::Restart => "restart",
            Self::Fail => "fail",
            Self::End => "end",
        }
    }
}

/// When the answer of a control rule is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyAfter {
    /// As soon as the message was received.
    #[default]
    Receive,
    /// Once the sinks have flushed the record: a server that gets no answer sends the message again.
    Flush,
}
