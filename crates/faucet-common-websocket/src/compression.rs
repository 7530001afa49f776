//! The choice of compression.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The compression of messages on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Messages are sent and received as they are.
    #[default]
    None,
    /// Offers permessage-deflate (RFC 7692). If the server does not choose it, messages are sent and
    /// received as they are.
    Deflate,
}
