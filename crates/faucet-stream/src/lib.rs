//! Moves records from live feeds to where they are needed.
//!
//! This crate gathers the parts of faucet-stream behind one name. Nothing is compiled that is not
//! asked for: each connector is a cargo feature, `pipeline` is the runner, `full` is everything but `sql`.
//!
//! ```no_run
//! # #[cfg(all(feature = "pipeline", feature = "source-jsonl", feature = "sink-jsonl"))]
//! # async fn example() -> faucet_stream::Result<()> {
//! use faucet_stream::{
//!     JsonlSourceConfig, SinkConfig, SourceConfig, StdoutSinkConfig, run_until,
//! };
//!
//! let source = JsonlSourceConfig::new("trades.jsonl").build()?;
//! let sink = StdoutSinkConfig::default().build()?;
//! let report = run_until(source, sink, std::future::pending()).await.into_result()?;
//! println!("{} records", report.records);
//! # Ok(())
//! # }
//! ```
//!
//! Editors and other tools look at the text of a pipeline file with `validate`, which finds everything
//! that is wrong with it, and where:
//!
//! ```
//! # #[cfg(all(feature = "pipeline", feature = "source-jsonl", feature = "sink-jsonl"))] {
//! use faucet_stream::{SpecFormat, registry, validate};
//!
//! let text = "source: {type: jsonl, path: a.jsonl}\nsink: {type: jsonl, pth: b.jsonl}\n";
//! let found = validate(&registry(), text, SpecFormat::Yaml);
//! assert_eq!(found[0].code().as_str(), "unknown-key");
//! assert_eq!(found[0].start.map(|start| (start.line, start.column)), Some((2, 21)));
//! assert_eq!(found[0].label().as_deref(), Some("did you mean `path`?"));
//! # }
//! ```
//!
//! [`registry`] knows all connectors of this build by the names they have in pipeline files. It is
//! an ordinary value: register yours beside them.

pub use faucet_core as core;
pub use faucet_core::{
    CheckReport, ComponentKind, Delivery, Error, ErrorKind, Flushed, Gap, Info, JsonText, Mark,
    Next, PageReader, PageStage, PageWriter, Payload, Position, Problem, Problems, Record,
    Registry, Result, Scope, Sink, SinkConfig, Source, SourceConfig, StreamPage, Timestamp,
    Transform, TransformConfig, async_trait,
};
#[cfg(feature = "pipeline")]
pub use faucet_pipeline::{
    Buffer, Component, ComponentProgress, ComponentReport, Diagnostic, End, Flush, Flusher, Peek,
    Pipeline, PipelineBuilder, PipelineSpec, Progress, Report, Run, Severity, SpecErrors,
    SpecFormat, Variable, Verdict, WhenFull, component_schema, diagnostic, run, run_until, schema,
    validate,
};
#[cfg(feature = "sink-jsonl")]
pub use faucet_sink_jsonl::{
    Compress, Fsync, JsonlSink, JsonlSinkConfig, RotateKeys, StdoutSink, StdoutSinkConfig,
    WriteMode,
};
#[cfg(all(feature = "sink-websocket", not(feature = "source-websocket")))]
pub use faucet_sink_websocket::session;
#[cfg(feature = "sink-websocket")]
pub use faucet_sink_websocket::{
    DeliveryMode, MessageType, RecordFormat, WebsocketSink, WebsocketSinkConfig,
    WebsocketSinkFactory,
};
#[cfg(feature = "source-jsonl")]
pub use faucet_source_jsonl::{JsonlSource, JsonlSourceConfig};
#[cfg(feature = "source-websocket")]
pub use faucet_source_websocket::session;
#[cfg(feature = "source-websocket")]
pub use faucet_source_websocket::{
    WebsocketSource, WebsocketSourceConfig, WebsocketSourceFactory, WsMessageFormat,
};
#[cfg(feature = "sql")]
pub use faucet_sql as sql;
#[cfg(feature = "transforms")]
pub use faucet_transforms::{
    Dedup, DedupConfig, Filter, FilterConfig, Pick, PickConfig, Split, SplitConfig,
};

/// All connectors of this build, and the cargo features of those that were left out.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    for part in PARTS {
        part(&mut registry).expect("the connectors of this crate have different names");
    }
    registry
}

/// Registers components, or notes that they were left out.
type Part = fn(&mut Registry) -> Result<(), Problems>;

const PARTS: &[Part] = &[
    #[cfg(feature = "source-websocket")]
    faucet_source_websocket::register,
    #[cfg(not(feature = "source-websocket"))]
    |registry| {
        registry.sources.leave_out("websocket", "source-websocket");
        Ok(())
    },
    #[cfg(feature = "source-jsonl")]
    faucet_source_jsonl::register,
    #[cfg(not(feature = "source-jsonl"))]
    |registry| {
        registry.sources.leave_out("jsonl", "source-jsonl");
        Ok(())
    },
    #[cfg(feature = "sink-jsonl")]
    faucet_sink_jsonl::register,
    #[cfg(not(feature = "sink-jsonl"))]
    |registry| {
        registry.sinks.leave_out("jsonl", "sink-jsonl");
        registry.sinks.leave_out("stdout", "sink-jsonl");
        Ok(())
    },
    #[cfg(feature = "sink-websocket")]
    faucet_sink_websocket::register,
    #[cfg(not(feature = "sink-websocket"))]
    |registry| {
        registry.sinks.leave_out("websocket", "sink-websocket");
        Ok(())
    },
    #[cfg(feature = "transforms")]
    faucet_transforms::register,
    #[cfg(not(feature = "transforms"))]
    |registry| {
        for name in ["filter", "pick", "split", "dedup"] {
            registry.transforms.leave_out(name, "transforms");
        }
        Ok(())
    },
    #[cfg(feature = "sql")]
    faucet_sql::register,
    #[cfg(not(feature = "sql"))]
    |registry| {
        registry.transforms.leave_out("sql", "sql");
        Ok(())
    },
];

/// The examples of the README compile.
#[cfg(all(doctest, feature = "source-websocket"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The example of the crate's own README compiles.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../README.md")]
struct Door;
