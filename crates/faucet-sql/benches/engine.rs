//! Rows a second from pages of JSON to the results of a query.
//!
//! `cargo bench -p faucet-sql --bench engine` prints a line for each query: VWAP of 100 symbols in windows of a
//! minute, the same without a window as a filter, and a hopping window. The pages are made before; what is
//! measured is decoding, the query and encoding, on one thread.
//!
//! With `-- --seconds 600` it runs the first query at full speed for so long in one stage, in windows of a second
//! by the clock, and prints the memory of the process every minute (Linux).

#![expect(clippy::print_stdout, reason = "a bench prints its results")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use faucet_core::{
    JsonText, Out, PageStage, Payload, Record, Scope, StreamPage, Timestamp, Transform as _,
    TransformConfig as _,
};
use faucet_sql::{SqlConfig, StreamKeys};

const ROWS: u64 = 2_000_000;
const PAGE: u64 = 1000;
const GROUPS: u64 = 100;
/// Event time between two rows, so that a minute has 40,000 of them.
const MICROS: u64 = 1500;

const QUERIES: [(&str, &str); 4] = [
    (
        "vwap, tumbling 1 min",
        "SELECT s AS symbol, SUM(CAST(p AS DOUBLE) * CAST(q AS DOUBLE)) / SUM(CAST(q AS DOUBLE)) AS vwap, \
         SUM(CAST(q AS DOUBLE)) AS volume FROM trades WINDOW TUMBLING(1 min) GROUP BY s",
    ),
    (
        "vwap, hopping 1 min / 10 s",
        "SELECT s AS symbol, SUM(CAST(p AS DOUBLE) * CAST(q AS DOUBLE)) / SUM(CAST(q AS DOUBLE)) AS vwap \
         FROM trades WINDOW HOPPING(1 min, 10 sec) GROUP BY s",
    ),
    ("filter 1 %", "SELECT s, p, q FROM trades WHERE s = 'SYM7USDT'"),
    ("project all", "SELECT s AS symbol, p AS price, q AS quantity, T AS at FROM trades"),
];

/// A record as Binance sends it, of 9 members.
fn record(n: u64) -> Record {
    let at = 1_700_000_000_000 + n * MICROS / 1000;
    let text = format!(
        "{{\"e\":\"trade\",\"E\":{at},\"s\":\"SYM{}USDT\",\"t\":{n},\"p\":\"{}.{:02}000000\",\"q\":\"0.{:05}000\",\"T\":{at},\"m\":true,\"M\":true}}",
        n * 7919 % GROUPS,
        50_000 + n % 977,
        n % 100,
        1 + n % 9973,
    );
    let json = JsonText::new(text.into()).expect("the text is JSON");
    Record::new(Payload::Json(json), Timestamp::from_unix_millis(at))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let pages: Vec<StreamPage> = (0..ROWS / PAGE)
        .map(|page| (page * PAGE..(page + 1) * PAGE).map(record).collect())
        .collect();
    let bytes: usize = pages.iter().map(StreamPage::payload_bytes).sum();
    println!("{ROWS} records of {} bytes, pages of {PAGE}, {GROUPS} groups", bytes as u64 / ROWS);
    let mut arguments = std::env::args().skip_while(|argument| argument != "--seconds").skip(1);
    if let Some(seconds) = arguments.next().and_then(|seconds| seconds.parse().ok()) {
        return runtime.block_on(soak(&pages, Duration::from_secs(seconds)));
    }
    for (name, query) in QUERIES {
        let (mut best, mut results) = (0.0_f64, 0);
        for _ in 0..3 {
            let began = Instant::now();
            results = runtime.block_on(run(query, &pages));
            best = best.max(ROWS as f64 / began.elapsed().as_secs_f64());
        }
        println!("{name:<28} {:>6.2} M rows/s  {results} results", best / 1e6);
    }
}

/// Opens the query. By event time, or by the clock.
async fn open(query: &str, by_event_time: bool) -> Box<dyn PageStage> {
    let column = |(name, kind): (&str, &str)| (name.to_owned(), kind.to_owned());
    let columns =
        [("e", "STRING"), ("s", "STRING"), ("p", "STRING"), ("q", "STRING"), ("T", "LONG")];
    let time = || serde_json::from_str(r#"{"column":"T"}"#).expect("keys");
    let keys = StreamKeys {
        columns: columns.map(column).into(),
        time: by_event_time.then(time),
        ..StreamKeys::default()
    };
    let config = SqlConfig {
        query: query.to_owned(),
        streams: BTreeMap::from([("trades".to_owned(), keys)]),
        ..SqlConfig::default()
    };
    let transform = config.build().expect("the query is right");
    transform.open(&Scope::new("sql")).await.expect("it opens")
}

/// The records that came out.
fn count(out: &mut Out) -> usize {
    out.take().pages.iter().map(StreamPage::len).sum()
}

async fn run(query: &str, pages: &[StreamPage]) -> usize {
    let mut stage = open(query, query.contains("WINDOW")).await;
    let (mut out, mut results) = (Out::default(), 0);
    for page in pages {
        stage.push(0, page.clone(), &mut out).await.expect("it works");
        results += count(&mut out);
    }
    stage.finish(&mut out).await.expect("it ends");
    results + count(&mut out)
}

async fn soak(pages: &[StreamPage], time: Duration) {
    let query = QUERIES[0].1.replace("1 min", "1 sec");
    let mut stage = open(&query, false).await;
    let (mut out, mut rows, mut results) = (Out::default(), 0, 0);
    let (began, mut told) = (Instant::now(), Instant::now());
    for page in pages.iter().cycle() {
        stage.push(0, page.clone(), &mut out).await.expect("it works");
        rows += page.len();
        results += count(&mut out);
        if told.elapsed() >= Duration::from_secs(60) || began.elapsed() >= time {
            told = Instant::now();
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let line = |name| status.lines().find(|line| line.starts_with(name)).unwrap_or("-");
            let memory = [line("VmRSS"), line("VmHWM")].join(" ").replace('\t', " ");
            let seconds = began.elapsed().as_secs();
            println!("{seconds:>4} s  {rows} rows  {results} results  {memory}");
        }
        if began.elapsed() >= time {
            return;
        }
    }
}
