//! SQL on live feeds: scripts declare streams on any registered connector, filter them, and aggregate them
//! in windows that close by the clock. [Apache DataFusion](https://datafusion.apache.org) plans and runs the
//! queries.
//!
//! A [`Script`] is a text with `CREATE STREAM`, `INSERT INTO` and `SELECT`, and becomes a pipeline. A
//! [`SqlConfig`] is one query as a transform of a pipeline file, `type: sql`.

mod compile;
mod config;
mod deep;
mod engine;
mod rows;
mod schema;
mod script;
mod sql_script;
mod stage;
mod transform;
mod window;

use faucet_core::{Problems, Registry};

pub use config::{SqlConfig, StreamKeys};
pub use sql_script::Script;
pub use transform::SqlTransform;

/// Registers the transform `sql`.
///
/// # Errors
/// When a transform of this name is registered already.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_transform::<SqlConfig>()
}

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
