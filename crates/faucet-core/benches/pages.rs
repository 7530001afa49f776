//! What a message costs in the pages: to append it, to check it as JSON, to write it as a line.
//!
//! `cargo bench -p faucet-core --bench pages [-- FILE]`
//!
//! The messages are trades of 135 bytes and order books of 4.3 kB, or the lines of `FILE`. They stand in
//! a chunk of 256 KiB as a connection hands it over. Rounds of all ways alternate, and medians are
//! shown: the machine may be shared.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use faucet_core::json::{self, is_all_json};
use faucet_core::{
    Batch, BatchPayload, Chunk, JsonText, MessageKind, PageBuilder, Payload, Record, Span,
    StreamPage, Text, Timestamp,
};
use serde::de::IgnoredAny;

const CHUNK: usize = 256 * 1024;
const ROUNDS: usize = 15;
/// So many bytes of messages make a round.
const ROUND: usize = 8 << 20;

/// A way to handle all messages of a chunk.
type Way<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn main() {
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if let Some(file) = file {
        let text = std::fs::read_to_string(&file).unwrap();
        return measure(&file, &text.lines().map(str::to_owned).collect::<Vec<_>>());
    }
    measure("trades", &(0..5000).map(trade).collect::<Vec<_>>());
    measure("order books", &(0..100).map(order_book).collect::<Vec<_>>());
    measure("floats", &(0..5000).map(floats).collect::<Vec<_>>());
}

/// A number that looks random.
fn noise(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (n ^ n >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

fn price(n: u64) -> String {
    format!("{}.{:08}", 2500 + noise(n) % 500, noise(n + 7) % 10_000 * 10_000)
}

fn quantity(n: u64) -> String {
    format!("{}.{:08}", noise(n) % 30, noise(n + 7) % 100_000_000)
}

fn trade(n: u64) -> String {
    let (time, id) = (1_723_161_263_807 + n * 3, 1_350_000_000 + n);
    let maker = noise(n).is_multiple_of(2);
    format!(
        r#"{{"e":"trade","E":{time},"s":"ETHUSDT","t":{id},"p":"{}","q":"{}","T":{time},"m":{maker},"M":true}}"#,
        price(n),
        quantity(n),
    )
}

fn order_book(n: u64) -> String {
    let levels = |from: u64| {
        let level = |n| format!(r#"["{}","{}"]"#, price(n), quantity(n));
        (from..from + 80).map(level).collect::<Vec<_>>().join(",")
    };
    let (bids, asks) = (levels(n * 1000), levels(n * 1000 + 500));
    format!(
        r#"{{"e":"depthUpdate","E":1723161263807,"s":"ETHUSDT","U":{n},"b":[{bids}],"a":[{asks}]}}"#
    )
}

/// Numbers with fractions, and spaces: the text that the bulk check likes least.
fn floats(n: u64) -> String {
    let values: Vec<String> =
        (0..12).map(|k| format!("{}.{}", noise(n + k) % 3000, noise(n * k) % 9999)).collect();
    format!(r#"[{}, "trade", {{"ok": true}}]"#, values.join(", "))
}

/// A chunk as a connection leaves it: line breaks in place of frame headers.
fn received(messages: &[String]) -> (Bytes, Vec<Span>) {
    let (mut chunk, mut spans) = (Vec::new(), Vec::new());
    for message in messages.iter().cycle() {
        let header = if message.len() < 126 { 2 } else { 4 };
        if chunk.len() + header + message.len() > CHUNK {
            break;
        }
        chunk.resize(chunk.len() + header, b'\n');
        let (at, len) = (chunk.len() as u32, message.len() as u32);
        spans.push(Span { at, len, kind: MessageKind::Text });
        chunk.extend_from_slice(message.as_bytes());
    }
    (chunk.into(), spans)
}

fn page(chunk: Chunk<'_>, spans: &[Span], payload: BatchPayload) -> StreamPage {
    let received_at = Timestamp::from_unix_millis(1);
    let mut builder = PageBuilder::new();
    builder.reserve(spans.len());
    builder.push_batch(&Batch { chunk, spans, payload, received_at, envelope: None });
    builder.take()
}

fn page_one_by_one(payloads: impl Iterator<Item = Payload>) -> StreamPage {
    payloads.map(|payload| Record::new(payload, Timestamp::from_unix_millis(1))).collect()
}

/// Writes all records as lines, over and over into the same memory.
fn lines(page: StreamPage) -> Box<dyn FnMut()> {
    let mut out = Vec::new();
    Box::new(move || {
        out.clear();
        page.write_lines(0..page.len(), &mut out);
        black_box(&out);
    })
}

fn ways<'a>(chunk: &'a Bytes, spans: &'a [Span]) -> Vec<Way<'a>> {
    let texts = || spans.iter().map(|span| &chunk[span.range()]);
    let slices = move || spans.iter().map(|span| chunk.slice(span.range()));
    let shared = Chunk::Shared(chunk);
    let raw = page(shared, spans, BatchPayload::Text);
    let json_page = page(shared, spans, BatchPayload::Json);
    let judged = page(shared, spans, BatchPayload::JudgedJson);
    vec![
        ("push_batch, shared", Box::new(move || drop(page(shared, spans, BatchPayload::Text)))),
        (
            "push_batch, small",
            Box::new(move || drop(page(Chunk::Small(chunk), spans, BatchPayload::Text))),
        ),
        (
            "records one by one",
            Box::new(move || {
                let texts = slices().map(Text::from_checked);
                black_box(page_one_by_one(texts.map(Payload::Text)));
            }),
        ),
        ("is_all_json", Box::new(|| assert!(is_all_json(black_box(chunk), spans)))),
        ("json::check", Box::new(move || assert!(texts().all(|text| json::check(text).is_ok())))),
        (
            "serde_json IgnoredAny",
            Box::new(move || {
                assert!(texts().all(|text| serde_json::from_slice::<IgnoredAny>(text).is_ok()));
            }),
        ),
        ("write_lines, json", lines(json_page)),
        ("write_lines, json judged", lines(judged)),
        (
            "write_lines, json one by one",
            lines(page_one_by_one(
                slices().map(|text| Payload::Json(JsonText::new(text).unwrap())),
            )),
        ),
        ("write_lines, raw", lines(raw)),
        (
            "serde_json strings",
            Box::new({
                let mut out = Vec::new();
                move || {
                    out.clear();
                    for text in texts() {
                        serde_json::to_writer(&mut out, std::str::from_utf8(text).unwrap())
                            .unwrap();
                        out.push(b'\n');
                    }
                    black_box(&out);
                }
            }),
        ),
    ]
}

fn measure(name: &str, messages: &[String]) {
    let (chunk, spans) = received(messages);
    let mut ways = ways(&chunk, &spans);
    let times = (ROUND / chunk.len()).max(1);
    let mut found = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, way), found) in ways.iter_mut().zip(&mut found) {
            let began = Instant::now();
            (0..times).for_each(|_| way());
            found.push(began.elapsed().as_nanos() as f64 / (times * spans.len()) as f64);
        }
    }
    println!("{name}: {} B a message, ns a message", chunk.len() / spans.len());
    for ((way, _), found) in ways.iter().zip(&mut found) {
        found.sort_by(f64::total_cmp);
        println!("  {way:30} {:10.1}", found[ROUNDS / 2]);
    }
}
