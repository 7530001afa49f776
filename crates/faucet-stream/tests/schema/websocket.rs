//! The websocket source and sink.

use serde_json::{Value, json};

use crate::case::{Case, GONE, Row, component_cases};

pub(crate) fn source() -> Value {
    json!({"type": "websocket", "url": "ws://h/", "unbounded": true})
}

pub(crate) fn sink() -> Value {
    json!({"type": "websocket", "url": "ws://h/"})
}

/// The same rows for both ends.
pub(crate) fn both(rows: impl Fn() -> Vec<Row>) -> Vec<Case> {
    let mut cases = component_cases("source", &source(), rows());
    cases.extend(component_cases("sink", &sink(), rows()));
    cases
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = both(keys);
    cases.extend(both(tls));
    cases.extend(component_cases("source", &source(), ends_of_the_run()));
    cases.extend(component_cases("source", &source(), source_keys()));
    cases.extend(component_cases("sink", &sink(), sink_keys()));
    cases
}

fn keys() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"url": GONE}), "url"),
        (json!({"url": null}), "url"),
        (json!({"url": 5}), "url"),
        (json!({"type": GONE}), "type"),
        (json!({"type": "websockets"}), "type"),
        (json!({"type": 5}), "type"),
        (json!({"reconect": true}), "reconect"),
        (json!({"config": {}}), "config"),
        (json!({"reconnect": "yes"}), "reconnect"),
        (json!({"reconnect": "${NUMBER}"}), "reconnect"),
        (json!({"reconnect": null}), "reconnect"),
        (json!({"reconnect": true, "reconnect_backoff": 0.5, "reconnect_max_backoff": 30}), ""),
        (json!({"reconnect_max_backoff": null}), ""),
        (json!({"reconnect_backoff": null}), "reconnect_backoff"),
        (json!({"reconnect_jitter": 0}), ""),
        (json!({"reconnect_jitter": 0.2}), ""),
        (json!({"reconnect_jitter": 1}), ""),
        (json!({"reconnect_jitter": 1.5}), "reconnect_jitter"),
        (json!({"reconnect_jitter": -0.1}), "reconnect_jitter"),
        (json!({"reconnect_jitter": "0.2"}), "reconnect_jitter"),
        (json!({"reconnect_patience": null}), ""),
        (json!({"max_reconnect_attempts": 0}), ""),
        (json!({"max_reconnect_attempts": null}), ""),
        (json!({"ping_interval": 20}), ""),
        (json!({"ping_interval": "20s", "pong_timeout": "5s"}), ""),
        (json!({"ping_interval": null, "pong_timeout": null}), ""),
        (json!({"pong_timeout": null}), ""),
        (json!({"pong_timeout": 5}), "pong_timeout"),
        (json!({"pong_timeout": 5, "ping_interval": null}), "pong_timeout"),
        (json!({"compression": "none"}), ""),
        (json!({"compression": "deflate"}), ""),
        (json!({"compression": "gzip"}), "compression"),
        (json!({"compression": null}), "compression"),
        (json!({"compression": {"deflate": null}}), "compression"),
        (json!({"subprotocols": []}), ""),
        (json!({"subprotocols": ["v1.json", "v2.json"]}), ""),
        (json!({"subprotocols": ["a b"]}), "subprotocols[0]"),
        (json!({"subprotocols": [""]}), "subprotocols[0]"),
        (json!({"subprotocols": ["a", "b,c"]}), "subprotocols[1]"),
        (json!({"subprotocols": ["a", "a"]}), "subprotocols"),
        (json!({"subprotocols": "a"}), "subprotocols"),
        (json!({"subprotocols": [5]}), "subprotocols"),
        (json!({"subprotocols": {"a": 1}}), "subprotocols"),
    ]
}

