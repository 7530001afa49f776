//! The configuration of both sinks.

use schemars::JsonSchema;
use serde::Deserialize;

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
/// such length.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "jsonl sink", extend("examples" = [{"path": "trades.jsonl"}]))]
pub struct JsonlSinkConfig {
    /// The file, relative to the working directory; its directory must exist. `{name}` placeholders
    /// are filled from the run's context; such a value may not contain path separators. Named pipes
    /// and devices are written to as they are.
    #[schemars(extend("examples" = ["trades.jsonl"], "pattern" = "^[^\\u0000]+$", "x-file" = "write", "x-placeholders" = true))]
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
        Self { path: path.into(), mode: WriteMode::default(), fsync: None, gap_records: false }
    }
}

/// Writes records to standard output as JSON Lines, one record per line.
///
/// When the reader of a pipe goes away (`| head`), the run ends well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "stdout sink", extend("examples" = [{}]))]
pub struct StdoutSinkConfig {}
