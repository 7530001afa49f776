//! A source that reads JSON Lines: one JSON value per line, as the sink `jsonl` writes them.
//!
//! It replays recordings and resumes from a position (file, offset in bytes, line). It is also the
//! smallest example of a source: a configuration that builds it, a source that opens a run, and a
//! reader that hands over pages.

mod config;
mod decode;
mod error;
mod factory;
mod files;
mod input;
mod line_format;
mod lines;
mod position;
mod reader;
mod source;

pub use config::JsonlSourceConfig;
pub use factory::register;
pub use line_format::{LineFormat, OnParseError};
pub use source::JsonlSource;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
