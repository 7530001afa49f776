//! How a message becomes a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format that a message is taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MessageFormat")]
pub enum WsMessageFormat {
    /// JSON, in text or binary messages. It is checked and kept byte for byte.
    #[default]
    Json,
    /// Text. A binary message must be UTF-8.
    RawString,
    /// Bytes; base64 where they are rendered as JSON.
    Binary,
}

/// The treatment of a message that is not what `message_format` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnParseError {
    /// The run ends with an error, after what was received before was handed over.
    #[default]
    Fail,
    /// The message is skipped and counted.
    Skip,
    /// The message goes to the `dead_letter` of the source, as it came in and with the reason.
    Divert,
}

/// The bytes that start `idle_timeout` anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdleResetsOn {
    /// Every byte: data, a part of a message, a Ping, a Pong.
    #[default]
    Any,
    /// Bytes of data messages only. A bounded run then ends although keepalives go on.
    Data,
}
