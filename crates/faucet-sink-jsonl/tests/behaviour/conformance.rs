//! The sinks satisfy what every sink and every configuration must satisfy.
//!
//! A sink whose disk is full, and one that writes to standard output, run in this binary started
//! again: the limit of a file's size and the standard output belong to a process.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use faucet_core::{Record, SinkConfig, decode};
use faucet_sink_jsonl::{JsonlSink, JsonlSinkConfig, StdoutSink, StdoutSinkConfig};
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::record;
use faucet_testkit::sink::{self, SinkCase};
use serde_json::{Value, json};

/// The sink of the file `btc.jsonl` in `dir`, with these keys.
fn jsonl(dir: &Path, keys: &Value) -> JsonlSink {
    let mut config = keys.clone();
    let path = dir.join("{symbol}.jsonl");
    config.as_object_mut().unwrap().insert("path".into(), path.to_str().unwrap().into());
    decode::<JsonlSinkConfig>(config).unwrap().build().unwrap()
}

fn lines(path: &Path) -> Vec<Vec<u8>> {
    let text = fs::read(path).unwrap_or_default();
    text.split_inclusive(|byte| *byte == b'\n').map(without_line_break).collect()
}

/// A line as a reader of JSON Lines takes it. A torn line stays torn.
fn without_line_break(line: &[u8]) -> Vec<u8> {
    line.strip_suffix(b"\n").map_or_else(|| [line, b" is torn"].concat(), <[u8]>::to_vec)
}

/// A case for a file in `dir`.
fn case<'a>(dir: &'a Path, keys: Value) -> SinkCase<'a> {
    let path = dir.join("btc.jsonl");
    let (there, gone) = (path.clone(), path);
    let missing = dir.join("missing");
    SinkCase::new(async move || jsonl(dir, &keys), async move || lines(&there))
        .reset(async move || drop(fs::remove_file(&gone)))
        .unreachable(async move || jsonl(&missing, &json!({})))
        .scope([("symbol", "btc")])
        .exclusive()
        .name("jsonl")
}

/// By the machine's clock: a run waits for the lock of one that was dropped, whose thread no virtual clock hurries.
#[tokio::test]
async fn the_file_conforms_in_every_mode() {
    for keys in [
        json!({}),
        json!({"fsync": "page"}),
        json!({"fsync": "flush", "mode": "append"}),
        json!({"mode": "create"}),
        json!({"compress": "none", "frames": false}),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let replaces = keys["mode"] == "create";
        let case = case(dir.path(), keys);
        sink::conforms(&if replaces { case.replaces() } else { case }).await;
    }
}

#[tokio::test]
async fn a_file_that_keeps_what_it_has_conforms() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("btc.jsonl"), "{\"older\":1}\n").unwrap();
    let path = dir.path().join("btc.jsonl");
    let make = async || jsonl(dir.path(), &json!({}));
    let kept = SinkCase::new(make, async || lines(&path)).scope([("symbol", "btc")]);
    let kept = kept.exclusive();
    sink::conforms(&kept).await;
}

#[test]
fn the_configurations_conform() {
    let jsonl = ConfigCase::sink::<JsonlSinkConfig>(json!({"path": "out/{symbol}.jsonl"}))
        .example(json!({"path": "o", "mode": "refuse", "fsync": "page", "gap_records": true}))
        .example(json!({"path": "o-{date}", "rotate": {"size": "1MiB", "every": "1h"}}))
        .example(json!({"path": "o", "compress": "gzip", "compress_level": 9, "frames": true}));
    config::conforms(&jsonl);
    config::conforms(&ConfigCase::sink::<StdoutSinkConfig>(json!({})));
}

/// How large a file may grow under `ulimit -f 8`, whose unit is 512 bytes or 1024.
fn limit(dir: &Path) -> usize {
    let mut probe = File::create(dir.join("probe")).unwrap();
    let mut length = 0;
    while probe.write_all(&[b'x'; 512]).is_ok() {
        length += 512;
    }
    assert!(matches!(length, 4096 | 8192), "{length}");
    length
}

/// Starts the test `name` of this binary, on a disk that is full soon.
fn child(name: &str, dir: &Path, stdout: Option<File>) {
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact --nocapture \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(format!("conformance::{name}"))
        .env("FAUCET_TEST_DIR", dir);
    if let Some(stdout) = stdout {
        command.stdout(stdout);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// The directory of a child; `None` in the parent.
fn dir_of_child() -> Option<PathBuf> {
    std::env::var_os("FAUCET_TEST_DIR").map(PathBuf::from)
}

/// Records of 16 bytes with their line break.
fn records() -> Vec<Record> {
    (0..12).map(|n| record(&format!("{{\"number\":{n:>4}}}"))).collect()
}

/// Leaves room for `free` records: a line of filling comes first.
fn fill(path: &Path, limit: usize, free: usize) {
    let filling = limit - 16 * free - 3;
    fs::write(path, format!("\"{}\"\n", "-".repeat(filling))).unwrap();
}

fn without_filling(path: &Path) -> Vec<Vec<u8>> {
    lines(path).into_iter().filter(|line| !line.starts_with(b"\"-")).collect()
}

#[test]
fn a_file_on_a_full_disk_conforms() {
    let dir = tempfile::tempdir().unwrap();
    child("child_with_a_full_disk", dir.path(), None);
    assert!(dir.path().join("passed").exists());
}

#[tokio::test]
async fn child_with_a_full_disk() {
    let Some(dir) = dir_of_child() else { return };
    let (path, limit) = (dir.join("btc.jsonl"), limit(&dir));
    let full = async |free: usize| {
        fill(&path, limit, free);
        jsonl(&dir, &json!({}))
    };
    let case = SinkCase::new(async || jsonl(&dir, &json!({})), async || without_filling(&path))
        .reset(async || drop(fs::remove_file(&path)))
        .records(records())
        .fails_at(full)
        .scope([("symbol", "btc")])
        .exclusive()
        .name("jsonl");
    sink::conforms(&case).await;
    fs::write(dir.join("passed"), "").unwrap();
}

#[test]
fn standard_output_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stdout");
    let stdout = OpenOptions::new().create(true).append(true).open(path).unwrap();
    child("child_with_standard_output", dir.path(), Some(stdout));
    assert!(dir.path().join("passed").exists());
}

fn stdout() -> StdoutSink {
    StdoutSinkConfig::default().build().unwrap()
}

/// Its standard output is a file, to which the test harness writes as well.
#[tokio::test]
async fn child_with_standard_output() {
    let Some(dir) = dir_of_child() else { return };
    let (path, limit) = (dir.join("stdout"), limit(&dir));
    let full = async |free: usize| {
        fill(&path, limit, free);
        stdout()
    };
    let case = SinkCase::new(async || stdout(), async || without_filling(&path))
        .reset(async || fs::write(&path, "").unwrap())
        .records(records())
        .fails_at(full)
        .name("stdout");
    sink::conforms(&case).await;
    // The harness still writes its own lines.
    fs::write(&path, "").unwrap();
    fs::write(dir.join("passed"), "").unwrap();
}
