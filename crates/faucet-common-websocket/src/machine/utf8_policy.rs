//! The treatment of text messages that are not UTF-8.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The treatment of a text message that is not UTF-8 (RFC 6455 §8.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Utf8Policy {
    /// Ends the connection with Close 1007.
    #[default]
    Fail,
    /// Skips and counts the message. The connection goes on.
    Skip,
    /// Takes the message as a binary one. The connection goes on. `message_format` judges the message
    /// as any binary one: only `message_format: binary` takes bytes that are not UTF-8.
    Binary,
}
