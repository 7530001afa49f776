//! Moves records from live feeds to where they are needed.
//!
//! This crate gathers the parts of faucet-stream behind one name. Nothing is compiled that is not
//! asked for: each connector is a cargo feature, `pipeline` is the runner, `full` is everything.
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
//! [`registry`] knows all connectors of this build by the names they have in pipeline files. It is
//! an ordinary value: register yours beside them.

pub use faucet_core as core;
pub use faucet_core::{
    Error, ErrorKind, JsonText, Kind, PageReader, PageWriter, Payload, Record, Registry, Result,
    RunContext, Sink, SinkConfig, Source, SourceConfig, StreamPage, Timestamp, async_trait,
};
#[cfg(feature = "pipeline")]
pub use faucet_pipeline::{
    End, Pipeline, PipelineSpec, Problem, Progress, Report, Run, SpecFormat, run, run_until, schema,
};
#[cfg(feature = "sink-jsonl")]
pub use faucet_sink_jsonl::{JsonlSink, JsonlSinkConfig, StdoutSink, StdoutSinkConfig, WriteMode};
#[cfg(feature = "sink-websocket")]
pub use faucet_sink_websocket::{
    DeliveryMode, MessageType, RecordFormat, WebsocketSink, WebsocketSinkConfig,
    WebsocketSinkFactory,
};
#[cfg(feature = "source-jsonl")]
pub use faucet_source_jsonl::{JsonlSource, JsonlSourceConfig};
#[cfg(feature = "source-websocket")]
pub use faucet_source_websocket::{
    WebsocketSource, WebsocketSourceConfig, WebsocketSourceFactory, WsMessageFormat,
};
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

/// Registers a connector, or notes that it was left out.
type Part = fn(&mut Registry) -> Result<()>;

const PARTS: &[Part] = &[
    #[cfg(feature = "source-websocket")]
    faucet_source_websocket::register,
    #[cfg(not(feature = "source-websocket"))]
    |registry| left_out(registry, Kind::Source, "websocket", "source-websocket"),
    #[cfg(feature = "source-jsonl")]
    faucet_source_jsonl::register,
    #[cfg(not(feature = "source-jsonl"))]
    |registry| left_out(registry, Kind::Source, "jsonl", "source-jsonl"),
    #[cfg(feature = "sink-jsonl")]
    faucet_sink_jsonl::register,
    #[cfg(not(feature = "sink-jsonl"))]
    |registry| left_out(registry, Kind::Sink, "jsonl", "sink-jsonl"),
    #[cfg(not(feature = "sink-jsonl"))]
    |registry| left_out(registry, Kind::Sink, "stdout", "sink-jsonl"),
    #[cfg(feature = "sink-websocket")]
    faucet_sink_websocket::register,
    #[cfg(not(feature = "sink-websocket"))]
    |registry| left_out(registry, Kind::Sink, "websocket", "sink-websocket"),
    #[cfg(feature = "transforms")]
    faucet_transforms::register,
    #[cfg(not(feature = "transforms"))]
    |registry| {
        for name in ["filter", "pick", "split", "dedup"] {
            registry.transforms.leave_out(name, "transforms");
        }
        Ok(())
    },
];

#[allow(dead_code, reason = "unused where nothing is left out")]
fn left_out(
    registry: &mut Registry,
    kind: Kind,
    name: &'static str,
    feature: &'static str,
) -> Result<()> {
    registry.leave_out(kind, name, feature);
    Ok(())
}

/// The examples of the README compile.
#[cfg(all(doctest, feature = "source-websocket"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
