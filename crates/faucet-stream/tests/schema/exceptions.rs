//! What a schema cannot say; `docs/editor.md` lists the same.

use serde_json::json;

use crate::case::{Case, GONE, Row, component_cases, file_cases};
use crate::websocket::{sink, source};

/// The reasons, each with configurations that the schema accepts and the parser refuses.
pub(crate) fn exceptions() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("bounds of a duration or size that is text", of_source(bounds())),
        ("what a variable holds, or that it is set", of_source(variables())),
        ("a malformed `${` in a text of any content", of_source(malformed())),
        ("two values that are compared", compared()),
        ("the names of components, and how these are joined", names()),
        ("that a placeholder has a value in `context`", of_source(placeholders())),
        ("a grammar inside of a text", of_source(grammars())),
        ("two entries that mean the same or contradict each other", twice()),
    ]
}

fn of_source(rows: Vec<Row>) -> Vec<Case> {
    component_cases("source", &source(), rows)
}

fn bounds() -> Vec<Row> {
    vec![
        (json!({"connect_timeout": "90000h"}), "connect_timeout"),
        (json!({"connect_timeout": "0.0000001ms"}), "connect_timeout"),
        (json!({"max_message_bytes": "3GiB"}), "max_message_bytes"),
        (json!({"read_buffer_bytes": "1 GiB"}), "read_buffer_bytes"),
    ]
}

fn variables() -> Vec<Row> {
    vec![
        (json!({"url": "${UNSET}"}), "url"),
        (json!({"url": "ws://h/${EMPTY:?give it}"}), "url"),
        (json!({"message_format": "${BAD}"}), "message_format"),
        (json!({"type": "${BAD}"}), "type"),
    ]
}

fn malformed() -> Vec<Row> {
    vec![
        (json!({"subscribe_messages": ["${"]}), "subscribe_messages[0]"),
        (json!({"dead_letter": "${A b}"}), "dead_letter"),
    ]
}

fn compared() -> Vec<Case> {
    let rows = vec![(
        json!({"reconnect_backoff": 5, "reconnect_max_backoff": 4}),
        "reconnect_max_backoff",
    )];
    let mut cases = of_source(rows);
    let range = vec![(json!({"match": {"/a": {"min": 2, "max": 1}}}), "match./a")];
    cases.extend(component_cases("transform", &json!({"type": "filter"}), range));
    let mut large = vec!["x".repeat(9 << 20)];
    large.push(large[0].clone());
    let greeting = vec![(json!({"connect_messages": large}), "connect_messages")];
    cases.extend(component_cases("sink", &sink(), greeting));
    cases
}

fn names() -> Vec<Case> {
    let file = json!({
        "sources": {"a": {"type": "jsonl", "path": "a"}, "b": {"type": "jsonl", "path": "b"}},
        "sinks": {
            "k": {"type": "stdout", "from": ["a", "b"]},
            "l": {"type": "jsonl", "path": "l", "from": "a"},
        },
    });
    let rows = vec![
        (json!({"sinks.l.from": "nobody"}), "sinks.l.from"),
        (json!({"sinks.l.from": GONE}), "sinks.l.from"),
        (json!({"sinks.l.dead_letter": "a"}), "sinks.l.dead_letter"),
        (json!({"sinks.a": {"type": "stdout", "from": "a"}}), "sinks.a"),
    ];
    file_cases(&file, rows)
}

fn placeholders() -> Vec<Row> {
    vec![(json!({"url": "ws://h/{symbol}"}), "url")]
}

fn grammars() -> Vec<Row> {
    vec![
        (json!({"url": "ws://1.2.3.999/"}), "url"),
        (json!({"url": "ws://[1:2]/"}), "url"),
        (json!({"headers": {"Authorization": "Bearer Bearer t"}}), "headers.Authorization"),
        (json!({"headers": {"Authorization": "Basic dTpwYXNzCg=="}}), "headers.Authorization"),
    ]
}

fn twice() -> Vec<Case> {
    let mut cases = of_source(vec![
        (json!({"headers": {"X-Key": "1", "x-key": "2"}}), "headers.x-key"),
        (
            json!({
                "headers": {"Authorization": "a"},
                "auth": {"type": "bearer", "config": {"token": "t"}},
            }),
            "auth",
        ),
        (
            json!({"url": "ws://u:p@h/", "auth": {"type": "bearer", "config": {"token": "t"}}}),
            "auth",
        ),
    ]);
    cases.extend(component_cases(
        "transform",
        &json!({"type": "pick"}),
        vec![
            (json!({"drop": ["/a"], "rename": {"/a": "b"}}), "rename./a"),
            (json!({"rename": {"/a": "x", "/b": "x"}}), "rename./b"),
        ],
    ));
    cases
}
