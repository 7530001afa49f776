//! The rules of configurations. Each function is a rule, and panics with `rule NAME: …` where the
//! configuration breaks it. [`conforms`] tries all.
//!
//! ```
//! use faucet_core::{Problem, Problems, SourceConfig};
//! use faucet_testkit::VecSource;
//! use faucet_testkit::config::{self, ConfigCase};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! /// Counts from zero.
//! #[derive(Debug, Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct CountConfig {
//!     /// How many numbers.
//!     count: usize,
//! }
//!
//! impl SourceConfig for CountConfig {
//!     const NAME: &'static str = "count";
//!     type Source = VecSource;
//!
//!     fn build(self) -> Result<VecSource, Problems> {
//!         if self.count > 1000 {
//!             return Err(Problem::out_of_range("count", "at most 1000").into());
//!         }
//!         let texts: Vec<String> = (0..self.count).map(|n| n.to_string()).collect();
//!         Ok(VecSource::texts(&texts, 10))
//!     }
//! }
//!
//! config::conforms(&ConfigCase::source::<CountConfig>(serde_json::json!({"count": 3})));
//! ```

mod building;
mod case;
mod mutate;
mod schema;

pub use building::{
    builds_its_examples, builds_without_io, builds_without_panic, keeps_its_secrets,
    names_places_that_exist, refuses_unknown_keys,
};
pub use case::ConfigCase;
pub use schema::{
    closes_its_maps, documents_every_key, has_a_plain_name, leaves_the_pipelines_keys,
    marks_its_secrets,
};

/// Tries every rule.
pub fn conforms(case: &ConfigCase) {
    has_a_plain_name(case);
    documents_every_key(case);
    closes_its_maps(case);
    marks_its_secrets(case);
    leaves_the_pipelines_keys(case);
    builds_its_examples(case);
    refuses_unknown_keys(case);
    builds_without_panic(case);
    names_places_that_exist(case);
    builds_without_io(case);
    keeps_its_secrets(case);
}
