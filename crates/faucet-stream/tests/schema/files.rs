//! The keys of the file, and how its components are given.

use serde_json::{Value, json};

use crate::case::{Case, GONE, Row, file_cases};

fn short() -> Value {
    json!({"source": {"type": "jsonl", "path": "a"}, "sink": {"type": "jsonl", "path": "b"}})
}

fn long() -> Value {
    json!({
        "sources": {"a": {"type": "jsonl", "path": "a"}},
        "transforms": {"t": {"type": "dedup", "from": "a"}},
        "sinks": {"k": {"type": "stdout", "from": "t"}},
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = file_cases(&short(), keys());
    cases.extend(file_cases(&short(), components()));
    cases.extend(file_cases(&long(), maps()));
    for whole in [json!(null), json!([]), json!("source"), json!(5)] {
        cases.push(Case { file: whole, mistake: Some(String::new()) });
    }
    cases
}

fn keys() -> Vec<Row> {
    vec![
        (json!({"$schema": "x"}), ""),
        (json!({"$schema": 5}), "$schema"),
        (json!({"flush": {}}), ""),
        (json!({"flush": null}), ""),
        (json!({"flush": {"interval": "5s", "records": 5, "bytes": "1MiB"}}), ""),
        (json!({"flush": {"records": null, "bytes": null}}), ""),
        (json!({"flush": {"interval": null}}), "flush.interval"),
        (json!({"flush": {"interval": 0}}), "flush.interval"),
        (json!({"flush": {"interval": "0s"}}), "flush.interval"),
        (json!({"flush": {"records": 0}}), "flush.records"),
        (json!({"flush": {"bytes": 0}}), "flush.bytes"),
        (json!({"flush": {"every": 5}}), "flush.every"),
        (json!({"flush": 5}), "flush"),
        (json!({"flush": [5]}), "flush"),
        (json!({"state": {"path": "x"}}), ""),
        (json!({"state": null}), ""),
        (json!({"state": {"path": ""}}), "state.path"),
        (json!({"state": {"path": 5}}), "state.path"),
        (json!({"state": {}}), "state"),
        (json!({"state": {"file": "x", "path": "x"}}), "state.file"),
        (json!({"state": "x"}), "state"),
        (json!({"state": ["x"]}), "state"),
        (json!({"grace": 5}), ""),
        (json!({"grace": "5s"}), ""),
        (json!({"grace": null}), ""),
        (json!({"grace": 0}), "grace"),
        (json!({"grace": true}), "grace"),
        (json!({"parallel": true}), ""),
        (json!({"parallel": null}), ""),
        (json!({"parallel": "true"}), "parallel"),
        (json!({"parallel": 1}), "parallel"),
        (json!({"grase": 5}), "grase"),
        (json!({"version": 1}), "version"),
    ]
}

fn components() -> Vec<Row> {
    let dedup = json!({"type": "dedup"});
    vec![
        (json!({}), ""),
        (json!({"source": GONE}), "source"),
        (json!({"sink": GONE}), "sink"),
        (json!({"source": null}), "source"),
        (json!({"source": []}), "source"),
        (json!({"source": "jsonl"}), "source"),
        (json!({"sink": "stdout"}), "sink"),
        (json!({"source": {}}), "source"),
        (json!({"source": {"type": null}}), "source"),
        (json!({"sink": {"type": "kafka"}}), "sink.type"),
        (json!({"sink": {"type": ""}}), "sink.type"),
        (json!({"transform": dedup}), ""),
        (json!({"transform": [dedup, {"type": "split", "lines": true}]}), ""),
        (json!({"transform": []}), ""),
        (json!({"transform": null}), ""),
        (json!({"transform": "dedup"}), "transform"),
        (json!({"transform": 5}), "transform"),
        (json!({"transform": [5]}), "transform"),
        (json!({"transform": {"type": "dedupe"}}), "transform.type"),
        (json!({"transform": [{"type": "dedupe"}]}), "transform[0].type"),
        (json!({"transform": [{"type": "dedup", "keys": []}]}), "transform[0].keys"),
        (json!({"transform": [dedup], "transforms": null}), ""),
        (json!({"transform": null, "transforms": {}}), ""),
        (json!({"transform": [], "transforms": {}}), "transforms"),
        (json!({"sources": {"a": {"type": "jsonl", "path": "a"}}}), "sources"),
        (json!({"sinks": {"k": {"type": "stdout"}}}), "sinks"),
    ]
}

fn maps() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"transforms": GONE, "sinks.k.from": GONE}), ""),
        (json!({"transforms": null, "sinks.k.from": "a"}), ""),
        (json!({"sources.b": {"type": "jsonl", "path": "b"}, "transforms.t.from": ["a", "b"]}), ""),
        (json!({"sinks.l": {"type": "stdout", "from": "a"}}), ""),
        (json!({"sources": {}, "transforms": GONE, "sinks.k.from": GONE}), "sources"),
        (json!({"sources": null}), "sources"),
        (json!({"sources": [{"type": "jsonl", "path": "a"}]}), "sources"),
        (json!({"sinks": {}}), "sinks"),
        (json!({"sinks": "k"}), "sinks"),
        (json!({"transforms": [5]}), "transforms"),
        (json!({"sources.B": {"type": "jsonl", "path": "b"}, "transforms.t.from": ["a", "B"]}), ""),
        (json!({"sources.1": {"type": "jsonl", "path": "b"}}), "sources.1"),
        (json!({"sinks.a-b": {"type": "stdout", "from": "a"}}), "sinks.a-b"),
        (json!({"sources.a.pth": "x"}), "sources.a.pth"),
        (json!({"sources.a.type": "jsnl"}), "sources.a.type"),
        (json!({"transforms.t.records": 0}), "transforms.t.records"),
        (json!({"sinks.k.buffer": {"pages": 0}}), "sinks.k.buffer.pages"),
        (json!({"sinks.k": 5}), "sinks.k"),
    ]
}
