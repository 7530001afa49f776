//! Whether a message is the expected one, and why not.

use std::fmt;

use faucet_core::select::{Match, Message, Pointer};
use serde_json::{Map, Value};

use crate::scripted::wire::opcode;

/// A failure shows this many bytes of a message.
const LONGEST: usize = 1000;

/// The match of a step.
#[derive(Clone)]
pub(crate) struct Matching(Match);

impl fmt::Debug for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_value())
    }
}

impl Matching {
    /// # Panics
    /// When `written` is no match.
    #[track_caller]
    pub(crate) fn new(written: &Value) -> Self {
        match Match::parse(written) {
            Ok(parsed) => Self(parsed),
            Err(error) => panic!("{written} is no match: {error}"),
        }
    }

    pub(crate) fn holds(&self, opcode: u8, message: &[u8]) -> bool {
        self.0.matches(subject(opcode, message))
    }

    /// The conditions that do not hold, and the message.
    pub(crate) fn mismatch(&self, opcode: u8, message: &[u8]) -> String {
        let tables = match self.0.as_value() {
            Value::Array(tables) => tables.iter().filter_map(Value::as_object).collect(),
            Value::Object(table) => vec![table],
            _ => Vec::new(),
        };
        let tables = tables.into_iter().map(|table| broken(table, opcode, message).join(", "));
        let reasons: Vec<String> = tables.collect();
        format!("{}; the message is {}", reasons.join(", or "), shown(message))
    }
}

fn subject(opcode: u8, message: &[u8]) -> Message<'_> {
    Message::unchecked(message).binary(opcode == opcode::BINARY)
}

/// Each condition of a table that does not hold.
fn broken(table: &Map<String, Value>, opcode: u8, message: &[u8]) -> Vec<String> {
    let holds = |table: &Map<String, Value>| {
        let parsed = Match::parse(&Value::Object(table.clone()));
        parsed.is_ok_and(|parsed| parsed.matches(subject(opcode, message)))
    };
    let alone = |key: &str, value: &Value| Map::from_iter([(key.to_owned(), value.clone())]);
    let prefix = table.get("prefix");
    if let Some(wanted) = prefix.filter(|prefix| !holds(&alone("prefix", prefix))) {
        // The pointers beside it read what follows the prefix.
        return vec![format!("prefix: expected {wanted}")];
    }
    let length = prefix.and_then(Value::as_str).map_or(0, str::len);
    let mut reasons = Vec::new();
    for (place, wanted) in table {
        let mut condition = alone(place, wanted);
        if let Some(prefix) = prefix.filter(|_| place.is_empty() || place.starts_with('/')) {
            condition.insert("prefix".to_owned(), prefix.clone());
        }
        if holds(&condition) {
            continue;
        }
        let came = match place.as_str() {
            "text" => "the message".to_owned(),
            "binary" => (opcode == opcode::BINARY).to_string(),
            place => {
                let pointer = Pointer::parse(place).ok();
                let value = pointer.and_then(|pointer| {
                    pointer.read(message.get(length..)?).map(|value| shown(&value))
                });
                value.unwrap_or_else(|| "nothing".to_owned())
            }
        };
        reasons.push(format!("{place}: expected {wanted}, got {came}"));
    }
    reasons
}

/// A message for a failure: its beginning, as text.
pub(crate) fn shown(message: &[u8]) -> String {
    let cut = message.len().min(LONGEST);
    let text = String::from_utf8_lossy(&message[..cut]);
    match message.len() {
        0 => "empty".to_owned(),
        length if length > cut => format!("{text}… ({length} bytes)"),
        _ => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mismatch_names_the_place_the_condition_and_the_value() {
        let binary = opcode::BINARY;
        for (written, opcode, message, expected) in [
            (
                json!({"/op": "login", "/args/0/apiKey": {"exists": true}, "/v": 1}),
                opcode::TEXT,
                r#"{"op":"subscribe","args":[{}],"v":1.0}"#,
                "/args/0/apiKey: expected {\"exists\":true}, got nothing, \
                 /op: expected \"login\", got \"subscribe\"; \
                 the message is {\"op\":\"subscribe\",\"args\":[{}],\"v\":1.0}",
            ),
            (
                json!([{"/a": 1}, {"/b": [2, 3]}]),
                opcode::TEXT,
                r#"{"a":2,"b":4}"#,
                "/a: expected 1, got 2, or /b: expected [2,3], got 4; \
                 the message is {\"a\":2,\"b\":4}",
            ),
            (
                json!({"prefix": "42", "/0": 1}),
                opcode::TEXT,
                "42[7]",
                "/0: expected 1, got 7; the message is 42[7]",
            ),
            (
                json!({"prefix": "42", "/0": 1}),
                opcode::TEXT,
                "3",
                "prefix: expected \"42\"; the message is 3",
            ),
            (
                json!({"binary": false}),
                binary,
                "x",
                "binary: expected false, got true; the message is x",
            ),
            (
                json!({"text": "ping"}),
                opcode::TEXT,
                "",
                "text: expected \"ping\", got the message; the message is empty",
            ),
            (
                json!({"": {"max": 1}}),
                opcode::TEXT,
                "2",
                ": expected {\"max\":1}, got 2; the message is 2",
            ),
        ] {
            let matching = Matching::new(&written);
            assert!(!matching.holds(opcode, message.as_bytes()));
            assert_eq!(matching.mismatch(opcode, message.as_bytes()), expected);
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let text = shown(&[b'x'; LONGEST + 1]);
        assert!(text.ends_with("x… (1001 bytes)") && text.len() < LONGEST + 30);
    }

    #[test]
    #[should_panic(expected = r#"{"op":1} is no match: op: a JSON pointer begins with `/`"#)]
    fn a_wrong_match_is_refused_when_the_script_is_made() {
        Matching::new(&json!({"op": 1}));
    }
}
