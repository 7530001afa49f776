//! What the runner costs for a page, against calls of the source and the sink without it.
//!
//! `cargo bench -p faucet-pipeline --bench page [-- ROUNDS]`
//!
//! The source cuts 135-byte records out of one chunk and has a position behind each page, the sink
//! copies them into lines. Rounds of all ways alternate, and medians are shown: the machine is shared.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use faucet_core::{
    CheckReport, Delivery, Ended, Flushed, Info, Next, PageReader, PageWriter, Payload, Position,
    Record, Result, Resume, Scope, Sink, Source, StreamPage, Timestamp,
};
use faucet_pipeline::{Flush, Pipeline};
use tokio::runtime::{Builder, Runtime};

const RECORD: usize = 135;
const SIZES: [(usize, u64); 3] = [(1, 200_000), (100, 50_000), (1000, 10_000)];
const WAYS: [&str; 3] = ["direct calls", "runner, one future", "runner, a task each"];

#[derive(Debug, Clone)]
struct Chunks {
    pages: u64,
    records: usize,
}

struct ChunksReader {
    of: Chunks,
    n: u64,
    chunk: Bytes,
}

#[async_trait]
impl Source for Chunks {
    fn info(&self) -> Info {
        Info::new("chunks", "", Delivery::AtMostOnce).with_resume(Resume::Positions)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        let chunk = Bytes::from(vec![b'x'; RECORD * self.records]);
        Ok(Box::new(ChunksReader { of: self.clone(), n: 0, chunk }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}

#[async_trait]
impl PageReader for ChunksReader {
    async fn next_page(&mut self) -> Result<Next> {
        if self.n == self.of.pages {
            return Ok(Next::End(Ended::Exhausted));
        }
        self.n += 1;
        let at = Timestamp::from_unix_millis(self.n);
        let record = |n: usize| {
            let payload = self.chunk.slice(n * RECORD..(n + 1) * RECORD);
            Record::new(Payload::Binary(payload), at)
        };
        Ok(Next::Page((0..self.of.records).map(record).collect()))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(None)
    }

    fn position(&self) -> Option<Position> {
        Some(Position::new(self.n.to_string()))
    }
}

#[derive(Debug, Clone)]
struct Lines;

#[derive(Default)]
struct LinesWriter {
    out: Vec<u8>,
}

#[async_trait]
impl Sink for Lines {
    fn info(&self) -> Info {
        Info::new("lines", "", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(LinesWriter::default()))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}

#[async_trait]
impl PageWriter for LinesWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.out.clear();
        for record in page.iter() {
            self.out.extend_from_slice(record.as_bytes());
            self.out.push(b'\n');
        }
        black_box(&self.out);
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        Ok(Flushed::ALL)
    }
}

async fn direct(source: &Chunks) {
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.unwrap();
    let mut writer = Lines.open(&scope).await.unwrap();
    while let Next::Page(page) = reader.next_page().await.unwrap() {
        writer.write_page(page).await.unwrap();
    }
    let _ = writer.flush().await.unwrap();
}

async fn run(source: &Chunks, parallel: bool) {
    let pipeline = Pipeline::builder()
        .source("chunks", source.clone())
        .sink("lines", Lines, &["chunks"])
        .flush(Flush::every(Duration::from_millis(100)))
        .parallel(parallel)
        .build()
        .unwrap();
    let report = pipeline.run().await;
    assert_eq!(report.pages, source.pages);
}

/// Nanoseconds a page.
fn measure(way: usize, source: &Chunks, one: &Runtime, many: &Runtime) -> f64 {
    let start = Instant::now();
    match way {
        0 => one.block_on(direct(source)),
        1 => one.block_on(run(source, false)),
        _ => many.block_on(run(source, true)),
    }
    start.elapsed().as_nanos() as f64 / source.pages as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let rounds: usize = args.next().map_or(11, |n| n.parse().expect("a number of rounds"));
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    let many = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (records, pages) in SIZES {
        let source = Chunks { pages, records };
        let times: Vec<[f64; 3]> =
            (0..rounds).map(|_| [0, 1, 2].map(|way| measure(way, &source, &one, &many))).collect();
        for (way, name) in WAYS.iter().enumerate() {
            let ns = median(times.iter().map(|round| round[way]));
            let more = median(times.iter().map(|round| round[way] - round[0]));
            let ratio = median(times.iter().map(|round| round[way] / round[0]));
            println!(
                "{records:5} records a page  {name:20}  {ns:8.0} ns a page  {more:+7.0} ns  x{ratio:.3}"
            );
        }
    }
}
