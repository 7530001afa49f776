//! The contract of faucet-stream.
//!
//! A [`Source`] opens a [`PageReader`] that yields [`StreamPage`]s of [`Record`]s; a [`Sink`] opens
//! a [`PageWriter`] that takes them. Configuration is immutable and describes itself
//! ([`SourceConfig`], [`SinkConfig`]); a run is a separate object that owns the mutable state.
//! Connectors enter a [`Registry`], which is an ordinary value: a connector of yours registers
//! through the same functions as the ones that ship with faucet-stream.
//!
//! This crate has no async runtime, no sockets and no TLS in its dependency tree.

pub mod check;
pub mod config;
pub mod connector;
pub mod duration;
pub mod error;
pub mod json;
pub mod meter;
mod option_reader;
pub mod options;
pub mod page;
pub mod pager;
pub mod record;
pub mod registry;
mod schema;
pub mod secret;
pub mod select;
pub mod sink;
pub mod source;
pub mod template;

pub use async_trait::async_trait;
pub use check::{CheckReport, CheckStep, StepOutcome};
pub use connector::{SinkConfig, SourceConfig};
pub use error::{Error, Error as FaucetError, ErrorKind, Problems, Result};
pub use json::JsonText;
pub use meter::{Link, Meter, MeterReading, RunContext};
pub use options::OptionKey;
pub use page::{Bookmark, PayloadRef, RecordRef, StreamPage};
pub use pager::{PageLimits, Pager};
pub use record::{Payload, Record, Text, Timestamp};
pub use registry::{Entry, Kind, Registry};
pub use secret::Secret;
pub use sink::{PageWriter, Sink};
pub use source::{Delivery, Ended, Info, PageReader, Source};
