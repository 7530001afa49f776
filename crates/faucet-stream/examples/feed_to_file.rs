//! Records a WebSocket feed until Ctrl-C: `feed_to_file wss://host/path out.jsonl`.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

use faucet_stream::{
    JsonlSinkConfig, Result, SinkConfig, WebsocketSource, WebsocketSourceConfig, run_until,
};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(path)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: feed_to_file URL FILE");
        return ExitCode::from(2);
    };
    match record(&url, &path).await {
        Ok(records) => {
            eprintln!("{records} records");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn record(url: &str, path: &str) -> Result<u64> {
    let config: WebsocketSourceConfig = faucet_stream::core::decode(json!({
        "url": url,
        "reconnect": true,
        "unbounded": true,
    }))?;
    let source = WebsocketSource::new(config)?;
    let sink = JsonlSinkConfig::new(path).build()?;
    // What was received when the shutdown comes is still written.
    let report = run_until(source, sink, ctrl_c()).await.into_result()?;
    Ok(report.records)
}

#[expect(clippy::disallowed_methods, reason = "a program owns its signals")]
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler Ctrl-C ends the process at once.
        std::future::pending::<()>().await;
    }
}
