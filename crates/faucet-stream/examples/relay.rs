//! Sends every message of one WebSocket to another until Ctrl-C, byte for byte and at least once:
//! `relay wss://from/feed wss://to/collector`.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

use faucet_stream::core::decode;
use faucet_stream::{
    DeliveryMode, Report, Result, WebsocketSink, WebsocketSinkConfig, WebsocketSource,
    WebsocketSourceConfig, WsMessageFormat, run_until,
};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: relay FROM TO");
        return ExitCode::from(2);
    };
    match relay(&from, &to).await {
        Ok(report) => {
            eprintln!("{} records, {} sent again", report.delivered, report.resent);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn relay(from: &str, to: &str) -> Result<Report> {
    let source = WebsocketSource::new(WebsocketSourceConfig {
        message_format: WsMessageFormat::RawString,
        reconnect: true,
        unbounded: true,
        ..decode(json!({ "url": from }))?
    })?;
    let sink = WebsocketSink::new(WebsocketSinkConfig {
        delivery: DeliveryMode::AtLeastOnce,
        ..WebsocketSinkConfig::new(to)
    })?;
    run_until(source, sink, ctrl_c()).await.into_result()
}

#[expect(clippy::disallowed_methods, reason = "a program owns its signals")]
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler Ctrl-C ends the process at once.
        std::future::pending::<()>().await;
    }
}
