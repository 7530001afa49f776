//! The costs of making rows of records, and records of rows.
//!
//! `cargo bench -p faucet-sql --bench codec [-- WAY TIMES]`
//!
//! The records are trades of about 117 bytes. Rounds of all ways alternate, and medians are shown: the
//! machine may be shared.
//!
//! With a WAY, such as `decode 3`, the program handles all records TIMES times and measures nothing.
//! Callgrind counts its instructions: the difference between two TIMES, divided by the records that the
//! program names, is the cost of one record, which no other load on the machine changes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]
#![allow(dead_code, unused_imports, reason = "the program uses a part of the modules")]

#[path = "../src/rows/mod.rs"]
mod rows;
#[path = "../src/schema/mod.rs"]
mod schema;

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

use datafusion::arrow::array::RecordBatch;
use faucet_core::{JsonText, PageBuilder, Payload, Record, StreamPage, Timestamp};

use rows::{Decoder, Encoder, Format};
use schema::{Column, ColumnType};

const ROUNDS: usize = 15;
/// The records of a page.
const PAGE: u64 = 1000;
const PAGES: u64 = 50;

/// A way to handle one page, by its number.
struct Way {
    name: &'static str,
    bytes: usize,
    handle: Box<dyn Fn(usize)>,
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let ways = ways();
    match &arguments[..] {
        [wanted, times] => {
            let way = ways.iter().find(|way| way.name == *wanted).unwrap();
            (0..times.parse().unwrap()).for_each(|_| round(way));
            println!("{times} times {} records", PAGES * PAGE);
        }
        _ => measure(&ways),
    }
}

