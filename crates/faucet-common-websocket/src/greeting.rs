//! Messages to send after every connect.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use faucet_core::{Problem, Problems};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Unexpected, Visitor};
use serde_json::{Value, json};

use crate::frame::Frame;

/// A message to send after every connect. `Debug` shows its length only: it may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub enum ConnectMessage {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
}

impl From<&str> for ConnectMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ConnectMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The limits of a greeting: its messages, and their bytes.
const MOST_MESSAGES: usize = 10_000;
const LARGEST_GREETING: usize = 16 << 20;

impl ConnectMessage {
    /// Adds a problem when `messages`, the value of `key`, are too many or too large.
    pub fn check(key: &'static str, messages: &[Self], problems: &mut Problems) {
        let size: usize = messages.iter().map(Self::len).sum();
        if messages.len() > MOST_MESSAGES || size > LARGEST_GREETING {
            let expected = "at most 10,000 messages of 16 MiB together";
            problems.push(Problem::out_of_range(key, expected));
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl fmt::Debug for ConnectMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        };
        write!(f, "{kind} of {} bytes", self.len())
    }
}

impl From<ConnectMessage> for Frame {
    fn from(message: ConnectMessage) -> Self {
        match message {
            ConnectMessage::Text(text) => Self::Text(text.into()),
            ConnectMessage::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// The keys of the long form of a [`ConnectMessage`].
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Type,
    Data,
}

/// The kind of a message in its long form.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Text,
    Binary,
}

/// Bytes that are written in base64.
struct Base64(Vec<u8>);

impl Base64 {
    fn decoded<E: de::Error>(text: &str) -> Result<Self, E> {
        let expected =
            "base64: letters, digits, `+` and `/`, with `=` at the end to a multiple of four";
        let wrong = |_| E::invalid_value(Unexpected::Str(text), &expected);
        STANDARD.decode(text).map(Self).map_err(wrong)
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::decoded(&String::deserialize(deserializer)?)
    }
}

impl<'de> Deserialize<'de> for ConnectMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ConnectMessage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or {type: binary, data: <base64>}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ConnectMessage, E> {
                Ok(text.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConnectMessage, A::Error> {
                let (mut kind, mut text, mut bytes) = (None, None::<String>, None::<Base64>);
                while let Some(key) = map.next_key()? {
                    match (key, &kind) {
                        (Key::Type, _) => kind = Some(map.next_value()?),
                        // The problem of the bytes stands at their key.
                        (Key::Data, Some(Kind::Binary)) => bytes = Some(map.next_value()?),
                        (Key::Data, _) => text = Some(map.next_value()?),
                    }
                }
                let missing = |key| <A::Error as de::Error>::missing_field(key);
                match (kind.ok_or_else(|| missing("type"))?, text, bytes) {
                    (Kind::Text, Some(text), _) => Ok(ConnectMessage::Text(text)),
                    (Kind::Binary, _, Some(bytes)) => Ok(ConnectMessage::Binary(bytes.0.into())),
                    (Kind::Binary, Some(text), None) => {
                        Ok(ConnectMessage::Binary(Base64::decoded(&text)?.0.into()))
                    }
                    (_, None, _) => Err(missing("data")),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Base64 with its padding (RFC 4648 §4): the bits behind the last byte are zero.
const BASE64: &str = "^(?:[A-Za-z0-9+/]{4})*\
     (?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";

impl JsonSchema for ConnectMessage {
    fn schema_name() -> Cow<'static, str> {
        "ConnectMessage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let long = |kind: &str, about: &str, data: Value| {
            json!({
                "type": "object",
                "description": about,
                "properties": {
                    "type": { "const": kind, "description": "The kind of the message." },
                    "data": data,
                },
                "required": ["type", "data"],
                "additionalProperties": false,
            })
        };
        let text = json!({
            "type": "string",
            "description": "The text of the message.",
            "examples": [r#"{"op":"subscribe"}"#],
        });
        let binary = json!({
            "type": "string",
            "description": "The bytes of the message in base64.",
            "pattern": BASE64,
            "examples": ["AAEC/w=="],
        });
        json_schema!({
            "title": "message",
            "anyOf": [
                { "type": "string", "description": "A text message." },
                long("text", "A text message.", text),
                long("binary", "A binary message.", binary),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_has_a_limit_of_messages_and_of_bytes() {
        let one = |size: usize| ConnectMessage::Text("x".repeat(size));
        for (messages, fits) in [
            (vec![one(1); MOST_MESSAGES], true),
            (vec![one(0); MOST_MESSAGES + 1], false),
            (vec![one(LARGEST_GREETING)], true),
            (vec![one(LARGEST_GREETING), one(1)], false),
        ] {
            let mut problems = Problems::new();
            ConnectMessage::check("subscribe_messages", &messages, &mut problems);
            assert_eq!(problems.into_result().is_ok(), fits, "{} messages", messages.len());
        }
    }
}
