//! The configuration of both sinks.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::write_mode::WriteMode;

/// Writes records to a file as JSON Lines, one record per line.
///
/// Every page is written at once and can be read by other programs. "Delivered" means handed to the
/// operating system: it survives the end of the process, not that of the machine.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonlSinkConfig {
    /// The file, relative to the working directory; its directory must exist. `{name}` placeholders
    /// are filled from the run's context; such a value may not contain path separators. Named pipes
    /// and devices are written to as they are.
    pub path: String,

    /// What to do with a file that exists: `append` adds to it, `create` replaces it, `refuse`
    /// leaves it alone and fails.
    ///
    /// `append` never destroys the recording of an earlier run. If the last line of the file has no
    /// line break, it is given one, so that no two records share a line. A file is made, and with
    /// `create` the old content goes, when the first record is written: a run that receives nothing
    /// leaves everything as it was.
    #[serde(default)]
    pub mode: WriteMode,
}

impl JsonlSinkConfig {
    /// Appends to the file at `path`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), mode: WriteMode::default() }
    }
}

/// Writes records to standard output as JSON Lines, one record per line.
///
/// When the reader of a pipe goes away (`| head`), the run ends well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StdoutSinkConfig {}
