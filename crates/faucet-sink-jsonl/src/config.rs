//! The configuration of both sinks.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::compress::{self, Compress};
use crate::files::RotateKeys;
use crate::fsync::Fsync;
use crate::write_mode::WriteMode;

/// Writes records to a file as JSON Lines, one record per line.
///
/// Every page is written at once and can be read by other programs. "Delivered" means handed to the
/// operating system: the record survives the end of the process. With `fsync` it also survives the
/// end of the machine.
///
/// Where the pipeline keeps a `state`, each flush saves the length of the file. The next run cuts a
/// longer file back to that length when it starts, and appends behind it in every `mode`: after a
/// crash the file has no half line and no record twice. So no other program may append to the file.
/// The sink refuses a file that is shorter than the saved length. Named pipes and devices have no
/// such length. Where the names of files change with the time, a hidden file (`.NAME.begun`) beside
/// them lists the begun ones, in runs with a `state` and of compressed files.
///
/// A file that was moved, deleted or whose directory went away is followed by a new one at its path,
/// within a second while records come. Records that no path leads to any more are copied to the new
/// file. With `mode: create` such a file is an error. Two runs never write to one file: the second
/// one ends with an error.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "jsonl sink", extend("examples" = [{"path": "trades.jsonl"}]))]
pub struct JsonlSinkConfig {
    /// The file, relative to the working directory; its directory must exist. `{date}` (`2026-11-26`)
    /// and `{hour}` (`07`) are those of the arrival of a record, in UTC: the sink goes on with another
    /// file when they change, and makes the directories that have them in their names. Other `{name}`
    /// placeholders are filled from the run's context; such a value may not contain path separators.
    /// Named pipes and devices are written to as they are; a pipe whose reader has gone is an error.
    #[schemars(extend("examples" = ["trades.jsonl"], "pattern" = "^[^\\u0000]+$", "x-file" = "write", "x-placeholders" = true, "x-own-placeholders" = ["date", "hour"]))]
    pub path: String,

    /// What to do with a file that exists: `append` adds to it, `create` replaces it, `refuse`
    /// leaves it alone and fails.
    ///
    /// `append` never destroys the recording of an earlier run. If the last line of the file has no
    /// line break, it is given one, so that no two records share a line. A file is made, and with
    /// `create` the old content goes, when the first record is written: a run that receives nothing
    /// leaves everything as it was. A run that goes on from a `state` appends to its own file.
    #[serde(default)]
    #[schemars(extend("examples" = ["create"]))]
    pub mode: WriteMode,

    /// When the sink waits until the disk has the data: `never`, with every `flush` of the pipeline,
    /// or with every `page`. Default: `flush` where the pipeline keeps a `state`, else `never`.
    #[serde(default)]
    #[schemars(extend("examples" = ["page"]))]
    pub fsync: Option<Fsync>,

    /// When the sink goes on with a new file. The name of each file then has the time at which its first
    /// record arrived, in front of its extensions: `trades-20261126T070000000Z.jsonl`.
    #[serde(default)]
    #[schemars(extend("examples" = [{"every": "1h"}]))]
    pub rotate: Option<RotateKeys>,

    /// Compress the file. Each flush of the pipeline, about one a second, ends a frame (zstd) or member
    /// (gzip): the standard tools read everything up to the last flush, also behind a run that was
    /// killed. The next run cuts off half a frame and warns. Records of the last second are in memory
    /// until their frame ends.
    #[serde(default)]
    #[schemars(extend("examples" = ["zstd"]))]
    pub compress: Compress,

    /// The level of the compression: 1 (fast) to 9 for `gzip`, 1 to 19 for `zstd`. Default: 6 for `gzip`,
    /// 1 for `zstd`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 19), extend("examples" = [3], "x-only-with" = {"compress": ["gzip", "zstd"]}))]
    pub compress_level: Option<u8>,

    /// Write messages instead of records: a line is `{"at": 1795679725123, "kind": "text", "data": "…"}`
    /// with the Unix milliseconds of the arrival, the kind of the message (`text` or `binary`) and its
    /// content, as a JSON string or as base64. The `jsonl` source and `faucet feed` read such lines, so
    /// that a recording gives back each message as the kind that it was.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub frames: bool,

    /// Write each gap of the feed as a line `{"faucet_gap": {"source", "from", "to", "seconds",
    /// "attempts", "reason", "missing"}}` at its place between the records. Times are Unix
    /// milliseconds. Such a line is not counted as a record.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub gap_records: bool,
}

impl JsonlSinkConfig {
    /// Appends to the file at `path`.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            mode: WriteMode::default(),
            fsync: None,
            rotate: None,
            compress: Compress::None,
            compress_level: None,
            frames: false,
            gap_records: false,
        }
    }

    /// The level of the compression.
    pub(crate) fn level(&self) -> u8 {
        self.compress_level.unwrap_or(compress::default_level(self.compress))
    }
}

/// Writes records to standard output as JSON Lines, one record per line.
///
/// When the reader of a pipe goes away (`| head`), the run ends well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "stdout sink", extend("examples" = [{}]))]
pub struct StdoutSinkConfig {
    /// Write each gap of the feed as a line `{"faucet_gap": {…}}` at its place between the records, as the
    /// `jsonl` sink does.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub gap_records: bool,
}
