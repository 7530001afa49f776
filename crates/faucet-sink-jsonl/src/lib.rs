//! A sink that writes records as JSON Lines: one JSON value per line, to a file (`jsonl`) or to
//! standard output (`stdout`).
//!
//! What came in as JSON goes out byte for byte; text and binary records become JSON strings. Every
//! page is handed to the operating system as soon as it arrives, so that another program can read
//! along. When a write fails the file is cut back to its last whole line: there are no half records
//! in it, and none is counted that is not in it.

mod config;
mod factory;
mod file;
mod pen;
mod sink;
mod write_mode;
mod writer;

pub use config::{JsonlSinkConfig, StdoutSinkConfig};
pub use factory::register;
pub use sink::{JsonlSink, StdoutSink};
pub use write_mode::WriteMode;
