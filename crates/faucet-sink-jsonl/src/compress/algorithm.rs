//! The algorithm that compresses a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The algorithm that compresses a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Compress {
    /// The file is not compressed.
    #[default]
    None,
    /// gzip (RFC 1952): members one behind the other.
    Gzip,
    /// Zstandard (RFC 8878): frames one behind the other.
    Zstd,
}
