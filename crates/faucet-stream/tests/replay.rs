//! A recording that is read and written again is the same recording.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::Path;

use faucet_stream::{End, PipelineSpec, Report, registry};
use serde_json::{Value, json};

async fn copy(source: Value, path: &Path, sink: Value) -> Report {
    let mut spec = json!({
        "source": { "type": "jsonl", "path": path },
        "sink": { "type": "jsonl" },
        "context": { "name": "copy" },
    });
    for (section, keys) in [("source", source), ("sink", sink)] {
        for (key, value) in keys.as_object().unwrap() {
            spec[section][key] = value.clone();
        }
    }
    PipelineSpec::from_value(spec).build(&registry()).unwrap().run().await
}

#[tokio::test]
async fn json_text_and_binary_survive_byte_for_byte() {
    let json = "{\"b\":1.10, \"a\":101027219534255757415994639}\n[1e400]\nnull\n";
    for (format, content) in [
        ("json", json),
        ("raw_string", "\"\"\n\"a\\\"\\n\\u0000π\"\n"),
        ("binary", "\"\"\n\"AP8=\"\n"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("in.jsonl");
        fs::write(&path, content).unwrap();
        let out = dir.path().join("{name}.jsonl");
        let report = copy(json!({ "format": format }), &path, json!({ "path": out })).await;
        assert_eq!((report.ended, report.delivered), (End::Exhausted, report.records));
        assert_eq!(fs::read_to_string(dir.path().join("copy.jsonl")).unwrap(), content);
    }
}

#[tokio::test]
async fn max_messages_and_bad_lines_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.jsonl");
    fs::write(&path, "1\noops\n2\n3\n").unwrap();
    let out = dir.path().join("out.jsonl");
    let keys = json!({ "on_parse_error": "skip", "max_messages": 2, "batch_size": 1 });
    let report = copy(keys, &path, json!({ "path": out })).await;
    assert_eq!((report.ended, report.records, report.pages), (End::MaxMessages, 2, 2));
    assert_eq!(report.skipped, [("not_json", 1)].into());
    assert_eq!(fs::read_to_string(&out).unwrap(), "1\n2\n");

    let report = copy(json!({}), &path, json!({ "path": out, "mode": "create" })).await;
    let error = report.error.unwrap();
    assert!(
        error.to_string().contains("in.jsonl, line 2: not JSON: expected a JSON value"),
        "{error}"
    );
    assert_eq!((report.ended, fs::read_to_string(&out).unwrap().as_str()), (End::Error, "1\n"));
}
