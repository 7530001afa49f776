//! Messages to send after every connect.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use faucet_common_websocket::Frame;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// A message to send after every connect. `Debug` shows its length only: it may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub enum SubscribeMessage {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
}

impl From<&str> for SubscribeMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SubscribeMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl SubscribeMessage {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl fmt::Debug for SubscribeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        };
        write!(f, "{kind} of {} bytes", self.len())
    }
}

impl From<SubscribeMessage> for Frame {
    fn from(message: SubscribeMessage) -> Self {
        match message {
            SubscribeMessage::Text(text) => Self::Text(text.into()),
            SubscribeMessage::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

/// The long form of a [`SubscribeMessage`].
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Long {
    Text { data: String },
    Binary { data: String },
}

impl<'de> Deserialize<'de> for SubscribeMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = SubscribeMessage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or {type: binary, data: <base64>}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SubscribeMessage, E> {
                Ok(text.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SubscribeMessage, A::Error> {
                match Long::deserialize(MapAccessDeserializer::new(map))? {
                    Long::Text { data } => Ok(SubscribeMessage::Text(data)),
                    Long::Binary { data } => STANDARD
                        .decode(data)
                        .map(|bytes| SubscribeMessage::Binary(bytes.into()))
                        .map_err(|e| de::Error::custom(format!("data is not base64: {e}"))),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for SubscribeMessage {
    fn schema_name() -> Cow<'static, str> {
        "SubscribeMessage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "description": "A text message." },
                {
                    "type": "object",
                    "description": "A message with its kind.",
                    "properties": {
                        "type": { "enum": ["text", "binary"], "description": "The message's kind." },
                        "data": {
                            "type": "string",
                            "description": "The message; of a binary one in base64.",
                        },
                    },
                    "required": ["type", "data"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
