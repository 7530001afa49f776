//! Each key of the configuration changes what the sink does.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::Path;

use faucet_core::{Gap, GapReason, Mark, Registry, SchemaView, Scope, StreamPage};
use faucet_testkit::record;
use serde_json::{Value, json};

/// A key, and two configurations that differ in this key alone.
fn table() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("path", json!({"path": "out.jsonl"}), json!({"path": "other.jsonl"})),
        ("mode", json!({}), json!({"mode": "create"})),
        ("gap_records", json!({}), json!({"gap_records": true})),
    ]
}

/// When the disk is awaited shows in no file: a test with a medium of its own counts the waits.
const ELSEWHERE: [(&str, &str, &str); 1] = [(
    "fsync",
    include_str!("../src/writer.rs"),
    "fn the_disk_is_awaited_when_the_configuration_says_so()",
)];

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
    writer.write_page(StreamPage::new(vec![record("1")])).await.unwrap();
    let _ = writer.flush().await.unwrap();
    writer.close().await.unwrap();
    files(dir.path())
}

fn files(dir: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
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
        assert_ne!(one.get(key), other.get(key), "{key}");
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
    assert!(keys("stdout").is_empty());
}
