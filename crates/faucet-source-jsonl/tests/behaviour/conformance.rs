//! The source satisfies what every source and every configuration must satisfy.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::Path;

use faucet_core::{Ended, SourceConfig, decode};
use faucet_source_jsonl::{JsonlSource, JsonlSourceConfig};
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::source::{self, SourceCase};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Lines whose bytes a source easily changes, with all kinds of line breaks between them.
const CONTENT: &str =
    "1\n{\"a\": 2.10}\r\n\n[101027219534255757415994639]\n \n\"\\u00e9\"\n5\n6\n7";
const PAYLOADS: [&str; 7] =
    ["1", "{\"a\": 2.10}", "[101027219534255757415994639]", "\"\\u00e9\"", "5", "6", "7"];

/// The source of the file `btc.jsonl` in `dir`, with these keys.
fn source(dir: &Path, keys: &Value) -> JsonlSource {
    let mut config = keys.clone();
    let path = dir.join("{symbol}.jsonl");
    config.as_object_mut().unwrap().insert("path".into(), path.to_str().unwrap().into());
    decode::<JsonlSourceConfig>(config).unwrap().build().unwrap()
}

fn dir(content: impl AsRef<[u8]>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("btc.jsonl"), content).unwrap();
    dir
}

/// A case for a file with this content. One with the same keys and a line that is no JSON behind
/// three lines fails.
fn case(content: impl AsRef<[u8]>, keys: Value) -> SourceCase<'static> {
    let whole = dir(content);
    let missing = keys.clone();
    let make = async move || source(whole.path(), &keys);
    let nowhere = tempfile::tempdir().unwrap();
    SourceCase::new(make)
        .scope([("symbol", "btc")])
        .name("jsonl")
        .ends(Ended::Exhausted)
        .unreachable(async move || source(&nowhere.path().join("missing"), &missing))
}

async fn conforms() {
    let broken = dir("1\n{\"a\": 2.10}\r\n\n[101027219534255757415994639]\n{x\n5\n");
    let small = case(CONTENT, json!({"batch_size": 2}))
        .payloads(PAYLOADS)
        .page_limit(2)
        .fails_after(3, async move || source(broken.path(), &json!({"batch_size": 2})));
    source::conforms(&small).await;

    let long = dir("1\n2\n33333\n4\n");
    let limited = json!({"batch_bytes": 4, "max_message_bytes": 4});
    let bytes = case("1\n2\n333\n4444\n5\n", limited.clone())
        .payloads(["1", "2", "333", "4444", "5"])
        .fails_after(2, async move || source(long.path(), &limited));
    source::conforms(&bytes).await;
}

#[tokio::test]
async fn it_conforms_by_the_machines_clock() {
    conforms().await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms_by_a_paused_clock() {
    conforms().await;
}

#[tokio::test]
async fn it_conforms_with_a_limit_of_records() {
    let limited = case(CONTENT, json!({"batch_size": 3, "max_messages": 5}))
        .payloads(&PAYLOADS[..5])
        .page_limit(3)
        .ends(Ended::MaxRecords);
    // The limit counts each run for itself, so that a run that resumes reads on behind it.
    source::reads_all(&limited).await;
    source::keeps_runs_apart(&limited).await;
    source::is_cancel_safe(&limited).await;
    source::keeps_its_page_limit(&limited).await;
    source::ends_for_its_reason(&limited).await;
}

#[tokio::test]
async fn it_conforms_when_it_leaves_lines_out() {
    let content = "x\n1\ny\n\n2\n3\n{\"a\":1,}\n\"\n4\n";
    for on_parse_error in ["skip", "divert"] {
        let keys = json!({"batch_size": 2, "on_parse_error": on_parse_error});
        let case = case(content, keys).payloads(["1", "2", "3", "4"]).page_limit(2).skipped(4);
        source::conforms(&case).await;
    }
}

#[tokio::test]
async fn it_conforms_when_it_replays_a_recording() {
    let line = |n: u64| {
        let at = 1_500_000_000_000 + n;
        format!("{{\"data\": {{\"n\": {n}}}, \"received_at\": {at}, \"url\": \"ws://h/\"}}\n")
    };
    let content: String = (0..5).map(line).collect();
    let case = case(content, json!({"envelope": true, "batch_size": 1}))
        .payloads((0..5).map(|n| format!("{{\"n\": {n}}}")))
        .replays()
        .page_limit(1);
    source::conforms(&case).await;
}

#[tokio::test]
async fn it_conforms_whatever_the_lines_hold() {
    for (format, content, payloads) in [
        ("raw_string", "\"a\\n\"\n\"é\"\n", [&b"a\n"[..], "é".as_bytes()]),
        ("binary", "\"AP8=\"\n\"\"\n", [b"\x00\xff", b""]),
    ] {
        let case = case(content, json!({"format": format, "batch_size": 0})).payloads(payloads);
        source::conforms(&case).await;
    }
    source::conforms(&case("", json!({})).records(0)).await;
}

#[test]
fn the_configuration_conforms() {
    let case = ConfigCase::source::<JsonlSourceConfig>(json!({"path": "in/{symbol}.jsonl"}))
        .example(json!({
            "path": "in.jsonl", "format": "raw_string", "on_parse_error": "skip", "envelope": true,
            "max_messages": 7, "max_message_bytes": 100, "batch_size": 10, "batch_bytes": 1000,
        }));
    config::conforms(&case);
}
