//! The configuration.

use std::num::NonZeroUsize;

use faucet_core::{PageLimits, Problems, Result, SourceConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JsonlSource;
use crate::decode::Decoder;

const BATCH_BYTES: usize = 8 << 20;

/// Reads a file of JSON Lines: one JSON value per line. Empty lines are passed over.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonlSourceConfig {
    /// The file, relative to the working directory. `{name}` placeholders are filled from the run's
    /// context; such a value may not contain path separators.
    pub path: String,

    /// What a line holds: `json` any JSON value, `raw_string` a text as a JSON string, `binary`
    /// bytes as base64 in a JSON string.
    #[serde(default)]
    pub format: LineFormat,

    /// What to do with a line that does not hold that: `fail` ends the run, `skip` leaves the line
    /// out and counts it.
    #[serde(default)]
    pub on_parse_error: OnParseError,

    /// Lines are `{"data": …, "received_at": …, "url": …}` as sources with `envelope: true` write
    /// them: the record is `data`, received at `received_at` (Unix milliseconds).
    #[serde(default)]
    pub envelope: bool,

    /// Stop after this many records.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_messages: Option<u64>,

    /// The longest line in bytes; a longer one ends the run with an error.
    #[serde(default = "max_message_bytes")]
    #[schemars(range(min = 1))]
    pub max_message_bytes: usize,

    /// Records per page; 0 reads the whole file into one page.
    #[serde(default = "batch_size")]
    pub batch_size: usize,

    /// A page is handed over when its payloads reach this many bytes. Not together with
    /// `batch_size: 0`. Default: 8 MiB.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub batch_bytes: Option<usize>,
}

/// What a line holds.
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
}

fn max_message_bytes() -> usize {
    64 << 20
}

fn batch_size() -> usize {
    1000
}

impl JsonlSourceConfig {
    /// Reads the file at `path` as JSON.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            format: LineFormat::default(),
            on_parse_error: OnParseError::default(),
            envelope: false,
            max_messages: None,
            max_message_bytes: max_message_bytes(),
            batch_size: batch_size(),
            batch_bytes: None,
        }
    }
}

impl SourceConfig for JsonlSourceConfig {
    const NAME: &'static str = "jsonl";
    type Source = JsonlSource;

    fn build(self) -> Result<JsonlSource> {
        let mut problems = Problems::new();
        problems.push_if(self.path.is_empty(), "path: must not be empty");
        let zero = "must be larger than zero";
        problems.push_if(self.max_messages == Some(0), format!("max_messages: {zero}"));
        problems.push_if(self.max_message_bytes == 0, format!("max_message_bytes: {zero}"));
        problems.push_if(self.batch_bytes == Some(0), format!("batch_bytes: {zero}"));
        problems.push_if(
            self.batch_size == 0 && self.batch_bytes.is_some(),
            "batch_bytes: not together with `batch_size: 0`",
        );
        problems.into_result()?;
        let limits = match NonZeroUsize::new(self.batch_size) {
            None => PageLimits::ONE_PAGE,
            records => PageLimits {
                records,
                bytes: NonZeroUsize::new(self.batch_bytes.unwrap_or(BATCH_BYTES)),
                age: None,
            },
        };
        Ok(JsonlSource {
            path: self.path,
            decoder: Decoder { format: self.format, envelope: self.envelope },
            on_parse_error: self.on_parse_error,
            max_messages: self.max_messages,
            max_message_bytes: self.max_message_bytes,
            limits,
        })
    }
}
