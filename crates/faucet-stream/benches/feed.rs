//! How fast a local feed of 135-byte trades is received, beside a bare tokio-tungstenite loop that
//! discards frames. Prints records per second, CPU seconds per million records and ratios.
//!
//! `cargo bench -p faucet-stream --features full --bench feed [-- MILLIONS]`
//!
//! The feed and every receiver are processes of their own, so that the CPU time is the receiver's.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use faucet_stream::{
    JsonlSinkConfig, RunContext, SinkConfig as _, Source as _, WebsocketSource,
    WebsocketSourceConfig, WriteMode, WsMessageFormat,
};
use futures_util::StreamExt as _;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const TRADE: &[u8; 135] = br#"{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.00100000","q":"100.00000000","T":1672515782136,"m":true,"M":true,"x":1234}"#;
const ROUNDS: usize = 5;
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
    let mut results = vec![Vec::new(); RECEIVERS.len()];
    for _ in 0..ROUNDS {
        for (receiver, results) in RECEIVERS.iter().zip(&mut results) {
            let (mut child, line) = child(&[receiver, &url, &millions.to_string()]);
            child.wait().unwrap();
            let numbers: Vec<f64> = line.split_whitespace().map(|n| n.parse().unwrap()).collect();
            results.push((numbers[0], numbers[1], numbers[2]));
        }
    }
    feed.kill().unwrap();
    feed.wait().unwrap();
    println!(
        "{:<12} {:>10} {:>12} {:>8} {:>10} {:>9}",
        "receiver", "M rec/s", "CPU s per M", "RSS MB", "rate ×", "CPU ×"
    );
    let median = |results: &[(f64, f64, f64)], pick: fn(&(f64, f64, f64)) -> f64| {
        let mut values: Vec<f64> = results.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (rate, cpu) = (median(&results[0], |r| r.0), median(&results[0], |r| r.1));
    for (receiver, results) in RECEIVERS.iter().zip(&results) {
        let (r, c) = (median(results, |r| r.0), median(results, |r| r.1));
        let rss = median(results, |r| r.2);
        println!(
            "{receiver:<12} {r:>10.2} {c:>12.3} {rss:>8.1} {:>10.2} {:>9.2}",
            r / rate,
            c / cpu
        );
    }
}

/// Starts this program once more and reads the first line that it prints.
fn child(args: &[&str]) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

/// Serves frames that were encoded before.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("ws://{}/", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(move || drop(blast(stream)));
    }
}

fn blast(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head
        .lines()
        .find_map(|line| {
            line.split_once(": ").filter(|(k, _)| k.eq_ignore_ascii_case("sec-websocket-key"))
        })
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    let mut chunk = Vec::new();
    for _ in 0..2000 {
        chunk.extend_from_slice(&[0x81, 126, 0, TRADE.len() as u8]);
        chunk.extend_from_slice(TRADE);
    }
    loop {
        stream.write_all(&chunk)?;
    }
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
    let seconds = started.elapsed().as_secs_f64();
    let (cpu, rss) = usage();
    let millions = millions as f64;
    println!("{} {} {rss}", millions / seconds, cpu / millions);
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
    let (source, run) = (source(url, records, format), RunContext::default());
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

/// CPU seconds and the peak of resident memory in MB, of this process.
fn usage() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes = peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0);
    ((ticks(11) + ticks(12)) / 100.0, kilobytes / 1000.0)
}
