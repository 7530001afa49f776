//! The contract of faucet-stream.
//!
//! A [`Source`] opens a [`PageReader`] that yields [`StreamPage`]s of [`Record`]s; a [`Transform`]
//! opens a [`PageStage`] that changes them on their way; a [`Sink`] opens a [`PageWriter`] that takes
//! them. Configuration is immutable and describes itself ([`SourceConfig`], [`TransformConfig`],
//! [`SinkConfig`]); a run is a separate object that owns the mutable state and is told by a [`Scope`]
//! what it needs. Components enter a [`Registry`], which is an ordinary value: a connector of yours
//! registers through the same functions as the ones that ship with faucet-stream.
//!
//! Three folders: `stream` is what flows, `component` is who handles it, `config` is how it is
//! configured. [`select`] finds values in JSON bytes. This crate has no async runtime, no sockets and
//! no TLS in its dependency tree.
//!
//! These crates are part of the contract with these majors: `bytes` 1, `serde` 1, `serde_json` 1,
//! `schemars` 1, `async-trait` 0.1, `futures-core` 0.3.

mod component;
mod config;
pub mod select;
mod stream;

pub use async_trait::async_trait;
pub use component::{
    ActivityReading, Cancel, Cancelled, Carry, CheckReport, CheckStep, ConnectionState, Count,
    Counters, Delivery, Distribution, Emitted, Ended, Error, Error as FaucetError, ErrorKind,
    Flushed, Info, Next, Out, PageReader, PageStage, PageWriter, Phase, Reading, Result, Resume,
    Scope, Sink, Source, StepOutcome, Transform,
};
pub use config::{
    Beside, Checked, Code, ComponentKind, Entry, FileUse, KeyPath, LeftOut, NoEffect, OptionKey,
    Problem, ProblemKind, Problems, Registry, SchemaKey, SchemaView, Secret, SinkConfig,
    SourceConfig, Step, Table, TransformConfig, decode, decode_the_rest, duration, nearest,
    option_map, schema_rule, size, template, without_null_defaults,
};
pub use stream::{
    Batch, BatchPayload, Chunk, Gap, GapReason, JsonText, Mark, MessageKind, PageBuilder,
    PageLimits, Pager, Payload, PayloadRef, Position, Record, RecordRef, RecordRefs, Rejected,
    Span, StreamPage, Text, Timestamp, json,
};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
