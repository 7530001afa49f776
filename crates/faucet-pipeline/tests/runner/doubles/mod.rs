//! Components that do what a test says.

mod chaos;
mod memory;
mod numbers;
mod queue;
mod scripted;
mod stages;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use chaos::{Chaos, polls};
pub(crate) use memory::{FileSink, Memory};
pub(crate) use numbers::Numbers;
pub(crate) use queue::Queue;
pub(crate) use scripted::{Do, Log, TestSink, TestSource};
pub(crate) use stages::{Filter, TestTransform, Window};

use faucet_core::{Payload, Record, RecordRef, Timestamp};
use faucet_pipeline::Flush;
use tempfile::TempDir;
use tokio::time::sleep;

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) async fn after(millis: u64) {
    sleep(ms(millis)).await;
}

/// A flush after so many records and not by the clock.
pub(crate) fn every(records: u64) -> Flush {
    Flush::every(Duration::from_secs(3600)).or_records(records)
}

/// No flush but at the end.
pub(crate) fn never() -> Flush {
    Flush::every(Duration::from_secs(1_000_000))
}

pub(crate) fn number(n: u64) -> Record {
    Record::new(Payload::Text(n.to_string().into()), Timestamp::from_unix_millis(n))
}

pub(crate) fn text(record: RecordRef<'_>) -> String {
    String::from_utf8_lossy(record.as_bytes()).into_owned()
}

pub(crate) fn value(record: RecordRef<'_>) -> u64 {
    text(record).parse().unwrap()
}

/// A place for a state file, in memory where there is such a place: the tests save thousands of times.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let base = PathBuf::from("/dev/shm");
    let folder = match base.is_dir() {
        true => tempfile::tempdir_in(base),
        false => tempfile::tempdir(),
    };
    let folder = folder.unwrap();
    let file = folder.path().join("state.json");
    (folder, file)
}

/// The position of a source in a state file; none where the file does not exist.
pub(crate) fn saved_position(file: &std::path::Path, id: &str) -> Option<String> {
    let text = std::fs::read(file).ok()?;
    let state: serde_json::Value = serde_json::from_slice(&text).unwrap();
    Some(state["components"][id]["position"].as_str()?.to_owned())
}
