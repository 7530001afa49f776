//! The names that both ends have in the option map beside `websocket.<key>`.

use faucet_core::OptionKey;
use faucet_core::option_map::{boolean, text};
use serde_json::Value;

/// `websocket.url`.
pub const URL: OptionKey =
    OptionKey::new("websocket.url", "url", text, "Endpoint, `ws://` or `wss://`. Required.");

/// `websocket.reconnect`.
pub const RECONNECT: OptionKey = OptionKey::new(
    "websocket.reconnect",
    "reconnect",
    boolean,
    "Whether to connect again after a loss.",
)
.with_default("true");

/// `websocket.reconnect.delay.ms`.
pub const DELAY: OptionKey = OptionKey::new(
    "websocket.reconnect.delay.ms",
    "reconnect_backoff",
    milliseconds,
    "Wait before the first attempt, in milliseconds. It doubles with each.",
)
.with_default("1000");

/// `websocket.reconnect.max.delay.ms`.
pub const MAX_DELAY: OptionKey = OptionKey::new(
    "websocket.reconnect.max.delay.ms",
    "reconnect_max_backoff",
    milliseconds,
    "The longest wait before an attempt, in milliseconds.",
)
.with_default("30000");

/// `websocket.subprotocol`.
pub const SUBPROTOCOL: OptionKey = OptionKey::new(
    "websocket.subprotocol",
    "subprotocols",
    |name| Ok(Value::Array(vec![name.into()])),
    "A subprotocol to offer, which the server must choose.",
);

/// `websocket.reconnect.max.attempts`, with the end's own default.
pub const fn max_attempts(default: &'static str) -> OptionKey {
    OptionKey::new(
        "websocket.reconnect.max.attempts",
        "max_reconnect_attempts",
        attempts,
        "Consecutive attempts before giving up; -1 is unlimited.",
    )
    .with_default(default)
}

/// `websocket.reconnect_patience`, which the option map does not limit by default.
pub const PATIENCE: OptionKey = OptionKey::new(
    "websocket.reconnect_patience",
    "reconnect_patience",
    patience,
    "How long ends of one kind may repeat without progress, as a duration; -1 is unlimited.",
)
.with_default("-1");

fn patience(text: &str) -> Result<Value, &'static str> {
    match text {
        "-1" => Ok(Value::Null),
        text => match text.parse::<u32>() {
            Ok(seconds) => Ok(seconds.into()),
            Err(_) => Ok(text.into()),
        },
    }
}

fn milliseconds(text: &str) -> Result<Value, &'static str> {
    let millis = text.parse::<u64>().map_err(|_| "a whole number of milliseconds")?;
    Ok(format!("{millis}ms").into())
}

fn attempts(text: &str) -> Result<Value, &'static str> {
    match (text, text.parse::<u32>()) {
        ("-1", _) => Ok(Value::Null),
        (_, Ok(attempts)) => Ok(attempts.into()),
        _ => Err("a whole number, or -1 for unlimited"),
    }
}

/// One of `json`, `text` and `bytes`, in any case, as the word of the component's key.
///
/// # Errors
/// Any other text.
pub fn format(text: &str, [json, plain, bytes]: [&str; 3]) -> Result<Value, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "json" => Ok(json.into()),
        "text" => Ok(plain.into()),
        "bytes" => Ok(bytes.into()),
        _ => Err("json, text or bytes"),
    }
}
