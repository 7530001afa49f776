//! A named value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use faucet_core::duration::{self, Seconds};
use faucet_core::schema_rule::{self, given, needs, when};
use faucet_core::select::Pointer;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use crate::keys::request::{HeaderText, SecretText};
use crate::values::HmacAlgorithm;
use crate::values::JwtAlgorithm;
use crate::values::Offset;
use crate::values::RandomForm;
use crate::values::{ClockAs, ClockForm};
use crate::values::{DigestForm, Encoding, KeyForm};

/// A named value: text with placeholders, or the way to make one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum NamedValue {
    /// Text with placeholders.
    Text(String),
    /// A way to make the value.
    Made(Box<MadeValue>),
}

impl From<&str> for NamedValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The way to make a value: exactly one of `secret`, `literal`, `file`, `command`, `clock`, `random`, `hmac`,
/// `jwt` and `encode`, and the keys that belong to it.
///
/// A value is made when it is first needed, once for each connection.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules)]
pub struct MadeValue {
    /// Text that no message shows. Braces mean nothing in it.
    #[serde(default)]
    #[schemars(with = "Option<faucet_core::Secret>")]
    #[schemars(extend("examples" = ["${API_KEY}"]))]
    pub secret: Option<SecretText>,
    /// Text in which braces mean nothing.
    #[serde(default)]
    #[schemars(extend("examples" = ["subscription { ticks { price } }"]))]
    pub literal: Option<String>,
    /// A file whose text is the value, without the line end behind it. Read anew for each connection; at most
    /// 64 KiB. The value is a secret.
    #[serde(default)]
    #[schemars(extend("examples" = ["token.txt"], "x-file" = "read"))]
    pub file: Option<String>,
    /// A program and its arguments, which may have placeholders. The text on its standard output is the value,
    /// without the line end behind it. No shell is involved. The value is a secret.
    #[serde(default)]
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["get-token", "--audience", "api.example.com"]]))]
    pub command: Option<Vec<String>>,
    /// The time.
    #[serde(default)]
    #[schemars(extend("examples" = ["ms"]))]
    pub clock: Option<ClockForm>,
    /// A random value.
    #[serde(default)]
    #[schemars(extend("examples" = ["uuid"]))]
    pub random: Option<RandomForm>,
    /// The keyed hash of `text`. The value is a secret.
    #[serde(default)]
    #[schemars(extend("examples" = ["sha256"]))]
    pub hmac: Option<HmacAlgorithm>,
    /// A signed token. The value is a secret. Needs the feature `session-http`.
    #[serde(default)]
    #[schemars(extend("examples" = ["ES256"]))]
    pub jwt: Option<JwtAlgorithm>,
    /// An encoding of `text`.
    #[serde(default)]
    #[schemars(extend("examples" = ["base64"]))]
    pub encode: Option<Encoding>,
    /// The place of the value in the JSON that the file or the program gives. Default: the whole text.
    #[serde(default)]
    #[schemars(extend("examples" = ["/access_token"]))]
    pub pointer: Option<Pointer>,
    /// How long the program may run. Default: 10.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [5, "5s"], "x-only-with" = {"command": "given"}))]
    pub timeout: Option<Duration>,
    /// Added to the time, for an expiry.
    #[serde(default)]
    #[schemars(extend("examples" = [60, "-5s"], "x-only-with" = {"clock": "given"}))]
    pub offset: Option<Offset>,
    /// How the value is written: `number` (default) or `text` of a clock, `hex` (default), `base64` or `base64url` of
    /// a hash.
    #[serde(default, rename = "as")]
    #[schemars(extend("examples" = ["base64"]))]
    pub written_as: Option<WrittenAs>,
    /// The key of the hash or of the token (PEM for all but HS256); `{name}` is the value of that name.
    #[serde(default)]
    #[schemars(with = "Option<HeaderText>")]
    #[schemars(extend("examples" = ["${API_SECRET}"]))]
    pub key: Option<SecretText>,
    /// How the key of the hash is written.
    #[serde(default)]
    #[schemars(extend("examples" = ["base64"], "x-only-with" = {"hmac": "given"}))]
    pub key_is: Option<KeyForm>,
    /// The text that is hashed or encoded, with placeholders.
    #[serde(default)]
    #[schemars(extend("examples" = ["{ts}GET/users/self/verify"]))]
    pub text: Option<String>,
    /// Members of the token's header beside `alg` and `typ`. Texts may have placeholders.
    #[serde(default)]
    #[schemars(extend("examples" = [{"kid": "key-1"}], "default" = {}, "x-only-with" = {"jwt": "given"}))]
    pub header: BTreeMap<String, Value>,
    /// Claims of the token beside `iat`, `nbf` and `exp`. Texts may have placeholders.
    #[serde(default)]
    #[schemars(extend("examples" = [{"iss": "cdp"}], "default" = {}, "x-only-with" = {"jwt": "given"}))]
    pub claims: BTreeMap<String, Value>,
    /// How long the token is good for. Default: 120.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [120, "2 min"], "x-only-with" = {"jwt": "given"}))]
    pub expires_in: Option<Duration>,
    /// How often the value is made. Only a value for each message may name `seq` or a topic; a file or a program is
    /// asked once for each connection.
    #[serde(default)]
    #[schemars(extend("examples" = ["message"]))]
    pub per: ValuePer,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WrittenAs {
    /// A JSON number; of a clock.
    Number,
    /// Text; of a clock.
    Text,
    /// Hexadecimal digits in lower case; of a hash.
    Hex,
    /// Base64 with padding; of a hash.
    Base64,
    /// Base64 for URLs, without padding; of a hash.
    Base64url,
}

