//! How often something may happen.

use std::time::Duration;

use faucet_core::duration::{self, Seconds};
use schemars::JsonSchema;
use serde::Deserialize;

/// At most so many in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"count": 5, "per": 1}]))]
pub struct RateLimit {
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("examples" = [5]))]
    pub count: u32,
    /// In this time.
    #[serde(with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [1, "5 min"]))]
    pub per: Duration,
}
