//! How fast a local feed of 135-byte trades is received, beside a bare tokio-tungstenite loop that
//! discards frames. Prints records per second, CPU seconds per million records and ratios.
//!
//! `cargo bench -p faucet-stream --features full --bench feed [-- MILLIONS]`
//!
//! The feed and every receiver are processes of their own, so that the CPU time is the receiver's.

#![allow(clippy::unwrap_used, missing_docs, reason = "a program that measures")]

mod support;

use std::time::Instant;

use faucet_stream::{
    JsonlSinkConfig, Scope, SinkConfig as _, Source as _, WebsocketSource, WebsocketSourceConfig,
    WriteMode, WsMessageFormat,
};
use futures_util::StreamExt as _;

use support::{child, print_result, serve};

const RECEIVERS: [&str; 5] = ["bare", "pages raw", "pages json", "file raw", "file json"];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.as_slice() {
        [role] if role == "serve" => serve(),
        [role, url, millions] => receive(role, url, millions.parse().unwrap()),
        [millions] => compare(millions.parse().expect("millions of records")),
        _ => compare(10),
    }
}

fn compare(millions: u64) {
    let (mut feed, url) = child(&["serve"]);
    support::compare(&RECEIVERS, |receiver| {
        let (mut child, line) = child(&[receiver, &url, &millions.to_string()]);
        child.wait().unwrap();
        line
    });
    feed.kill().unwrap();
    feed.wait().unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn receive(role: &str, url: &str, millions: u64) {
    let records = millions * 1_000_000;
    let started = Instant::now();
    match role {
        "bare" => bare(url, records).await,
        "pages raw" => pages(url, records, WsMessageFormat::RawString).await,
        "pages json" => pages(url, records, WsMessageFormat::Json).await,
        "file raw" => file(url, records, WsMessageFormat::RawString).await,
        "file json" => file(url, records, WsMessageFormat::Json).await,
        other => panic!("no receiver {other}"),
    }
    print_result(started, millions);
}

async fn bare(url: &str, records: u64) {
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    for _ in 0..records {
        socket.next().await.unwrap().unwrap();
    }
}

fn source(url: &str, records: u64, message_format: WsMessageFormat) -> WebsocketSource {
    let defaults = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
    WebsocketSource::new(WebsocketSourceConfig {
        max_messages: Some(records),
        message_format,
        ..defaults
    })
    .unwrap()
}

async fn pages(url: &str, records: u64, format: WsMessageFormat) {
    let (source, run) = (source(url, records, format), Scope::default());
    let mut pages = source.stream_pages(&run);
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        seen += page.unwrap().len() as u64;
    }
    assert_eq!(seen, records);
}

async fn file(url: &str, records: u64, format: WsMessageFormat) {
    let path = std::env::temp_dir().join(format!("faucet-bench-{}.jsonl", std::process::id()));
    let config =
        JsonlSinkConfig { mode: WriteMode::Create, ..JsonlSinkConfig::new(path.to_string_lossy()) };
    let report = faucet_stream::run(source(url, records, format), config.build().unwrap()).await;
    assert_eq!(report.records, records, "{report:?}");
    let _ = std::fs::remove_file(path);
}
