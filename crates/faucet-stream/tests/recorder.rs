//! The example `recorder` reads the numbers that the report has.

use std::fs;

use faucet_stream::{PipelineSpec, registry};
use serde_json::json;

#[expect(dead_code, reason = "an example has a main of its own")]
#[path = "../examples/recorder.rs"]
mod recorder;

#[tokio::test]
async fn a_recorder_reads_the_numbers_of_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.jsonl");
    fs::write(&path, "1\n2\nno JSON\n33\n").unwrap();
    let spec = PipelineSpec::from_value(json!({
        "source": { "type": "jsonl", "path": path, "on_parse_error": "skip" },
        "sink": { "type": "jsonl", "path": dir.path().join("out.jsonl") },
    }));
    let run = spec.build(&registry()).unwrap().start();
    let progress = run.progress();
    let report = run.until(std::future::pending()).await.into_result().unwrap();
    let samples = recorder::samples(&progress);
    let number = |component: &str, name: &str| {
        let found = samples.iter().find(|(id, of, _)| id == component && *of == name);
        found.map(|(_, _, number)| *number)
    };
    assert_eq!((report.records, report.delivered, report.bytes), (3, 3, 4));
    assert_eq!(number("source", "records"), Some(report.records));
    assert_eq!(number("sink", "bytes"), Some(report.bytes));
    assert_eq!(number("sink", "delivered"), Some(report.delivered));
    assert_eq!(number("source", "not_json"), report.skipped.get("not_json").copied());
    assert_eq!(number("source", "down"), Some(0));
    assert_eq!(number("sink", "no such"), None);
}
