//! The checks of the keys as tables.

use faucet_core::{SourceConfig as _, decode};
use serde_json::{Value, json};

use super::*;
use crate::source::WebsocketSource;

fn build(extra: Value) -> Result<WebsocketSource, Problems> {
    let mut config = json!({"url": "ws://h/", "unbounded": true});
    let keys = config.as_object_mut().unwrap();
    keys.extend(extra.as_object().unwrap().clone());
    keys.retain(|_, value| !value.is_null());
    decode::<WebsocketSourceConfig>(config)?.build()
}

#[test]
fn wrong_values_are_refused_with_their_key() {
    let eternity = 1e10;
    for (extra, why) in [
        (json!({"unbounded": null}), "at least one of max_messages or idle_timeout must be set"),
        (json!({"url": null}), "url: missing"),
        (json!({"url": "http://h/"}), "url must start with ws:// or wss://"),
        (json!({"max_mesages": 1}), "max_mesages: unknown key (did you mean `max_messages`?)"),
        (json!({"max_messages": "1"}), "max_messages: wrong type: text, expected a whole number"),
        (json!({"max_messages": 0}), "max_messages: out of range, expected at least 1"),
        (json!({"max_messages": -1}), "max_messages: out of range, expected a whole number"),
        (
            json!({"idle_timeout": 0}),
            "idle_timeout: out of range, expected a duration longer than zero",
        ),
        (json!({"idle_timeout": eternity}), "idle_timeout: out of range"),
        (json!({"ping_interval": 0}), "ping_interval: out of range"),
        (json!({"pong_timeout": 3}), "pong_timeout: needs ping_interval"),
        (json!({"stale_timeout": "0s"}), "stale_timeout: out of range"),
        (json!({"reconnect_backoff": 0}), "reconnect_backoff: out of range"),
        (
            json!({"reconnect_max_backoff": 0.5}),
            "reconnect_max_backoff: out of range, below reconnect_backoff",
        ),
        (
            json!({"reconnect_jitter": 1.5}),
            "reconnect_jitter: out of range, expected a number from 0 to 1",
        ),
        (json!({"connect_timeout": 0}), "connect_timeout: out of range"),
        (
            json!({"max_message_bytes": 0}),
            "max_message_bytes: out of range, expected from 1 byte to 2 GiB",
        ),
        (json!({"max_message_bytes": "2049 MiB"}), "max_message_bytes: out of range"),
        (json!({"proxy": "evn"}), "proxy: not understood, expected env, none, or a URL"),
        (json!({"proxy": "ftp://h"}), "proxy: must start with http://"),
        (json!({"proxy": "http://u:p%0A@h"}), "proxy: has a password that has a line break"),
        (json!({"url": "ws://u:p%0A@h/"}), "url: its password has a line break"),
        (
            json!({"auth": {"type": "bearer", "config": {"token": "Bearer t"}}}),
            "auth.config.token: begins with its own `Bearer `",
        ),
        (
            json!({"auth": {"type": "basic", "config": {"username": "u", "password": "p\n"}}}),
            "auth.config.password: has a line break",
        ),
        (json!({"batch_bytes": 0}), "batch_bytes: out of range"),
        (json!({"batch_size": 0, "batch_bytes": 5}), "batch_bytes: not together with batch_size"),
        (
            json!({"batch_size": 0, "batch_timeout": 5}),
            "batch_timeout: not together with batch_size",
        ),
        (json!({"batch_timeout": 1e9}), "batch_timeout: out of range"),
        (
            json!({"read_buffer_bytes": 0}),
            "read_buffer_bytes: out of range, expected from 1 byte to 64 MiB",
        ),
        (json!({"headers": {"X-Foo": "a\r\nb"}}), "headers.X-Foo: has a line break"),
        (json!({"headers": {"Upgrade": "a"}}), "headers.Upgrade: reserved"),
        (json!({"subprotocols": ["a", "a"]}), "subprotocols[1]: means the same as"),
        (json!({"tls": {"server_name": "x"}}), "tls: has no effect on a ws:// url"),
        (
            json!({"tls": {"server_name": "x"}, "proxy": "https://h"}),
            "tls: has no effect on a ws:// url",
        ),
        (json!({"tls": {"ca_file": "x"}, "proxy": "http://h"}), "tls: has no effect on a ws://"),
        (
            json!({"url": "ws://u:p@h/", "headers": {"authorization": "x"}}),
            "url: not together with headers.authorization",
        ),
        (json!({"subprotocols": ["a b"]}), "subprotocols[0]: not a token"),
        (
            json!({"tls": {"client_cert_file": "x"}}),
            "tls.client_cert_file: needs tls.client_key_file",
        ),
        (json!({"tls": {"cafile": "x"}}), "tls.cafile: unknown key (did you mean `ca_file`?)"),
        (
            json!({"headers": {"Authorization": "x"}, "auth": {"type": "bearer",
                "config": {"token": "t"}}}),
            "auth: not together with headers.Authorization",
        ),
        (json!({"subscribe_messages": [7]}), "subscribe_messages[0]: "),
        (
            json!({"subscribe_messages": [{"type": "binary", "data": "?"}]}),
            "subscribe_messages[0].data: not understood, expected base64",
        ),
        (json!({"message_format": "jsn"}), "message_format: unknown value"),
        (json!({"reconnect": "yes"}), "reconnect: wrong type: text, expected true or false"),
    ] {
        let error = build(extra.clone()).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(why), "{extra}: {error}");
    }
}

