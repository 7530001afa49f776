//! How a line becomes a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The content of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineFormat {
    /// Any JSON value.
    #[default]
    Json,
    /// Text, as a JSON string.
    RawString,
    /// Bytes, as base64 in a JSON string.
    Binary,
}

/// What to do with a line that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnParseError {
    /// End the run with an error.
    #[default]
    Fail,
    /// Leave the line out and count it.
    Skip,
    /// Send the line to the `dead_letter` of the source.
    Divert,
}
