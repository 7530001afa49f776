//! Each key of the configuration changes what the sink does.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::Path;

use faucet_core::{
    Gap, GapReason, Mark, Payload, Record, Registry, SchemaView, Scope, StreamPage, Timestamp,
};
use serde_json::{Value, json};

/// A key, and two configurations that differ in this key alone.
fn table() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("path", json!({"path": "out.jsonl"}), json!({"path": "other.jsonl"})),
        ("mode", json!({}), json!({"mode": "create"})),
        ("gap_records", json!({}), json!({"gap_records": true})),
        ("rotate", json!({}), json!({"rotate": {"every": "1h"}})),
        ("rotate.size", json!({"rotate": {"size": 1}}), json!({"rotate": {"size": 1000}})),
        ("rotate.every", json!({"rotate": {"every": "1h"}}), json!({"rotate": {"every": "2h"}})),
        ("compress", json!({"path": "new"}), json!({"path": "new", "compress": "gzip"})),
        ("frames", json!({}), json!({"frames": true})),
    ]
}

/// Keys whose behaviour other tests show. When the disk is awaited shows in no file.
const ELSEWHERE: [(&str, &str, &str); 2] = [
    (
        "fsync",
        include_str!("../../src/fsync.rs"),
        "fn the_disk_is_awaited_when_the_configuration_says_so()",
    ),
    ("compress_level", include_str!("files.rs"), "fn a_level_makes_smaller_files()"),
];

/// The files behind a run, beginning with one file that has a line.
async fn behaviour(registry: &Registry, config: &Value) -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("out.jsonl"), "\"older\"\n").unwrap();
    let mut config = config.clone();
    let path = config.get("path").and_then(Value::as_str).unwrap_or("out.jsonl");
    config["path"] = dir.path().join(path).to_str().unwrap().into();
    let sink = registry.sinks.build("jsonl", config).unwrap();
    let mut writer = sink.open(&Scope::default()).await.unwrap();
    writer.mark(&Mark::Gap(Gap::new(GapReason::Outage))).await.unwrap();
    // The second record arrives an hour after the first one.
    for hour in [0, 1] {
        let at = Timestamp::from_unix_millis(3_600_000 * hour);
        let record = Record::new(Payload::Text("1".into()), at);
        writer.write_page(StreamPage::new(vec![record])).await.unwrap();
    }
    let _ = writer.flush().await.unwrap();
    writer.close().await.unwrap();
    files(dir.path())
}

fn files(dir: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned())
    };
    let mut files: Vec<_> = entries.map(file).collect();
    files.sort();
    files
}

#[tokio::test]
async fn each_key_of_the_schema_changes_behaviour() {
    let mut registry = Registry::new();
    faucet_sink_jsonl::register(&mut registry).unwrap();
    let mut named = Vec::new();
    for (key, one, other) in table() {
        assert_ne!(one, other, "{key}");
        let first = behaviour(&registry, &one).await;
        assert_ne!(first, behaviour(&registry, &other).await, "{key}");
        named.push(key.to_owned());
    }
    for (key, source, test) in ELSEWHERE {
        assert!(source.contains(test), "{key}: there is no test {test}");
        named.push(key.to_owned());
    }
    let keys = |name: &str| SchemaView::new(registry.sinks.find(name).unwrap().schema()).paths();
    let mut all = keys("jsonl");
    all.sort();
    named.sort();
    assert_eq!(named, all);
    assert_eq!(keys("stdout"), ["gap_records"]);
    assert!(include_str!("stdout.rs").contains("fn gaps_are_lines_when_asked_for()"));
}
