//! A message to send.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use faucet_core::{Problem, Problems};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Value, json};

/// A message to send. `Debug` shows its length only: it may hold a token.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum SessionMessage {
    /// A text message as it stands; braces mean nothing.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// JSON as it stands, sent as a text message; braces mean nothing.
    Plain(Value),
    /// JSON whose texts may have placeholders, sent as a text message.
    Json {
        /// The JSON.
        tree: Value,
        /// Stands in front of the JSON.
        prefix: Option<String>,
    },
    /// Text with placeholders, sent as a text message.
    Filled(String),
}

impl From<&str> for SessionMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SessionMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The limits of the messages of one key: their number, and their bytes.
const MOST_MESSAGES: usize = 10_000;
const LARGEST_GREETING: usize = 16 << 20;

impl SessionMessage {
    /// Adds a problem when `messages`, the value of `key`, are too many or too large.
    pub fn check(key: &'static str, messages: &[Self], problems: &mut Problems) {
        let size: usize = messages.iter().map(Self::len).sum();
        if messages.len() > MOST_MESSAGES || size > LARGEST_GREETING {
            let expected = "at most 10,000 messages of 16 MiB together";
            problems.push(Problem::out_of_range(key, expected));
        }
    }

    /// The number of bytes of the message as it was written.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Filled(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Plain(tree) => tree.to_string().len(),
            Self::Json { tree, prefix } => {
                tree.to_string().len() + prefix.as_ref().map_or(0, String::len)
            }
        }
    }

    /// Whether the message has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for SessionMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
            Self::Plain(_) | Self::Json { .. } => "json",
            Self::Filled(_) => "filled text",
        };
        write!(f, "{kind} of {} bytes", self.len())
    }
}

/// Bytes that are written in base64.
fn decoded<E: de::Error>(text: &str) -> Result<Bytes, E> {
    let expected =
        "base64: letters, digits, `+` and `/`, with `=` at the end to a multiple of four";
    let wrong = |_| E::invalid_value(Unexpected::Str(text), &expected);
    STANDARD.decode(text).map(Bytes::from).map_err(wrong)
}

impl<'de> Deserialize<'de> for SessionMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = SessionMessage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a map or a list")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SessionMessage, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SessionMessage, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(SessionMessage::Plain(Value::Array(items)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SessionMessage, A::Error> {
                read_map(map)
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

/// The value of `data`, which is base64 where the map so far says `type: binary`. Read here, so that
/// a mistake stands at its key.
struct Data(bool);

impl<'de> DeserializeSeed<'de> for Data {
    type Value = (Value, Option<Bytes>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let bytes = match &value {
            Value::String(text) if self.0 => Some(decoded(text)?),
            _ => None,
        };
        Ok((value, bytes))
    }
}

fn read_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<SessionMessage, A::Error> {
    let (mut members, mut bytes) = (Map::new(), None);
    while let Some(key) = map.next_key::<String>()? {
        let is_binary = members.len() == 1 && members.get("type") == Some(&"binary".into());
        let value = match key.as_str() {
            "data" => {
                let (value, decoded) = map.next_value_seed(Data(is_binary))?;
                bytes = decoded;
                value
            }
            _ => map.next_value()?,
        };
        members.insert(key, value);
    }
    let has = |keys: &[&str]| {
        members.len() == keys.len() && keys.iter().all(|key| members.contains_key(*key))
    };
    // The keys alone decide about the form: what one of them holds is right or a mistake.
    let text = |key: &'static str| match members.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        other => Err(no_text(key, other)),
    };
    match members.get("type").and_then(Value::as_str) {
        Some("text") if has(&["type", "data"]) => return text("data").map(SessionMessage::Text),
        Some("binary") if has(&["type", "data"]) => {
            let bytes = bytes.map_or_else(|| decoded(&text("data")?), Ok);
            return bytes.map(SessionMessage::Binary);
        }
        _ => {}
    }
    if has(&["text"]) {
        return text("text").map(SessionMessage::Filled);
    }
    let has_prefix = has(&["json", "prefix"]);
    if has(&["json"]) || has_prefix {
        let prefix = has_prefix.then(|| text("prefix")).transpose()?;
        let tree = members.remove("json").unwrap_or_default();
        return Ok(SessionMessage::Json { tree, prefix });
    }
    Ok(SessionMessage::Plain(Value::Object(members)))
}

/// The mistake of a form whose `key` holds something else than text.
fn no_text<E: de::Error>(key: &'static str, value: Option<&Value>) -> E {
    let found = match value {
        Some(Value::Bool(value)) => Unexpected::Bool(*value),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Unexpected::Signed(number),
            (None, number) => Unexpected::Float(number.unwrap_or_default()),
        },
        Some(Value::Array(_)) => Unexpected::Seq,
        Some(Value::Object(_)) => Unexpected::Map,
        _ => Unexpected::Unit,
    };
    let expected =
        format!("text in `{key}`; a map that is the message itself goes inside of `json`");
    E::invalid_type(found, &expected.as_str())
}

/// Base64 with its padding (RFC 4648 §4): the bits behind the last byte are zero.
const BASE64: &str = "^(?:[A-Za-z0-9+/]{4})*\
     (?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";