/// A number that looks random.
fn noise(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (n ^ n >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

fn trade(n: u64) -> String {
    let (time, id) = (1_732_550_400_123 + n * 3, 4_180_012_345 + n);
    format!(
        r#"{{"e":"trade","E":{time},"s":"C{:02}USDT","t":{id},"p":"{}.{:02}","q":"{}.{:05}","T":{time},"m":{},"M":true}}"#,
        noise(n) % 100,
        90_000 + noise(n + 3) % 20_000,
        noise(n + 7) % 100,
        noise(n + 5) % 30,
        noise(n + 9) % 100_000,
        noise(n).is_multiple_of(2),
    )
}

fn combined(n: u64) -> String {
    format!(r#"{{"stream":"btcusdt@trade","data":{}}}"#, trade(n))
}

fn numbers(n: u64) -> String {
    format!(
        r#"{{"s":"BTCUSDT","a":{},"b":{}.{:03},"c":0.{:08},"d":{}}}"#,
        noise(n),
        noise(n + 1) % 100_000,
        noise(n + 2) % 1000,
        noise(n + 3) % 100_000_000,
        n,
    )
}

fn pages(record: impl Fn(u64) -> String) -> Vec<StreamPage> {
    let page = |page: u64| {
        let records = (page * PAGE..(page + 1) * PAGE).map(|n| {
            let at = Timestamp::from_unix_millis(1_732_550_400_000 + n / 10);
            Record::new(Payload::Json(JsonText::new(record(n).into()).unwrap()), at)
        });
        let mut page = records.collect::<StreamPage>();
        // A page of a connection has few chunks.
        let chunk: Vec<u8> = page.iter().flat_map(|record| record.as_bytes().to_vec()).collect();
        let chunk = bytes::Bytes::from(chunk);
        let mut at = 0;
        let mut spans = Vec::new();
        for len in page.payload_lens(0..page.len()) {
            spans.push(faucet_core::Span {
                at: u32::try_from(at).unwrap(),
                len: u32::try_from(len).unwrap(),
                kind: faucet_core::MessageKind::Text,
            });
            at += len;
        }
        let mut builder = PageBuilder::new();
        for (spans, record) in spans.chunks(10).zip(page.iter().step_by(10)) {
            builder.push_batch(&faucet_core::Batch {
                chunk: faucet_core::Chunk::Shared(&chunk),
                spans,
                payload: faucet_core::BatchPayload::Json,
                received_at: record.received_at(),
                envelope: None,
            });
        }
        page = builder.take();
        page
    };
    (0..PAGES).map(page).collect()
}

fn columns(columns: &[(&str, ColumnType)]) -> Vec<Column> {
    columns
        .iter()
        .map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind, pointer: None })
        .collect()
}

fn ways() -> Vec<Way> {
    let three = [("s", ColumnType::String), ("p", ColumnType::String), ("q", ColumnType::String)];
    let six = [
        ("E", ColumnType::Long),
        ("s", ColumnType::String),
        ("t", ColumnType::Long),
        ("p", ColumnType::String),
        ("q", ColumnType::String),
        ("m", ColumnType::Bool),
    ];
    let object = [("stream", ColumnType::String), ("data", ColumnType::Object)];
    let doubles = [
        ("s", ColumnType::String),
        ("a", ColumnType::Double),
        ("b", ColumnType::Double),
        ("c", ColumnType::Double),
        ("d", ColumnType::Double),
    ];
    let (trades, combined, numbers) = (pages(trade), pages(combined), pages(numbers));
    vec![
        decode("decode 3", &trades, &three),
        decode("decode 6", &trades, &six),
        decode("decode OBJECT", &combined, &object),
        decode("decode 4 DOUBLE", &numbers, &doubles),
        encode("encode 3", &trades, &three),
        encode("encode 6", &trades, &six),
        encode("encode OBJECT", &combined, &object),
        encode("encode 4 DOUBLE", &numbers, &doubles),
    ]
}

fn decode(name: &'static str, pages: &[StreamPage], wanted: &[(&str, ColumnType)]) -> Way {
    let bytes = pages.iter().map(StreamPage::payload_bytes).sum();
    let decoder = RefCell::new(Decoder::new(Format::Json, &columns(wanted)));
    let pages = pages.to_vec();
    let handle = move |page: usize| {
        let decoded = decoder.borrow_mut().decode(&pages[page]);
        assert!(decoded.bad.is_empty());
        black_box(decoded.batch);
    };
    Way { name, bytes, handle: Box::new(handle) }
}

fn encode(name: &'static str, pages: &[StreamPage], wanted: &[(&str, ColumnType)]) -> Way {
    let mut decoder = Decoder::new(Format::Json, &columns(wanted));
    let batches: Vec<RecordBatch> = pages.iter().map(|page| decoder.decode(page).batch).collect();
    let encoder = Encoder::new(Format::Json, decoder.schema()).unwrap();
    let encoded = move |page: usize| {
        let mut builder = PageBuilder::new();
        let at = |_| Timestamp::from_unix_millis(1);
        encoder.encode(&batches[page], at, &mut builder).unwrap();
        builder.take()
    };
    let bytes = (0..pages.len()).map(|page| encoded(page).payload_bytes()).sum();
    let handle = move |page| {
        black_box(encoded(page));
    };
    Way { name, bytes, handle: Box::new(handle) }
}

fn round(way: &Way) {
    (0..usize::try_from(PAGES).unwrap()).for_each(&way.handle);
}

fn measure(ways: &[Way]) {
    let mut found = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (way, found) in ways.iter().zip(&mut found) {
            let began = Instant::now();
            round(way);
            found.push(began.elapsed().as_secs_f64());
        }
    }
    for (way, times) in ways.iter().zip(&mut found) {
        times.sort_by(f64::total_cmp);
        let time = times[ROUNDS / 2];
        let rows = (PAGES * PAGE) as f64 / time / 1e6;
        let best = (PAGES * PAGE) as f64 / times[0] / 1e6;
        let megabytes = way.bytes as f64 / time / 1e6;
        println!("{:18} {rows:6.2} M rows/s (best {best:5.2}) {megabytes:7.0} MB/s", way.name);
    }
}
