//! faucet-stream: the source alone, to a file, and to another WebSocket.

use std::hint::black_box;

use faucet_stream::{
    JsonlSinkConfig, Report, Scope, Sink, SinkConfig as _, Source as _, WebsocketSinkConfig,
    WebsocketSource, WebsocketSourceConfig, core,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::work::{Compression, Work};

/// Measures `stream_pages`.
pub(crate) async fn pages(work: &Work, format: &str) -> Result<Sample> {
    let (source, scope) = (source_of(work, format)?, Scope::default());
    let meter = Meter::start()?;
    let mut pages = source.stream_pages(&scope);
    let mut seen = Seen::default();
    while let Some(page) = pages.next().await {
        let page = black_box(page?);
        seen.messages += page.len() as u64;
        seen.bytes += page.payload_bytes() as u64;
    }
    meter.stop(seen.check(work.messages)?)
}

/// Measures a pipeline to a file of JSON Lines.
pub(crate) async fn lines(work: &Work, format: &str) -> Result<Sample> {
    let path = work.directory.join("lines.jsonl");
    let config: JsonlSinkConfig = core::decode(json!({ "path": path, "mode": "create" }))?;
    let sample = pipeline(work, format, config.build()?).await;
    std::fs::remove_file(path)?;
    sample
}

/// Measures a pipeline to another WebSocket.
pub(crate) async fn relay(work: &Work, format: &str, delivery: &str) -> Result<Sample> {
    pipeline(work, format, sink(work, delivery)?).await
}

async fn pipeline(work: &Work, format: &str, sink: impl Sink + 'static) -> Result<Sample> {
    let source = source_of(work, format)?;
    let meter = Meter::start()?;
    let report = faucet_stream::run(source, sink).await.into_result()?;
    let sample = meter.stop(seen(&report).check(work.messages)?)?;
    if report.delivered != work.messages {
        return Err(format!("{} of {} were delivered", report.delivered, work.messages).into());
    }
    Ok(sample)
}

fn seen(report: &Report) -> Seen {
    Seen { messages: report.records, bytes: report.bytes }
}

fn source_of(work: &Work, format: &str) -> Result<WebsocketSource> {
    let mut keys = json!({ "message_format": format });
    add(&mut keys, &compression(work));
    source(&work.from, keys)
}

fn compression(work: &Work) -> Value {
    match work.compression {
        Compression::None => json!({}),
        _ => json!({ "compression": "deflate" }),
    }
}

/// A source that runs until the server says Close, with some more keys.
pub(crate) fn source(from: &Endpoint, keys: Value) -> Result<WebsocketSource> {
    let mut config = json!({ "url": from.url(), "unbounded": true });
    add(&mut config, &keys);
    add(&mut config, &tls(from));
    Ok(WebsocketSource::new(core::decode::<WebsocketSourceConfig>(config)?)?)
}

/// A sink with one of the delivery modes.
pub(crate) fn sink(work: &Work, delivery: &str) -> Result<impl Sink + 'static> {
    let mut config = json!({ "url": work.to.url(), "delivery": delivery });
    add(&mut config, &tls(&work.to));
    add(&mut config, &compression(work));
    Ok(core::decode::<WebsocketSinkConfig>(config)?.build()?)
}

fn tls(endpoint: &Endpoint) -> Value {
    endpoint.ca_file.as_ref().map_or(json!({}), |file| json!({ "tls": { "ca_file": file } }))
}

fn add(config: &mut Value, keys: &Value) {
    for (key, value) in keys.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
}
