//! How fast a local feed of 135-byte trades goes from WebSocket to WebSocket in both delivery modes,
//! beside a bare tokio-tungstenite loop that feeds 1,000 messages and flushes.
//!
//! `cargo bench -p faucet-stream --features full --bench pipe [-- MILLIONS]`
//!
//! The feed, the receiver and every sender are processes of their own, so that the CPU time is the
//! sender's. The receiver reads and discards.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]

mod support;

use std::time::Instant;

use faucet_stream::{
    DeliveryMode, Payload, Record, Scope, Sink as _, StreamPage, Timestamp, WebsocketSink,
    WebsocketSinkConfig, WebsocketSource, WebsocketSourceConfig, WsMessageFormat,
};
use futures_util::{SinkExt as _, StreamExt as _};
use support::{TRADE, child, print_result, serve};
use tokio_tungstenite::tungstenite::Message;

const SENDERS: [&str; 6] = [
    "bare feed+flush",
    "sink at_most",
    "sink at_least",
    "pipe at_most",
    "pipe at_least",
    "pipe json at_least",
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.as_slice() {
        [role] if role == "serve" => serve(),
        [role] if role == "discard" => discard(),
        [role, from, to, millions] => send(role, from, to, millions.parse().unwrap()),
        [millions] => compare(millions.parse().expect("millions of records")),
        _ => compare(10),
    }
}

fn compare(millions: u64) {
    let (feed, from) = child(&["serve"]);
    let (receiver, to) = child(&["discard"]);
    support::compare(&SENDERS, |sender| {
        let (mut child, line) = child(&[sender, &from, &to, &millions.to_string()]);
        child.wait().unwrap();
        line
    });
    for mut child in [feed, receiver] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn discard() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("ws://{}/", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn send(role: &str, from: &str, to: &str, millions: u64) {
    let records = millions * 1_000_000;
    let started = Instant::now();
    let (most, least) = (DeliveryMode::AtMostOnce, DeliveryMode::AtLeastOnce);
    match role {
        "bare feed+flush" => bare(to, records).await,
        "sink at_most" => pages(to, records, most).await,
        "sink at_least" => pages(to, records, least).await,
        "pipe at_most" => pipe(from, to, records, WsMessageFormat::RawString, most).await,
        "pipe at_least" => pipe(from, to, records, WsMessageFormat::RawString, least).await,
        "pipe json at_least" => pipe(from, to, records, WsMessageFormat::Json, least).await,
        other => panic!("no sender {other}"),
    }
    print_result(started, millions);
}

async fn bare(to: &str, records: u64) {
    let (mut socket, _) = tokio_tungstenite::connect_async(to).await.unwrap();
    let trade = Message::text(std::str::from_utf8(TRADE).unwrap());
    for _ in 0..records / 1000 {
        for _ in 0..1000 {
            socket.feed(trade.clone()).await.unwrap();
        }
        socket.flush().await.unwrap();
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

fn sink(to: &str, delivery: DeliveryMode) -> WebsocketSink {
    WebsocketSink::new(WebsocketSinkConfig { delivery, ..WebsocketSinkConfig::new(to) }).unwrap()
}

async fn pages(to: &str, records: u64, delivery: DeliveryMode) {
    let run = Scope::default();
    let mut writer = sink(to, delivery).open(&run).await.unwrap();
    let text = std::str::from_utf8(TRADE).unwrap();
    let record = Record::new(Payload::Text(text.into()), Timestamp::now());
    for _ in 0..records / 1000 {
        writer.write_page(StreamPage::new(vec![record.clone(); 1000])).await.unwrap();
    }
    assert_eq!(writer.flush().await.unwrap().unconfirmed(), 0);
    writer.close().await.unwrap();
}

async fn pipe(from: &str, to: &str, records: u64, format: WsMessageFormat, delivery: DeliveryMode) {
    let defaults = serde_json::from_value(serde_json::json!({ "url": from })).unwrap();
    let source = WebsocketSource::new(WebsocketSourceConfig {
        max_messages: Some(records),
        message_format: format,
        ..defaults
    })
    .unwrap();
    let report = faucet_stream::run(source, sink(to, delivery)).await;
    assert_eq!((report.records, report.delivered), (records, records), "{report:?}");
}
