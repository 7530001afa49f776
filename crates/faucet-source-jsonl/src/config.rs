//! The configuration.

use faucet_core::schema_rule::{self, absent, any_of, is, when};
use faucet_core::size::{self, Bytes};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use crate::line_format::{LineFormat, OnParseError};

/// Reads files of JSON Lines: one JSON value per line. Empty lines are passed over. Files that are
/// compressed by gzip or zstd are found by their first bytes. A line `{"faucet_gap": {…}}` of a sink with
/// `gap_records` is a gap of the feed again.
///
/// Where the pipeline keeps a `state`, the next run goes on behind the last record that every sink
/// has flushed. The state names the file, the offset in bytes of text and the line. The source refuses a
/// file that is shorter than that offset, or whose last line has grown since it was read. A named
/// pipe or a device has no such position.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "jsonl source", extend("examples" = [{"path": "recording.jsonl"}]), transform = rules)]
pub struct JsonlSourceConfig {
    /// The file, relative to the working directory; `-` is standard input, each line of which is a
    /// record at once. `*`, `?` and `[…]` match several files, which are read one after the other in the
    /// order of their names (`**` matches directories). `{name}` placeholders are filled from the run's
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

    /// Lines are messages as a sink with `frames: true` writes them: `{"at": …, "kind": …, "data": …}`. The
    /// record is the message, received at `at`, and keeps its kind. `format` says how it is read:
    /// `raw_string` takes text as text and other messages as bytes. Not together with `envelope`.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub frames: bool,

    /// Go on at the end of the file: the source waits for more lines, for a file that takes the place of
    /// this one, and for files whose names match the pattern and come behind the last one. A line is a
    /// record when its line break is there. Set `max_messages`, or stop the run.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub follow: bool,

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
    let framed = is("frames", &[true.into()]);
    let bare = any_of([absent("envelope"), is("envelope", &[false.into()])]);
    schema_rule::add(schema, [when(whole, absent("batch_bytes")), when(framed, bare)]);
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
            frames: false,
            follow: false,
            max_messages: None,
            max_message_bytes: max_message_bytes(),
            batch_size: batch_size(),
            batch_bytes: None,
        }
    }
}
