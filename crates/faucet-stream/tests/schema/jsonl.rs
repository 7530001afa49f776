//! The jsonl source, the jsonl sink and the stdout sink.

use serde_json::json;

use crate::case::{Case, GONE, Row, component_cases};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = component_cases("source", &json!({"type": "jsonl", "path": "x"}), source());
    cases.extend(component_cases("sink", &json!({"type": "jsonl", "path": "y"}), sink()));
    cases.extend(component_cases("sink", &json!({"type": "stdout"}), stdout()));
    cases
}

fn source() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"path": GONE}), "path"),
        (json!({"path": ""}), "path"),
        (json!({"path": "a\u{0}"}), "path"),
        (json!({"path": 5}), "path"),
        (json!({"path": null}), "path"),
        (json!({"format": "json"}), ""),
        (json!({"format": "raw_string", "envelope": true}), ""),
        (json!({"format": "csv"}), "format"),
        (json!({"format": {"json": null}}), "format"),
        (json!({"on_parse_error": "skip"}), ""),
        (json!({"on_parse_error": "divert", "dead_letter": "sink"}), ""),
        (json!({"on_parse_error": "divert"}), "dead_letter"),
        (json!({"on_parse_error": "stop"}), "on_parse_error"),
        (json!({"max_messages": 5}), ""),
        (json!({"max_messages": null}), ""),
        (json!({"max_messages": 0}), "max_messages"),
        (json!({"batch_size": 0}), ""),
        (json!({"batch_size": 0, "batch_bytes": null}), ""),
        (json!({"batch_size": 0, "batch_bytes": 5}), "batch_bytes"),
        (json!({"batch_size": 5, "batch_bytes": "5 kB"}), ""),
        (json!({"batch_bytes": 0}), "batch_bytes"),
        (json!({"max_message_bytes": "64MiB"}), ""),
        (json!({"max_message_bytes": null}), "max_message_bytes"),
        (json!({"url": "ws://h/"}), "url"),
        (json!({"paht": "x"}), "paht"),
    ]
}

fn sink() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"path": GONE}), "path"),
        (json!({"path": ""}), "path"),
        (json!({"mode": "append"}), ""),
        (json!({"mode": "create", "fsync": "page"}), ""),
        (json!({"mode": "refuse", "gap_records": true}), ""),
        (json!({"mode": "overwrite"}), "mode"),
        (json!({"mode": {"append": null}}), "mode"),
        (json!({"mode": null}), "mode"),
        (json!({"fsync": null}), ""),
        (json!({"fsync": "never"}), ""),
        (json!({"fsync": "always"}), "fsync"),
        (json!({"fsync": true}), "fsync"),
        (json!({"gap_records": "yes"}), "gap_records"),
        (json!({"batch_size": 5}), "batch_size"),
    ]
}

fn stdout() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"path": "x"}), "path"),
        (json!({"from": "source"}), ""),
        (json!({"from": ["source"]}), ""),
        (json!({"from": []}), "from"),
        (json!({"from": 5}), "from"),
        (json!({"from": {}}), "from"),
        (json!({"from": [5]}), "from"),
        (json!({"from": ["source", "source"]}), "from"),
        (json!({"from": null, "buffer": null, "dead_letter": null}), ""),
        (json!({"buffer": {}}), ""),
        (json!({"buffer": {"pages": 8, "bytes": "1MiB", "when_full": "drop_oldest"}}), ""),
        (json!({"buffer": {"pages": 0}}), "buffer.pages"),
        (json!({"buffer": {"pages": "8"}}), "buffer.pages"),
        (json!({"buffer": {"bytes": 0}}), "buffer.bytes"),
        (json!({"buffer": {"bytes": "0KiB"}}), "buffer.bytes"),
        (json!({"buffer": {"when_full": "spill"}}), "buffer.when_full"),
        (json!({"buffer": {"when_full": "conflate", "key": "/a"}}), ""),
        (json!({"buffer": {"when_full": "conflate", "key": ""}}), ""),
        (json!({"buffer": {"when_full": "conflate", "key": "a"}}), "buffer.key"),
        (json!({"buffer": {"when_full": "conflate", "key": "/~2"}}), "buffer.key"),
        (json!({"buffer": {"when_full": "conflate"}}), "buffer.key"),
        (json!({"buffer": {"when_full": "conflate", "key": null}}), "buffer.key"),
        (json!({"buffer": {"key": "/a"}}), "buffer.key"),
        (json!({"buffer": {"when_full": "block", "key": "/a"}}), "buffer.key"),
        (json!({"buffer": {"when_full": "block", "key": null}}), ""),
        (json!({"buffer": {"size": 5}}), "buffer.size"),
        (json!({"buffer": []}), "buffer"),
        (json!({"buffer": 8}), "buffer"),
    ]
}