impl JsonSchema for SessionMessage {
    fn schema_name() -> Cow<'static, str> {
        "Message".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let form = |about: &str, properties: Value, required: &[&str]| {
            json!({
                "type": "object",
                "description": about,
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        };
        let base64 = json!({
            "type": "string",
            "description": "The bytes of the message in base64.",
            "pattern": BASE64,
            "examples": ["AAEC/w=="],
        });
        let json_form = json!({
            "json": {
                "description": "The message as JSON. Placeholders in its texts are filled, then it is written.",
                "examples": [{"op": "subscribe", "args": "{topics}"}],
            },
            "prefix": {
                "type": "string",
                "description": "Stands in front of the JSON.",
                "examples": ["42"],
            },
        });
        let text_form = json!({
            "text": {
                "type": "string",
                "description": "The message as text, with placeholders.",
                "examples": ["SUBSCRIBE {topics_csv}"],
            },
        });
        let kind = |kind: &str| json!({ "const": kind, "description": "The kind of the message." });
        let data = json!({
            "type": "string",
            "description": "The text of the message.",
            "examples": [r#"{"op":"subscribe"}"#],
        });
        let plain = json!({
            "type": ["object", "array"],
            "description": "Any other map or list is the message, sent as JSON. Braces mean nothing in it.",
            "not": { "anyOf": [
                { "required": ["type", "data"], "maxProperties": 2, "properties": { "type": { "enum": ["text", "binary"] } } },
                { "required": ["json"], "maxProperties": 1 },
                { "required": ["json", "prefix"], "maxProperties": 2 },
                { "required": ["text"], "maxProperties": 1 },
            ]},
        });
        json_schema!({
            "title": "message",
            "anyOf": [
                { "type": "string", "description": "A text message as it stands." },
                form("JSON with placeholders.", json_form, &["json"]),
                form("Text with placeholders.", text_form, &["text"]),
                form("A text message as it stands.", json!({ "type": kind("text"), "data": data }), &["type", "data"]),
                form("A binary message.", json!({ "type": kind("binary"), "data": base64 }), &["type", "data"]),
                plain,
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_by_its_keys() {
        use SessionMessage::{Binary, Filled, Json, Plain, Text};
        for (written, expected) in [
            (json!("{a}"), Text("{a}".into())),
            (json!({"type": "text", "data": "x"}), Text("x".into())),
            (json!({"type": "binary", "data": "AAEC"}), Binary(Bytes::from_static(&[0, 1, 2]))),
            (json!({"data": "AAEC", "type": "binary"}), Binary(Bytes::from_static(&[0, 1, 2]))),
            (json!({"text": "SUB {x}"}), Filled("SUB {x}".into())),
            (json!({"json": [1]}), Json { tree: json!([1]), prefix: None }),
            (
                json!({"json": {}, "prefix": "42"}),
                Json { tree: json!({}), prefix: Some("42".into()) },
            ),
            (json!({"op": "sub"}), Plain(json!({"op": "sub"}))),
            (json!(["a", 1]), Plain(json!(["a", 1]))),
            (json!({}), Plain(json!({}))),
            (
                json!({"type": "subscribe", "data": "x"}),
                Plain(json!({"type": "subscribe", "data": "x"})),
            ),
            (json!({"type": "text"}), Plain(json!({"type": "text"}))),
            (json!({"text": "a", "to": "b"}), Plain(json!({"text": "a", "to": "b"}))),
            (
                json!({"json": 1, "prefix": "", "to": 2}),
                Plain(json!({"json": 1, "prefix": "", "to": 2})),
            ),
        ] {
            let read: SessionMessage = faucet_core::decode(written.clone()).unwrap();
            assert_eq!(read, expected, "{written}");
        }
        let problems =
            faucet_core::decode::<SessionMessage>(json!({"type": "binary", "data": "*"}));
        let problem = problems.unwrap_err().iter().next().unwrap().clone();
        assert_eq!(problem.path.to_string(), "data");
        assert!(faucet_core::decode::<SessionMessage>(json!(5)).is_err());
    }

    #[test]
    fn a_form_whose_text_is_none_is_a_mistake() {
        for (written, key, found) in [
            (json!({"type": "text", "data": {"a": 1}}), "data", "a map"),
            (json!({"type": "text", "data": 5}), "data", "a whole number"),
            (json!({"data": null, "type": "binary"}), "data", "nothing"),
            (json!({"text": [1]}), "text", "a list"),
            (json!({"json": 1, "prefix": 2.5}), "prefix", "a number"),
        ] {
            let problems = faucet_core::decode::<SessionMessage>(written.clone()).unwrap_err();
            let shown = format!("{problems:#}");
            assert!(shown.contains(&format!("text in `{key}`")), "{written}: {shown}");
            assert!(shown.contains(found), "{written}: {shown}");
        }
    }

    #[test]
    fn the_messages_of_a_key_have_a_limit_of_number_and_of_bytes() {
        let one = |size: usize| SessionMessage::Text("x".repeat(size));
        for (messages, fits) in [
            (vec![one(1); MOST_MESSAGES], true),
            (vec![one(0); MOST_MESSAGES + 1], false),
            (vec![one(LARGEST_GREETING)], true),
            (vec![one(LARGEST_GREETING), one(1)], false),
        ] {
            let mut problems = Problems::new();
            SessionMessage::check("subscribe_messages", &messages, &mut problems);
            assert_eq!(problems.into_result().is_ok(), fits, "{} messages", messages.len());
        }
    }

    #[test]
    fn debug_shows_the_length_only() {
        assert_eq!(format!("{:?}", SessionMessage::from("hunter2")), "text of 7 bytes");
        let json = SessionMessage::Json { tree: json!([1]), prefix: Some("42".into()) };
        assert_eq!(format!("{json:?}"), "json of 5 bytes");
    }
}