fn tls() -> Vec<Row> {
    let secure = |mut patch: Value| {
        patch["url"] = "wss://h/".into();
        patch
    };
    vec![
        (secure(json!({})), ""),
        (json!({"tls": {}}), ""),
        (json!({"tls": {"insecure_skip_verify": false}}), ""),
        (json!({"tls": {"ca_file": null}}), ""),
        (secure(json!({"tls": {"ca_file": "ca.pem", "server_name": "feed.example.com"}})), ""),
        (secure(json!({"tls": {"server_name": "::1"}})), ""),
        (secure(json!({"tls": {"server_name": "a b"}})), "tls.server_name"),
        (secure(json!({"tls": {"server_name": ""}})), "tls.server_name"),
        (secure(json!({"tls": {"server_name": "-a.example"}})), "tls.server_name"),
        (secure(json!({"tls": {"insecure_skip_verify": true}})), ""),
        (secure(json!({"tls": {"insecure_skip_verify": "true"}})), "tls.insecure_skip_verify"),
        (
            secure(json!({"tls": {"insecure_skip_verify": true, "ca_file": "ca.pem"}})),
            "tls.ca_file",
        ),
        (secure(json!({"tls": {"client_cert_file": "c", "client_key_file": "k"}})), ""),
        (secure(json!({"tls": {"client_cert_file": "c"}})), "tls.client_cert_file"),
        (secure(json!({"tls": {"client_key_file": "k"}})), "tls.client_key_file"),
        (
            secure(json!({"tls": {"client_key_file": "k", "client_cert_file": null}})),
            "tls.client_key_file",
        ),
        (secure(json!({"tls": {"ca_fiel": "ca.pem"}})), "tls.ca_fiel"),
        (secure(json!({"tls": {"ca_file": 5}})), "tls.ca_file"),
        (secure(json!({"tls": null})), "tls"),
        (secure(json!({"tls": true})), "tls"),
        (secure(json!({"tls": []})), "tls"),
        (secure(json!({"tls": ["ca.pem"]})), "tls"),
        (json!({"tls": {"ca_file": "ca.pem"}}), "tls"),
        (json!({"tls": {"server_name": "h"}}), "tls"),
        (json!({"tls": {"insecure_skip_verify": true}}), "tls"),
        (json!({"tls": {"ca_file": "ca.pem"}, "proxy": "https://proxy"}), ""),
        (json!({"tls": {"ca_file": "ca.pem"}, "proxy": "http://proxy"}), "tls"),
        (json!({"tls": {"server_name": "h"}, "proxy": "https://proxy"}), "tls"),
    ]
}

fn ends_of_the_run() -> Vec<Row> {
    vec![
        (json!({"unbounded": GONE}), "."),
        (json!({"unbounded": false}), "."),
        (json!({"unbounded": GONE, "max_messages": null}), "."),
        (json!({"unbounded": GONE, "max_messages": 5}), ""),
        (json!({"unbounded": GONE, "idle_timeout": "5s"}), ""),
        (json!({"unbounded": false, "idle_timeout": 5}), ""),
        (json!({"max_messages": 5, "idle_timeout": 5}), ""),
        (json!({"max_messages": 0}), "max_messages"),
        (json!({"max_messages": -1}), "max_messages"),
        (json!({"max_messages": "5"}), "max_messages"),
        (json!({"idle_timeout": null}), ""),
        (json!({"max_outage": null, "stale_timeout": null}), ""),
        (json!({"idle_timeout": 60, "idle_resets_on": "data"}), ""),
        (json!({"idle_resets_on": "pong"}), "idle_resets_on"),
    ]
}

