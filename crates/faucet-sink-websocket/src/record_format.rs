//! How a record becomes a frame.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of frame that a record becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// The kind of message that the record was. Without a kind JSON and text are sent as text, and
    /// bytes as binary. Bytes that are not UTF-8 are always sent as binary.
    #[default]
    Same,
    /// A text frame. A record that is not UTF-8 is refused.
    Text,
    /// A binary frame.
    Binary,
}

/// The form that a record must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordFormat {
    /// Any bytes.
    #[default]
    Any,
    /// JSON.
    Json,
    /// UTF-8 text, JSON included.
    Text,
}
