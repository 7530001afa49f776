//! When a run goes on with a new file.

use std::time::Duration;

use faucet_core::{Problem, Problems, duration};
use schemars::JsonSchema;
use serde::Deserialize;

/// When the sink goes on with a new file. The first limit that is reached counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"size": "100MiB", "every": "1h"}]))]
pub struct RotateKeys {
    /// The size of a file. A file ends with the page that reaches it; with `compress` the written size
    /// counts.
    #[serde(default, with = "faucet_core::size::option")]
    #[schemars(with = "Option<faucet_core::size::Bytes>", extend("examples" = [104_857_600, "100MiB"]))]
    pub size: Option<usize>,

    /// The length of time whose records a file holds, counted from midnight UTC: with `1h` a file begins
    /// with the first record that arrives in an hour.
    #[serde(default, with = "faucet_core::duration::option")]
    #[schemars(with = "Option<faucet_core::duration::Seconds>", extend("examples" = [3600, "1h"]))]
    pub every: Option<Duration>,
}

impl RotateKeys {
    /// Reports what is wrong with the keys.
    pub(crate) fn check(&self, problems: &mut Problems) {
        let mut inner = Problems::new();
        inner.push_if(self.size.is_none() && self.every.is_none(), || {
            Problem::invalid("size", "or `every` must be given: no file would ever end")
        });
        inner.push_if(self.size == Some(0), || {
            Problem::out_of_range("size", "a size of at least one byte")
        });
        duration::check("every", self.every, &mut inner);
        problems.extend_under(&faucet_core::KeyPath::key("rotate"), inner);
    }

    /// Whether a file of `length` bytes is full.
    pub(crate) fn is_full(&self, length: u64) -> bool {
        self.size.is_some_and(|size| length >= size as u64)
    }
}
