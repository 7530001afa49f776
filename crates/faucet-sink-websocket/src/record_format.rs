//! How a record becomes a frame.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of frame that a record becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// A text frame. A record that is not UTF-8 is refused.
    #[default]
    Text,
    /// A binary frame.
    Binary,
}

/// What a record must be.
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
