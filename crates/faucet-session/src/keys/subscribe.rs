//! How topics are subscribed to.

use std::time::Duration;

use faucet_core::duration::{self, Seconds};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::message::SessionMessage;
use crate::keys::session_match::SessionMatch;
use crate::keys::step::AnswerIs;
use crate::keys::time_limit::ten_seconds;

/// How `topics` are subscribed to after every connect.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"message": {"json": {"op": "subscribe", "args": "{topics}"}}}]))]
pub struct Subscribe {
    /// Sent for each batch of topics. `{topics}` is their list, `{topics_csv}` the list as text with commas,
    /// `{topic}` the only topic of a message (with `batch: 1`), `{seq}` the number of the message.
    #[schemars(extend("examples" = [{"json": {"op": "subscribe", "args": "{topics}", "id": "{seq}"}}], "writeOnly" = true))]
    pub message: SessionMessage,
    /// The most topics in a message.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 100_000))]
    #[schemars(extend("examples" = [10]))]
    pub batch: u32,
    /// The answer to a message. Answers may come in any order where the match has `{seq}` or `{topic}`; another
    /// answer is taken for that to the oldest message. Default: no answer is awaited.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/id": "{seq}", "/result": null}]))]
    pub ack: Option<SessionMatch>,
    /// How many answers a message gets.
    #[serde(default)]
    #[schemars(extend("examples" = ["topic"], "x-only-with" = {"ack": "given"}))]
    pub ack_per: AckPer,
    /// How long all answers are waited for, from the last message on. Then the connection is lost, and the
    /// next attempt follows.
    #[serde(default = "ten_seconds", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [5, "5s"], "x-only-with" = {"ack": "given"}))]
    pub timeout: Duration,
    /// Whether an answer is a record too.
    #[serde(default)]
    #[schemars(extend("examples" = ["record"], "x-only-with" = {"ack": "given"}))]
    pub ack_is: AnswerIs,
    /// A message that refuses a subscription.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/id": "{seq}", "/error": {"exists": true}}], "x-only-with" = {"ack": "given"}))]
    pub fail: Option<SessionMatch>,
    /// The consequence of a refused subscription.
    #[serde(default)]
    #[schemars(extend("examples" = ["skip"], "x-only-with" = {"fail": "given"}))]
    pub on_fail: OnFail,
}

const fn hundred() -> u32 {
    100
}

/// How many answers a message gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AckPer {
    /// One.
    #[default]
    Message,
    /// One for each of its topics.
    Topic,
}

/// The consequence of a refused subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    /// The connection ends; the same refusal twice in a row ends the run.
    #[default]
    Fail,
    /// The run goes on without the topics of the message. The log and the counter `refused_topics` say so.
    Skip,
}

/// The schema of a topic.
#[derive(Debug)]
pub struct TopicSchema;

impl JsonSchema for TopicSchema {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Topic".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "object"] })
    }
}
