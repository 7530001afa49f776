//! Records a firehose whose messages are CBOR until Ctrl-C, and goes on where the last run was:
//! `firehose wss://relay.example/xrpc/com.atproto.sync.subscribeRepos firehose.jsonl`.
//!
//! The server sends two CBOR values in each binary message: a header, and a body with the number of the
//! event. The file of the pipeline cannot name a place in CBOR. A decoder describes each message as JSON,
//! and the rest stays configuration: position, rules, holes.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

use faucet_stream::session::hooks::{
    DecodeFailed, DecodedMessages, DecodedRecord, InboundMessage, MessageDecoder,
};
use faucet_stream::{
    JsonlSinkConfig, Pipeline, Report, Result, SinkConfig, SourceConfig, WebsocketSource,
    WebsocketSourceConfig,
};
use serde::Deserialize;
use serde_json::json;

/// The first value of a message.
#[derive(Deserialize)]
struct Header {
    /// 1: an event; -1: an error, after which the server closes.
    op: i64,
    /// The type of an event: `#commit`, `#info`.
    #[serde(default)]
    t: String,
}

/// The second value of a message; an event has many more members.
#[derive(Deserialize)]
struct Body {
    /// The number of the event.
    seq: Option<u64>,
    /// The name of an error.
    error: Option<String>,
}

/// Describes messages of CBOR as JSON: `{"op": 1, "t": "#commit", "seq": 7}`.
#[derive(Default)]
pub(crate) struct Firehose;

impl MessageDecoder for Firehose {
    fn decode(
        &mut self,
        message: InboundMessage<'_>,
        decoded: &mut DecodedMessages,
    ) -> Result<(), DecodeFailed> {
        let mut rest = message.bytes;
        let Header { op, t } = ciborium::from_reader(&mut rest).map_err(DecodeFailed::new)?;
        let Body { seq, error } = ciborium::from_reader(&mut rest).map_err(DecodeFailed::new)?;
        let about = json!({"op": op, "t": t, "seq": seq, "error": error}).to_string();
        match seq {
            // The record is the message as it came in; nothing of it is copied.
            Some(_) => decoded.record(about, DecodedRecord::Slice(0..message.bytes.len())),
            None => decoded.control(about),
        }
        Ok(())
    }
}

/// A source of the firehose at `url`.
///
/// # Errors
/// The URL is not usable.
pub(crate) fn firehose(url: &str) -> Result<WebsocketSource> {
    let config: WebsocketSourceConfig = faucet_stream::core::decode(json!({
        "url": url,
        "query": {"cursor": "{cursor?}"},
        "message_format": "binary",
        "resume": {"cursor": "/seq", "order": "increasing"},
        "control": [
            {"match": {"/error": "FutureCursor"}, "action": "restart"},
            {"match": {"/error": "ConsumerTooSlow"}, "action": "reconnect"},
            {"match": {"/op": -1}, "action": "fail"},
            {"match": {"/t": "#info"}, "action": "warn"},
        ],
        "reconnect": true,
        "unbounded": true,
    }))?;
    Ok(config.build()?.with_decoder(|| Firehose))
}

/// Runs until `stop` and keeps the position beside the file `path`.
///
/// # Errors
/// The pipeline does not fit together, or the run fails.
pub(crate) async fn record(
    source: WebsocketSource,
    path: &str,
    stop: impl Future<Output = ()> + Send,
) -> Result<Report> {
    let pipeline = Pipeline::builder()
        .source("relay", source)
        .sink("file", JsonlSinkConfig::new(path).build()?, &[])
        .state(format!("{path}.state"))
        .build()?;
    pipeline.run_until(stop).await.into_result()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(path)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: firehose URL FILE");
        return ExitCode::from(2);
    };
    let recorded = match firehose(&url) {
        Ok(source) => record(source, &path, ctrl_c()).await,
        Err(error) => Err(error),
    };
    match recorded {
        Ok(report) => {
            eprintln!("{} records", report.records);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a program owns its signals")]
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler Ctrl-C ends the process at once.
        std::future::pending::<()>().await;
    }
}
