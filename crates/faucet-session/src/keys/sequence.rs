//! The numbers of messages, and the holes in them.

use faucet_core::select::Pointer;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::session_match::SessionMatch;

/// Where messages have numbers, and what a hole in them does. Places are those of the whole message; a
/// message without a whole number there is not counted.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"last": "/trade_id", "per": ["/product_id"]}]))]
pub struct SequenceKeys {
    /// The number of a message, or of its last element.
    #[schemars(extend("examples" = ["/data/-1/trade_id"]))]
    pub last: Pointer,
    /// The number of the first element of a message that has several. Default: `last`.
    #[serde(default)]
    #[schemars(extend("examples" = ["/data/0/trade_id"]))]
    pub first: Option<Pointer>,
    /// The number of the message before this one, where messages name their predecessor.
    #[serde(default)]
    #[schemars(extend("examples" = ["/prevSeqId"]))]
    pub previous: Option<Pointer>,
    /// Each combination of values at these places has a count of its own. At most 100,000 are remembered.
    #[serde(default)]
    #[schemars(extend("examples" = [["/product_id"]], "default" = []))]
    pub per: Vec<Pointer>,
    /// The order of the numbers.
    #[serde(default)]
    #[schemars(extend("examples" = ["increasing"]))]
    pub order: NumberOrder,
    /// The messages that count.
    #[serde(default)]
    #[schemars(extend("examples" = ["data"]))]
    pub messages: CountedMessages,
    /// A message that begins the count anew.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/type": "snapshot"}]))]
    pub reset: Option<SessionMatch>,
    /// How long a count lasts.
    #[serde(default)]
    #[schemars(extend("examples" = ["feed"]))]
    pub scope: CountScope,
    /// The consequence of a hole.
    #[serde(default)]
    #[schemars(extend("examples" = ["reconnect"]))]
    pub on_gap: OnGap,
}

/// The order of the numbers of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberOrder {
    /// Each is one more than the one before. A larger step is a hole.
    #[default]
    Dense,
    /// They grow. Only a number that is not larger than the one before is told, in the log.
    Increasing,
}

/// The messages whose numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountedMessages {
    /// Each message with a number, also an answer, a heartbeat and a message that a rule drops. With
    /// `data_prefix` only data counts.
    #[default]
    All,
    /// The messages that records are made of.
    Data,
}

/// How long a count lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountScope {
    /// A connection.
    #[default]
    Connection,
    /// The run: the count goes on over reconnects, and tells how many messages an outage cost.
    Feed,
}

/// The consequence of a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnGap {
    /// The hole is a gap in the report, in the log and in the pipeline.
    #[default]
    Report,
    /// As `report`, and the source connects again.
    Reconnect,
    /// The run ends with an error.
    Fail,
}