impl WrittenAs {
    /// The form of a time.
    pub(crate) fn of_clock(self) -> Option<ClockAs> {
        match self {
            Self::Number => Some(ClockAs::Number),
            Self::Text => Some(ClockAs::Text),
            _ => None,
        }
    }

    /// The form of a hash.
    pub(crate) fn of_digest(self) -> Option<DigestForm> {
        match self {
            Self::Hex => Some(DigestForm::Hex),
            Self::Base64 => Some(DigestForm::Base64),
            Self::Base64url => Some(DigestForm::Base64url),
            _ => None,
        }
    }
}

/// How often a value is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValuePer {
    /// Once for each connection.
    #[default]
    Connection,
    /// Anew for each message. Within one message the value is everywhere the same.
    Message,
}

/// The keys of which a made value has exactly one.
pub(crate) const MAKERS: [&str; 9] =
    ["secret", "literal", "file", "command", "clock", "random", "hmac", "jwt", "encode"];

fn rules(schema: &mut Schema) {
    let one = MAKERS.map(given);
    let any =
        |keys: &[&str]| json!({ "anyOf": keys.iter().map(|key| given(key)).collect::<Vec<_>>() });
    schema_rule::add(
        schema,
        [
            json!({ "oneOf": one }),
            when(given("pointer"), any(&["file", "command"])),
            when(given("text"), any(&["hmac", "encode"])),
            when(given("key"), any(&["hmac", "jwt"])),
            when(given("as"), any(&["hmac", "clock"])),
            when(any(&["hmac", "encode"]), given("text")),
            when(any(&["hmac", "jwt"]), given("key")),
            needs("timeout", "command"),
            needs("offset", "clock"),
            needs("key_is", "hmac"),
            needs("expires_in", "jwt"),
        ],
    );
}

impl<'de> Deserialize<'de> for NamedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap;
        impl<'de> Visitor<'de> for TextOrMap {
            type Value = NamedValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or a map with one way to make a value")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<NamedValue, E> {
                Ok(text.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NamedValue, A::Error> {
                MadeValue::deserialize(MapAccessDeserializer::new(map))
                    .map(|made| NamedValue::Made(Box::new(made)))
            }
        }
        deserializer.deserialize_any(TextOrMap)
    }
}

impl JsonSchema for NamedValue {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let made = generator.subschema_for::<MadeValue>();
        json_schema!({
            "title": "value",
            "anyOf": [
                { "type": "string", "description": "Text with placeholders." },
                made,
            ],
        })
    }
}
