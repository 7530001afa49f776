//! A sink that writes records as JSON Lines: one JSON value per line, to a file (`jsonl`) or to
//! standard output (`stdout`).
//!
//! What came in as JSON goes out byte for byte; text and binary records become JSON strings. Every
//! page is handed to the operating system as soon as it arrives, so that another program can read
//! along. When a write fails, the sink cuts the file back to its last whole line: the file has no
//! half record, and every record that is counted.
//!
//! In a run that keeps a state, each flush of the sink `jsonl` saves the length of the file. The next
//! run cuts the file back to that length, so that a crash leaves no record twice.

mod compress;
mod config;
mod error;
mod factory;
mod files;
mod fsync;
mod gap_line;
mod line_writer;
mod medium;
mod output;
mod rendering;
mod sink;
mod sink_run;
mod stdout;
mod write_mode;
mod writer;

pub use compress::Compress;
pub use config::{JsonlSinkConfig, StdoutSinkConfig};
pub use factory::register;
pub use files::RotateKeys;
pub use fsync::Fsync;
pub use sink::JsonlSink;
pub use stdout::StdoutSink;
pub use write_mode::WriteMode;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
