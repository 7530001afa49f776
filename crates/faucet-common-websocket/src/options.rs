//! The names that both ends have in the option map beside `websocket.<key>`.

use std::time::Duration;

use faucet_core::option_map::{boolean, text};
use faucet_core::{OptionKey, duration};
use serde_json::{Map, Value};

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
    "Wait before the first attempt, in milliseconds. It doubles with each. Where only the longest wait \
     is given and is shorter than the default, it is that.",
)
.with_default("1000")
.following(the_shorter_cap);

/// `websocket.reconnect.max.delay.ms`.
pub const MAX_DELAY: OptionKey = OptionKey::new(
    "websocket.reconnect.max.delay.ms",
    "reconnect_max_backoff",
    milliseconds,
    "The longest wait before an attempt, in milliseconds. Where only the first wait is given and is \
     longer than the default, it is that.",
)
.with_default("30000")
.following(the_longer_delay);

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

/// The defaults of the first and of the longest wait.
const FIRST: Duration = Duration::from_millis(1000);
const LONGEST: Duration = Duration::from_millis(30_000);

/// The wait that the key has, if it may be one.
fn wait(given: &Map<String, Value>, key: &str) -> Option<Duration> {
    duration::deserialize(given.get(key)?).ok().filter(|wait| !wait.is_zero())
}

fn the_shorter_cap(given: &Map<String, Value>) -> Option<Value> {
    let shorter = wait(given, "reconnect_max_backoff")? < FIRST;
    given.get("reconnect_max_backoff").filter(|_| shorter).cloned()
}

fn the_longer_delay(given: &Map<String, Value>) -> Option<Value> {
    let longer = wait(given, "reconnect_backoff")? > LONGEST;
    given.get("reconnect_backoff").filter(|_| longer).cloned()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_constants_are_the_defaults() {
        for (key, wait) in [(DELAY, FIRST), (MAX_DELAY, LONGEST)] {
            assert_eq!(key.default, Some(wait.as_millis().to_string().as_str()));
        }
    }

    #[test]
    fn a_wait_follows_the_other_only_where_its_default_does_not_fit() {
        for (other, delay, cap) in [
            (json!("999ms"), json!("999ms"), Value::Null),
            (json!(0.5), json!(0.5), Value::Null),
            (json!("1000ms"), Value::Null, Value::Null),
            (json!("30000ms"), Value::Null, Value::Null),
            (json!("1 min"), Value::Null, json!("1 min")),
            (json!(0), Value::Null, Value::Null),
            (json!("99999999h"), Value::Null, Value::Null),
            (Value::Null, Value::Null, Value::Null),
        ] {
            for (key, known, expected) in
                [(DELAY, "reconnect_max_backoff", &delay), (MAX_DELAY, "reconnect_backoff", &cap)]
            {
                let given = Map::from_iter([(known.to_owned(), other.clone())]);
                let found = key.follows.and_then(|follows| follows(&given));
                assert_eq!(found.unwrap_or_default(), *expected, "{} {other}", key.name);
            }
        }
    }
}
