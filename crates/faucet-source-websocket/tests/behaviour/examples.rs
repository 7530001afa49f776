//! Configurations that have every key.

use serde_json::{Value, json};

/// A configuration that has every key, but for the variants of `auth`.
pub(crate) fn every_key() -> Value {
    json!({
        "url": "wss://h/{symbol}?k={k}", "auth": {"type": "bearer", "config": {"token": "t"}},
        "subscribe_messages": ["a", {"type": "binary", "data": "AQ=="}, {"type": "text", "data": "b"}],
        "message_format": "raw_string", "on_parse_error": "skip", "envelope": true,
        "ping_interval": 20, "pong_timeout": "5s", "max_messages": 5, "idle_timeout": "1 min",
        "stale_timeout": 60, "idle_resets_on": "data", "max_outage": "10 min", "reconnect_patience": 60,
        "invalid_utf8": "binary", "stop_on_ctrl_c": true, "unbounded": true, "reconnect": true, "reconnect_backoff": 0.5,
        "reconnect_max_backoff": "30s", "reconnect_jitter": 0.2, "max_reconnect_attempts": 0,
        "connect_timeout": 3, "max_message_bytes": 1000, "batch_size": 10, "batch_bytes": 1000,
        "batch_timeout": 0.1, "read_buffer_bytes": 4096, "headers": {"X-Key": "k"},
        "subprotocols": ["v1.json"], "compression": "deflate", "proxy": "socks5h://u:p@proxy.test",
        "tls": {"ca_file": "c", "client_cert_file": "c", "client_key_file": "k",
            "server_name": "x.example", "insecure_skip_verify": false},
    })
}

/// A configuration that has every key of a conversation, but for those that need an HTTP client.
pub(crate) fn every_session_key() -> Value {
    json!({
        "values": {
            "key": {"secret": "s"}, "text": "{key}", "query": {"literal": "{ticks}"},
            "file": {"file": "f", "pointer": "/a"}, "ask": {"command": ["get", "{key}"], "timeout": 5},
            "now": {"clock": "ms", "offset": "-5s", "as": "text", "per": "message"},
            "id": {"random": "uuid"}, "packed": {"encode": "base64", "text": "{now}", "per": "message"},
            "sign": {"hmac": "sha256", "key": "{key}", "key_is": "text", "text": "{text}", "as": "base64"},
        },
        "url_from": "{text}", "url_hosts": ["*.example.com"], "query": {"id": "{id}", "list": ["a", "b"]},
        "session": [
            {"send": {"json": {"sign": "{sign}"}, "prefix": "4"}, "only": "fresh"},
            {"expect": [{"/a": {"not": [1]}}, {"text": "x", "prefix": "y", "binary": true}], "count": 2,
                "fail": {"/e": {"exists": true}}, "take": {"sid": "/sid", "next": "/next"},
                "timeout": 5, "expect_is": "record"},
        ],
        "session_timeout": 20, "topics": ["a", {"b": 1}],
        "subscribe": {"message": {"text": "{topic}"}, "batch": 1, "ack": {"/id": "{seq}"},
            "ack_per": "topic", "timeout": 5, "ack_is": "record", "fail": {"/no": 1}, "on_fail": "skip"},
        "control": [
            {"match": {"/a": {"min": 1, "max": 2}}, "action": "reconnect", "take": {"to": "/to"},
                "url": "{to}", "delay": 5},
            {"match": {"/b": {"prefix": "x"}}, "action": "keep", "reply": {"text": "{/b}"}, "after": "flush"},
        ],
        "heartbeat": {"message": {"type": "text", "data": "ping"}, "interval": "{sid} ms",
            "when": "idle", "first": "random", "during_session": true, "reply": {"text": "pong"},
            "timeout": 5},
        "silence_timeout": 30, "goodbye": ["bye"], "rotate_after": "23h",
        "close_rules": [{"codes": [4000, "4001-4002"], "contains": "x", "action": "restart", "delay": 5},
            {"status": 400, "action": "end"}],
        "send_limit": {"count": 5, "per": 1}, "connect_limit": {"count": 5, "per": "5 min"},
        "decompress": "zstd", "decompress_dictionary": "d", "framing": "lines", "data_prefix": "42",
        "split_arrays": true, "unwrap": "/data", "explode": true,
        "resume": {"cursor": "/t", "order": "increasing", "rewind": 5, "keep": ["sid", "next"],
            "url": "{next}", "start": 7},
        "reconnect": true, "unbounded": true,
    })
}