#[test]
fn all_problems_are_reported_together() {
    let error = build(json!({"max_messages": 0, "url": "x", "connect_timeout": 0})).unwrap_err();
    assert!(error.to_string().starts_with("3 problems:"), "{error}");
}

#[test]
#[cfg(feature = "session-http")]
fn every_key_has_a_place_to_be_written() {
    let mut all = json!({
        "url": "wss://h/{symbol}?k={k}", "auth": {"type": "bearer", "config": {"token": "t"}},
        "subscribe_messages": ["a", {"type": "binary", "data": "AQ=="},
            {"type": "text", "data": "b"}],
        "message_format": "raw_string", "on_parse_error": "skip", "envelope": true,
        "error_excerpts": false, "stop_on_ctrl_c": true, "compression": "deflate",
        "ping_interval": 20, "pong_timeout": "5s", "max_messages": 5, "idle_timeout": "1 min",
        "idle_resets_on": "data", "max_outage": 600, "reconnect_patience": "10 min",
        "invalid_utf8": "skip", "stale_timeout": 60, "unbounded": true, "reconnect": true, "reconnect_backoff": 0.5,
        "reconnect_max_backoff": "30s", "reconnect_jitter": 0.2, "max_reconnect_attempts": 0,
        "connect_timeout": 3, "max_message_bytes": "2GiB", "batch_size": 10, "batch_bytes": "8 KiB",
        "batch_timeout": 0.1, "read_buffer_bytes": 4096, "headers": {"X-Key": "k"},
        "subprotocols": ["v1.json"], "proxy": "none",
        "tls": {"server_name": "x.example", "insecure_skip_verify": true},
    });
    let of_session = json!({
        "values": {"sign": {"hmac": "sha256", "key": "k", "text": "t"}},
        "before_connect": [{"url": "https://h.example/t", "take": {"endpoint": "/e"}}],
        "url_hosts": ["*.example"], "query": {"sign": "{sign}", "from": "{cursor}"},
        "session": [{"send": "login"}], "session_timeout": 20, "topics": ["a"],
        "subscribe": {"message": {"json": {"topics": "{topics}"}}}, "goodbye": ["bye"],
        "control": [{"match": {"/op": "pong"}}], "heartbeat": {"interval": 20, "message": "ping"},
        "silence_timeout": 60, "rotate_after": "23h", "handover": "overlap",
        "close_rules": [{"codes": [4004], "action": "fail"}],
        "send_limit": {"count": 5, "per": 1}, "connect_limit": {"count": 5, "per": 60},
        "topics_per_connection": 1, "decompress": "zstd", "decompress_dictionary": "feed.dict",
        "framing": "lines", "data_prefix": "42", "split_arrays": true, "unwrap": "/data",
        "explode": true, "resume": {"cursor": "/seq"}, "dedup": {"records": 10, "key": ["/id"]},
        "sequence": {"last": "/seq"},
    });
    all.as_object_mut().unwrap().extend(of_session.as_object().unwrap().clone());
    build(all.clone()).unwrap();
    // `url_from` stands in the place of `url`.
    all["url_from"] = "{endpoint}".into();
    let schema = schemars::schema_for!(WebsocketSourceConfig);
    let keys = faucet_core::SchemaView::new(schema.as_value()).keys();
    assert_eq!(keys.len(), all.as_object().unwrap().len());
    for key in keys {
        assert!(all.get(key.name).is_some(), "{} is missing here", key.name);
        // Such a map is no value of any key: the key is read.
        let problems = build(with_key(&all, key.name, json!({"?": [[]]}))).unwrap_err();
        let named = problems.iter().any(|problem| problem.path.first_key() == Some(key.name));
        assert!(named, "{}: {problems}", key.name);
    }
}

#[cfg(feature = "session-http")]
fn with_key(all: &Value, key: &str, value: Value) -> Value {
    let mut changed = all.clone();
    changed[key] = value;
    changed
}

#[test]
fn a_secret_is_in_no_debug_output() {
    let canary = "s3cret";
    let config: WebsocketSourceConfig = serde_json::from_value(json!({
        "url": format!("wss://u:{canary}@h/?token={canary}"), "max_messages": 1,
        "subscribe_messages": [canary, {"type": "text", "data": canary}],
        "headers": {"X-Key": canary},
        "auth": {"type": "custom", "config": {"headers": {"X-Auth": canary}}},
        "proxy": format!("http://u:{canary}@h"),
    }))
    .unwrap();
    assert!(!format!("{config:?}").contains(canary), "{config:?}");
    let source = WebsocketSource::new(config).unwrap();
    assert!(!format!("{source:?}").contains(canary), "{source:?}");
}
