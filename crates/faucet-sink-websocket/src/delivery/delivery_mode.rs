//! The promise about records that are in flight when a connection is lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The promise about records that were on their way when a connection was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// They were flushed to the socket and are not sent again. Those that the peer is not known to
    /// have read are counted as `unconfirmed`, or as `lost_after_flush` if a flush of the pipeline
    /// came between.
    #[default]
    AtMostOnce,
    /// They are sent again, in order, until a Pong proves that the peer has read them. Some may
    /// arrive twice: what is sent again is counted as `resent`.
    AtLeastOnce,
}
