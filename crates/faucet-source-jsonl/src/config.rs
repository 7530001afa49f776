//! The configuration.

use faucet_core::schema_rule::{self, absent, is, when};
use faucet_core::size::{self, Bytes};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use crate::line_format::{LineFormat, OnParseError};

/// Reads a file of JSON Lines: one JSON value per line. Empty lines are passed over.
///
/// Where the pipeline keeps a `state`, the next run goes on behind the last record that every sink
/// has flushed. The state names the file, the offset in bytes and the line. The source refuses a
/// file that is shorter than that offset, or whose last line has grown since it was read. A named
/// pipe or a device has no such position.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "jsonl source", extend("examples" = [{"path": "recording.jsonl"}]), transform = rules)]
pub struct JsonlSourceConfig {
    /// The file, relative to the working directory. `{name}` placeholders are filled from the run's
    /// context; such a value may not contain path separators.
    #[schemars(extend("examples" = ["recording.jsonl"], "pattern" = "^[^\\u0000]+$", "x-file" = "read", "x-placeholders" = true))]
    pub path: String,

    /// What a line holds: `json` any JSON value, `raw_string` a text as a JSON string, `binary`
    /// bytes as base64 in a JSON string.
    #[serde(default)]
    #[schemars(extend("examples" = ["raw_string"]))]
    pub format: LineFormat,

    /// What to do with a line that does not hold that: `fail` ends the run, `skip` leaves the line
    /// out and counts it, `divert` sends the line to the `dead_letter` of this source, with the
    /// reason. `divert` needs a `dead_letter`.
    #[serde(default)]
    #[schemars(extend("examples" = ["skip"], "x-diverts" = ["divert"]))]
    pub on_parse_error: OnParseError,

    /// Lines are `{"data": …, "received_at": …, "url": …}` as sources with `envelope: true` write
    /// them: the record is `data`, received at `received_at` (Unix milliseconds).
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub envelope: bool,

    /// Stop after this many records. A run that resumes counts from 0. Diverted lines do not count.
    #[serde(default)]
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [1000]))]
    pub max_messages: Option<u64>,

    /// The longest line in bytes; a longer one ends the run with an error.
    #[serde(default = "max_message_bytes", with = "size")]
    #[schemars(with = "Bytes")]
    #[schemars(extend("examples" = [67_108_864, "64MiB"]))]
    pub max_message_bytes: usize,

    /// Records per page; 0 reads the whole file into one page.
    #[serde(default = "batch_size")]
    #[schemars(extend("examples" = [1000]))]
    pub batch_size: usize,

    /// A page is handed over when its payloads reach this many bytes. Not together with
    /// `batch_size: 0`.
    #[serde(default, with = "size::option")]
    #[schemars(with = "Option<Bytes>")]
    #[schemars(extend("default" = 8_388_608, "examples" = [8_388_608, "8MiB"]))]
    pub batch_bytes: Option<usize>,
}

/// The rules between the keys, for the schema; `build` checks them.
fn rules(schema: &mut Schema) {
    let whole = is("batch_size", &[0.into()]);
    schema_rule::add(schema, [when(whole, absent("batch_bytes"))]);
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