fn source_keys() -> Vec<Row> {
    vec![
        (json!({"message_format": "json"}), ""),
        (json!({"message_format": "raw_string"}), ""),
        (json!({"message_format": "binary", "invalid_utf8": "binary"}), ""),
        (json!({"message_format": "jsn"}), "message_format"),
        (json!({"message_format": "JSON"}), "message_format"),
        (json!({"message_format": ""}), "message_format"),
        (json!({"message_format": 5}), "message_format"),
        (json!({"message_format": {"json": null}}), "message_format"),
        (json!({"message_format": ["json"]}), "message_format"),
        (json!({"on_parse_error": "skip"}), ""),
        (json!({"on_parse_error": "ignore"}), "on_parse_error"),
        (json!({"on_parse_error": "divert"}), "dead_letter"),
        (json!({"on_parse_error": "divert", "dead_letter": null}), "dead_letter"),
        (json!({"on_parse_error": "divert", "dead_letter": "sink"}), ""),
        (json!({"error_excerpts": false, "envelope": true, "stop_on_ctrl_c": true}), ""),
        (json!({"error_excerpts": 0}), "error_excerpts"),
        (json!({"envelope": "true"}), "envelope"),
        (json!({"stop_on_ctrl_c": 1}), "stop_on_ctrl_c"),
        (json!({"invalid_utf8": "skip"}), ""),
        (json!({"invalid_utf8": "replace"}), "invalid_utf8"),
        (json!({"batch_size": 0}), ""),
        (json!({"batch_size": 0, "batch_timeout": 0}), ""),
        (json!({"batch_size": 0, "batch_timeout": "0s"}), ""),
        (json!({"batch_size": 0, "batch_timeout": null, "batch_bytes": null}), ""),
        (json!({"batch_size": 0, "batch_timeout": 5}), "batch_timeout"),
        (json!({"batch_size": 0, "batch_timeout": "5ms"}), "batch_timeout"),
        (json!({"batch_size": 0, "batch_bytes": 5}), "batch_bytes"),
        (json!({"batch_size": 0, "batch_bytes": "5KiB"}), "batch_bytes"),
        (json!({"batch_size": 5, "batch_bytes": 5, "batch_timeout": 5}), ""),
        (json!({"batch_size": null}), "batch_size"),
        (json!({"batch_timeout": 0}), ""),
        (json!({"batch_timeout": "0"}), ""),
        (json!({"subscribe_messages": []}), ""),
        (json!({"subscribe_messages": ["a", "{\"op\":\"subscribe\"}"]}), ""),
        (json!({"subscribe_messages": [{"type": "text", "data": "a"}]}), ""),
        (json!({"subscribe_messages": [{"type": "binary", "data": "AAEC/w=="}]}), ""),
        (json!({"subscribe_messages": [{"type": "binary", "data": ""}]}), ""),
        (json!({"subscribe_messages": [{"type": "binary", "data": "*"}]}), "subscribe_messages[0]"),
        (
            json!({"subscribe_messages": [{"type": "binary", "data": "AA"}]}),
            "subscribe_messages[0]",
        ),
        (
            json!({"subscribe_messages": [{"type": "binary", "data": "AB=="}]}),
            "subscribe_messages[0]",
        ),
        (json!({"subscribe_messages": [{"type": "ping", "data": "a"}]}), ""),
        (json!({"subscribe_messages": [{"data": "a"}]}), ""),
        (json!({"subscribe_messages": [{"type": "text"}]}), ""),
        (json!({"subscribe_messages": [{"type": "text", "data": 5}]}), "subscribe_messages[0]"),
        (json!({"subscribe_messages": [{"type": "text", "data": 5, "more": 1}]}), ""),
        (json!({"subscribe_messages": [{"type": "text", "data": "a", "more": 1}]}), ""),
        (json!({"subscribe_messages": [5]}), "subscribe_messages[0]"),
        (json!({"subscribe_messages": "a"}), "subscribe_messages"),
        (json!({"subscribe_messages": null}), "subscribe_messages"),
        (json!({"from": "sink"}), "from"),
        (json!({"buffer": {}}), "buffer"),
        (json!({"dead_letter": 5}), "dead_letter"),
    ]
}

fn sink_keys() -> Vec<Row> {
    vec![
        (json!({"connect_messages": ["a", {"type": "binary", "data": "AA=="}]}), ""),
        (json!({"connect_messages": [{"type": "binary", "data": "A"}]}), "connect_messages[0]"),
        (json!({"message_type": "same"}), ""),
        (json!({"message_type": "text"}), ""),
        (json!({"message_type": "TEXT"}), "message_type"),
        (json!({"record_format": "json"}), ""),
        (json!({"record_format": "xml"}), "record_format"),
        (json!({"delivery": "at_most_once"}), ""),
        (json!({"delivery": "at_least_once", "ack_timeout": 5, "max_unconfirmed_records": 5}), ""),
        (json!({"delivery": "exactly_once"}), "delivery"),
        (json!({"max_unconfirmed_records": 0}), "max_unconfirmed_records"),
        (json!({"write_timeout": "5s"}), ""),
        (json!({"write_timeout": null}), "write_timeout"),
        (json!({"unbounded": true}), "unbounded"),
        (json!({"subscribe_messages": []}), "subscribe_messages"),
    ]
}
