//! Variables in texts.

use serde_json::json;

use crate::case::{Case, Row, component_cases};
use crate::websocket::source;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = component_cases("source", &source(), of_source());
    cases.extend(component_cases(
        "sink",
        &json!({"type": "${EMPTY:-jsonl}", "path": "x"}),
        of_sink(),
    ));
    cases
}

fn of_source() -> Vec<Row> {
    vec![
        (json!({"url": "${URL}"}), ""),
        (json!({"url": "ws://${HOST}/"}), ""),
        (json!({"url": "ws://${HOST}:80/a/${NAME:-b}?c=${TOKEN}"}), ""),
        (json!({"url": "${NONE:-ws://h/}"}), ""),
        (json!({"url": "$${URL}"}), "url"),
        (json!({"url": "${}"}), "url"),
        (json!({"url": "${1A}"}), "url"),
        (json!({"url": "${A:+x}"}), "url"),
        (json!({"url": "${URL"}), "url"),
        (json!({"url": "${NONE:-${URL}}"}), "url"),
        (json!({"message_format": "${FORMAT}"}), ""),
        (json!({"message_format": "${NONE:-binary}"}), ""),
        (json!({"message_format": "{FORMAT}"}), "message_format"),
        (json!({"ping_interval": "${WAIT}"}), ""),
        (json!({"ping_interval": "${NUMBER}ms"}), ""),
        (json!({"max_message_bytes": "${SIZE}"}), ""),
        (json!({"max_message_bytes": "${NUMBER}MiB"}), ""),
        (json!({"max_messages": "${NUMBER}"}), "max_messages"),
        (json!({"unbounded": true, "reconnect": "${NUMBER:-true}"}), "reconnect"),
        (json!({"auth": {"type": "bearer", "config": {"token": "${TOKEN}"}}}), ""),
        (json!({"auth": {"type": "${EMPTY:-bearer}", "config": {"token": "t"}}}), ""),
        (json!({"headers": {"X-Key": "${TOKEN}"}}), ""),
        (json!({"headers": {"${NAME}": "a"}}), "headers.${NAME}"),
        (json!({"subprotocols": ["${NAME}", "v1"]}), ""),
        (json!({"subscribe_messages": ["${TOKEN}", {"type": "${EMPTY:-text}", "data": "a"}]}), ""),
        (json!({"proxy": "http://${HOST}:3128"}), ""),
        (json!({"dead_letter": "${NONE:-sink}"}), ""),
    ]
}

fn of_sink() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"mode": "${NONE:-create}"}), ""),
        (json!({"path": "${NAME}.jsonl"}), ""),
        (json!({"from": "${NONE:-source}"}), ""),
        (json!({"buffer": {"when_full": "${NONE:-conflate}", "key": "/a"}}), ""),
        (json!({"buffer": {"when_full": "conflate", "key": "${NONE:-/a}"}}), ""),
    ]
}
