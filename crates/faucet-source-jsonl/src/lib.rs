//! A source that reads JSON Lines: one JSON value per line, as the sink `jsonl` writes them.
//!
//! It replays recordings, and it is the smallest example of a source: a configuration that builds
//! it, a source that opens a run, and a reader that hands over pages.

mod config;
mod decode;
mod source;

pub use config::{JsonlSourceConfig, LineFormat, OnParseError};
pub use source::JsonlSource;

use faucet_core::{Registry, Result};

/// Registers the source `jsonl`.
///
/// # Errors
/// When a source of that name is registered already.
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.add_source::<JsonlSourceConfig>()
}
