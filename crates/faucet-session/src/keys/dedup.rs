//! Which records were there before.

use faucet_core::select::Pointer;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which records count as repeated. A repeated record is left out and counted as `duplicate`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"records": 10_000, "key": ["/id"]}]))]
pub struct DedupKeys {
    /// How many records are remembered; about 50 bytes of memory for each.
    #[schemars(range(min = 1, max = 10_000_000))]
    #[schemars(extend("examples" = [10_000]))]
    pub records: u32,
    /// Places of the record, after `unwrap`, that tell it from others. A record that has none of the places
    /// is never a repeated one. Default: the whole record.
    #[serde(default)]
    #[schemars(extend("examples" = [["/id"]], "default" = []))]
    pub key: Vec<Pointer>,
}
