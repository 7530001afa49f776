//! Records as the page shows them.

use faucet_pipeline::Peek;
use serde_json::{Map, Value, json};

/// A record: its time of arrival, its length and its text. With `redact` the values are struck out.
pub(crate) fn shown(peek: &Peek, redact: bool) -> Value {
    let whole = peek.payload.len() == peek.bytes;
    let text = match redact {
        true => redacted(&peek.payload, whole),
        false => String::from_utf8_lossy(&peek.payload).into_owned(),
    };
    json!({
        "at": peek.received_at.as_unix_millis(),
        "bytes": peek.bytes,
        "text": text,
        "cut": !whole,
    })
}

/// The record with its keys and without its values.
fn redacted(payload: &[u8], whole: bool) -> String {
    let parsed = if whole { serde_json::from_slice::<Value>(payload).ok() } else { None };
    parsed.map_or_else(|| "***".to_owned(), |value| strike(value).to_string())
}

fn strike(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let struck: Map<String, Value> =
                fields.into_iter().map(|(key, value)| (key, strike(value))).collect();
            Value::Object(struck)
        }
        Value::Array(items) => items.into_iter().map(strike).collect(),
        Value::Null => Value::Null,
        _ => "***".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn struck_records_keep_their_keys_only() {
        for (payload, whole, expected) in [
            (
                r#"{"user":"eva","n":[1,true,null]}"#,
                true,
                r#"{"n":["***","***",null],"user":"***"}"#,
            ),
            (r#"{"user":"eva"}"#, false, "***"),
            ("plain text", true, "***"),
            ("7", true, "\"***\""),
        ] {
            assert_eq!(redacted(payload.as_bytes(), whole), expected);
        }
    }
}
