//! The names that both ends have in the option map beside `websocket.<key>`.

use faucet_core::OptionKey;
use faucet_core::options::{boolean, text};
use serde_json::Value;

/// `websocket.url`.
pub const URL: OptionKey = OptionKey {
    name: "websocket.url",
    key: "url",
    read: text,
    default: None,
    help: "Endpoint, `ws://` or `wss://`. Required.",
};

/// `websocket.reconnect`.
pub const RECONNECT: OptionKey = OptionKey {
    name: "websocket.reconnect",
    key: "reconnect",
    read: boolean,
    default: Some("true"),
    help: "Whether to connect again after a loss.",
};

/// `websocket.reconnect.delay.ms`.
pub const DELAY: OptionKey = OptionKey {
    name: "websocket.reconnect.delay.ms",
    key: "reconnect_backoff",
    read: milliseconds,
    default: Some("1000"),
    help: "Wait before the first attempt, in milliseconds. It doubles with each.",
};

/// `websocket.reconnect.max.delay.ms`.
pub const MAX_DELAY: OptionKey = OptionKey {
    name: "websocket.reconnect.max.delay.ms",
    key: "reconnect_max_backoff",
    read: milliseconds,
    default: Some("30000"),
    help: "The longest wait before an attempt, in milliseconds.",
};

/// `websocket.subprotocol`.
pub const SUBPROTOCOL: OptionKey = OptionKey {
    name: "websocket.subprotocol",
    key: "subprotocols",
    read: |name| Ok(Value::Array(vec![name.into()])),
    default: None,
    help: "A subprotocol to offer, which the server must choose.",
};

/// `websocket.reconnect.max.attempts`, with the end's own default.
pub const fn max_attempts(default: &'static str) -> OptionKey {
    OptionKey {
        name: "websocket.reconnect.max.attempts",
        key: "max_reconnect_attempts",
        read: attempts,
        default: Some(default),
        help: "Consecutive attempts before giving up; -1 is unlimited.",
    }
}

fn milliseconds(text: &str) -> Result<Value, String> {
    match text.parse::<u64>() {
        Ok(millis) => Ok(format!("{millis}ms").into()),
        Err(_) => Err("write milliseconds as a whole number".into()),
    }
}

fn attempts(text: &str) -> Result<Value, String> {
    match (text, text.parse::<u32>()) {
        ("-1", _) => Ok(Value::Null),
        (_, Ok(attempts)) => Ok(attempts.into()),
        _ => Err("write a whole number, or -1 for unlimited".into()),
    }
}

/// One of `json`, `text` and `bytes` as what the end's key calls it.
pub fn format(text: &str, [json, plain, bytes]: [&str; 3]) -> Result<Value, String> {
    match text {
        "json" => Ok(json.into()),
        "text" => Ok(plain.into()),
        "bytes" => Ok(bytes.into()),
        _ => Err("write json, text or bytes".into()),
    }
}
