//! When data goes to the disk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the sink waits until the disk has the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fsync {
    /// Never: the operating system decides.
    Never,
    /// With every flush of the pipeline.
    Flush,
    /// With every page.
    Page,
}
