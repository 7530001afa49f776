//! The price of `compress`: the CPU time that it adds to a sink, against that of the codec alone for the same
//! bytes in frames of the same size at the same level. Prints ratios; the target is at most 1.2.
//!
//! ```sh
//! cargo bench -p faucet-sink-jsonl --bench compress
//! ```

#![expect(clippy::print_stdout, reason = "a bench says what it measures")]

use std::io::Write as _;
use std::time::Duration;

use faucet_core::{
    JsonText, PageWriter, Payload, Record, Scope, Sink, SinkConfig, StreamPage, Timestamp,
};
use faucet_sink_jsonl::{Compress, JsonlSinkConfig};
use rustix::time::{ClockId, clock_gettime};

/// Pages between two flushes: about a second of a busy feed.
const PAGES: usize = 50;
const RECORDS: usize = 1000;
const FLUSHES: usize = 20;
const ROUNDS: usize = 5;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (compress, level) in [(Compress::Zstd, 1), (Compress::Zstd, 3), (Compress::Gzip, 6)] {
        let mut ratios: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let plain = runtime.block_on(sink(Compress::None, None));
                let packed = runtime.block_on(sink(compress, Some(level)));
                let codec = codec(compress, level);
                packed.saturating_sub(plain).as_secs_f64() / codec.as_secs_f64()
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        let [least, median, most] = [ratios[0], ratios[ROUNDS / 2], ratios[ROUNDS - 1]];
        println!("{compress:?} level {level}: {median:.2} × the codec ({least:.2} to {most:.2})");
    }
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

fn text(n: usize) -> String {
    let price = 30_000 + n * 7919 % 1000;
    format!(
        "{{\"e\":\"trade\",\"E\":{},\"s\":\"BTCUSDT\",\"t\":{n},\"p\":\"{price}.{:02}\",\"q\":\"0.{:05}\",\"m\":{}}}",
        1_795_679_725_123_usize + n,
        n * 31 % 100,
        n * 104_729 % 100_000,
        n.is_multiple_of(3)
    )
}

fn page(number: usize) -> StreamPage {
    let at = Timestamp::from_unix_millis(0);
    let record = |n| {
        let json = JsonText::new(text(number * RECORDS + n).into()).expect("it is JSON");
        Record::new(Payload::Json(json), at)
    };
    (0..RECORDS).map(record).collect()
}

/// The CPU time of a run of the sink.
async fn sink(compress: Compress, compress_level: Option<u8>) -> Duration {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("out").to_string_lossy().into_owned();
    let config = JsonlSinkConfig { compress, compress_level, ..JsonlSinkConfig::new(path) };
    let sink = config.build().expect("a sink");
    let mut writer: Box<dyn PageWriter> = sink.open(&Scope::default()).await.expect("a run");
    let pages: Vec<StreamPage> = (0..PAGES * FLUSHES).map(page).collect();
    let begin = cpu();
    for (number, page) in pages.into_iter().enumerate() {
        writer.write_page(page).await.expect("room");
        if number % PAGES == PAGES - 1 {
            let _ = writer.flush().await.expect("room");
        }
    }
    writer.close().await.expect("an end");
    cpu() - begin
}

/// The CPU time of the codec alone.
fn codec(compress: Compress, level: u8) -> Duration {
    let lines = |flush: usize| -> Vec<u8> {
        let first = flush * PAGES * RECORDS;
        (first..first + PAGES * RECORDS).flat_map(|n| (text(n) + "\n").into_bytes()).collect()
    };
    let frames: Vec<Vec<u8>> = (0..FLUSHES).map(lines).collect();
    let mut codec = zstd_safe::CCtx::create();
    let begin = cpu();
    for lines in &frames {
        let size = match compress {
            Compress::Gzip => {
                let level = flate2::Compression::new(level.into());
                let mut member = flate2::write::GzEncoder::new(Vec::new(), level);
                member.write_all(lines).and_then(|()| member.finish()).expect("memory").len()
            }
            _ => {
                let mut frame = Vec::with_capacity(zstd_safe::compress_bound(lines.len()));
                codec.compress(&mut frame, lines, level.into()).expect("memory")
            }
        };
        std::hint::black_box(size);
    }
    cpu() - begin
}
