//! The treatment of a file that exists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with a file that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WriteMode {
    /// Add to the file.
    #[default]
    Append,
    /// Replace its content.
    Create,
    /// Leave it alone and fail.
    Refuse,
}
