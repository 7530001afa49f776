//! Each key of the configuration changes what the source does.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::Path;

use faucet_core::{Next, Registry, SchemaView, Scope};
use serde_json::{Value, json};

/// A key, a content, and two configurations that differ in this key alone.
fn table() -> Vec<(&'static str, &'static str, Value, Value)> {
    let lines = "1\n2\n3\n";
    let envelope = "{\"data\":1,\"received_at\":2,\"url\":\"ws://h/\"}\n";
    let frame = "{\"at\":1,\"kind\":\"text\",\"data\":\"1\"}\n";
    vec![
        ("path", lines, json!({"path": "in.jsonl"}), json!({"path": "other.jsonl"})),
        ("format", "\"a\"\n", json!({}), json!({"format": "raw_string"})),
        ("on_parse_error", "x\n1\n", json!({}), json!({"on_parse_error": "skip"})),
        ("envelope", envelope, json!({}), json!({"envelope": true})),
        ("frames", frame, json!({}), json!({"frames": true})),
        ("max_messages", lines, json!({}), json!({"max_messages": 2})),
        ("max_message_bytes", "1\n22\n", json!({}), json!({"max_message_bytes": 1})),
        ("batch_size", lines, json!({}), json!({"batch_size": 2})),
        ("batch_bytes", lines, json!({}), json!({"batch_bytes": 2})),
    ]
}

/// The pages, and how the run ends.
async fn behaviour(registry: &Registry, dir: &Path, config: &Value) -> String {
    let mut config = config.clone();
    let path = config.get("path").and_then(Value::as_str).unwrap_or("in.jsonl");
    config["path"] = dir.join(path).to_str().unwrap().into();
    let source = registry.sources.build("jsonl", config).unwrap();
    let mut reader = match source.open(&Scope::default()).await {
        Ok(reader) => reader,
        Err(error) => return error.to_string(),
    };
    let mut pages = Vec::new();
    loop {
        match reader.next_page().await {
            Ok(Next::Page(page)) => {
                let payload =
                    |record: faucet_core::RecordRef<'_>| format!("{:?}", record.payload());
                pages.push(page.iter().map(payload).collect::<Vec<_>>());
            }
            other => return format!("{pages:?} {other:?}"),
        }
    }
}

#[tokio::test]
async fn each_key_of_the_schema_changes_behaviour() {
    let mut registry = Registry::new();
    faucet_source_jsonl::register(&mut registry).unwrap();
    let mut named = Vec::new();
    for (key, content, one, other) in table() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("in.jsonl"), content).unwrap();
        assert_ne!(one.get(key), other.get(key), "{key}");
        let first = behaviour(&registry, dir.path(), &one).await;
        assert_ne!(first, behaviour(&registry, dir.path(), &other).await, "{key}");
        named.push(key.to_owned());
    }
    // A file that is followed never ends.
    assert!(include_str!("files.rs").contains("fn a_file_that_grows_is_followed()"));
    named.push("follow".to_owned());
    let entry = registry.sources.find("jsonl").unwrap();
    let mut keys = SchemaView::new(entry.schema()).paths();
    keys.sort();
    named.sort();
    assert_eq!(named, keys);
}
