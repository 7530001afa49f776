//! One message of a feed.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, JsonText, RecordRef, Result};

/// A moment in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The system clock's now. It may jump: it stamps records and drives no timer.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// From Unix milliseconds.
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// As Unix milliseconds.
    pub const fn as_unix_millis(self) -> u64 {
        self.0
    }
}

/// UTF-8 text as bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Bytes);

impl Text {
    /// Checks that `bytes` are UTF-8.
    pub fn new(bytes: Bytes) -> Result<Self, std::str::Utf8Error> {
        std::str::from_utf8(&bytes).map(|_| ()).map(|()| Self(bytes))
    }

    /// Takes bytes that were checked as UTF-8 before. Others make [`as_str`](Self::as_str) panic.
    pub fn from_checked(bytes: Bytes) -> Self {
        debug_assert!(std::str::from_utf8(&bytes).is_ok());
        Self(bytes)
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a Text is UTF-8")
    }

    /// The text's bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// What a record carries, as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Text that was checked as JSON.
    Json(JsonText),
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

impl Payload {
    /// The payload's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(json) => json.as_bytes(),
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The payload's bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Json(json) => json.into_bytes(),
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// One message of a feed: its bytes, parsed only when somebody asks. Cheap to clone and to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) payload: Payload,
    pub(crate) received_at: Timestamp,
    pub(crate) envelope: Option<Arc<str>>,
}

impl Record {
    /// A record received at `received_at`.
    pub fn new(payload: Payload, received_at: Timestamp) -> Self {
        Self { payload, received_at, envelope: None }
    }

    /// Makes the record's JSON rendering `{"data": …, "received_at": …, "url": …}`. `url` is
    /// printed: pass it redacted. The payload stays what it is.
    #[must_use]
    pub fn with_envelope(mut self, url: Arc<str>) -> Self {
        self.envelope = Some(url);
        self
    }

    /// A JSON record made from a value.
    pub fn from_serialize<T: Serialize>(value: &T, received_at: Timestamp) -> Result<Self> {
        let text = serde_json::to_vec(value).map_err(|e| {
            Error::new(ErrorKind::Decode, "a value could not be written as JSON").with_source(e)
        })?;
        Ok(Self::new(Payload::Json(JsonText::from_serializer(text)), received_at))
    }

    /// The payload.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The payload, without a copy.
    pub fn into_payload(self) -> Payload {
        self.payload
    }

    /// When the record was received.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Parses the record's JSON rendering.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when `T` has another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        let parsed = match (&self.payload, &self.envelope) {
            (Payload::Json(json), None) => serde_json::from_slice(json.as_bytes()),
            _ => serde_json::from_slice(&self.to_json()),
        };
        parsed.map_err(|e| {
            Error::new(ErrorKind::Decode, "a record has another shape than asked for")
                .with_source(e)
        })
    }

    /// The record's JSON rendering as a value. Numbers become what `serde_json` makes of them;
    /// [`payload`](Self::payload) has them as they were sent.
    pub fn to_value(&self) -> Result<serde_json::Value> {
        self.parse()
    }

    /// The record's JSON rendering on one line, without a line break at its end.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.as_bytes().len() + 64);
        self.as_ref().write_json(&mut out);
        out
    }

    /// The record as a view.
    pub fn as_ref(&self) -> RecordRef<'_> {
        RecordRef { record: self }
    }
}

/// Appends the JSON rendering of `payload` to `out`, on one line.
pub(crate) fn write_json_payload(payload: &Payload, out: &mut Vec<u8>) {
    match payload {
        Payload::Json(json) => {
            let start = out.len();
            out.extend_from_slice(json.as_bytes());
            // A raw line break can only stand between tokens: inside a string it is not JSON.
            if memchr::memchr2(b'\n', b'\r', &out[start..]).is_some() {
                for byte in &mut out[start..] {
                    if matches!(byte, b'\n' | b'\r') {
                        *byte = b' ';
                    }
                }
            }
        }
        Payload::Text(text) => write_json_string(text.as_str(), out),
        Payload::Binary(bytes) => {
            out.push(b'"');
            let start = out.len();
            out.resize(start + bytes.len().div_ceil(3) * 4, 0);
            let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or_default();
            out.truncate(start + written);
            out.push(b'"');
        }
    }
}

/// Appends `text` to `out` as a JSON string.
pub(crate) fn write_json_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing a string to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(1_700_000_000_123);

    fn json(text: &'static str) -> Record {
        let json = JsonText::new(Bytes::from_static(text.as_bytes())).unwrap();
        Record::new(Payload::Json(json), AT)
    }

    #[test]
    fn json_is_rendered_byte_for_byte_on_one_line() {
        let text = "{\"b\":2.10,\n\"a\":101027219534255757415994639,\r\n\"s\":\"\\n\"}";
        assert_eq!(
            json(text).to_json(),
            br#"{"b":2.10, "a":101027219534255757415994639,  "s":"\n"}"#
        );
        assert_eq!(json(text).payload().as_bytes(), text.as_bytes());
    }

    #[test]
    fn text_and_binary_are_rendered_as_json_strings() {
        let text = Record::new(Payload::Text("a\"\n\u{0}π".into()), AT);
        assert_eq!(text.to_json(), "\"a\\\"\\n\\u0000π\"".as_bytes());
        for (bytes, expected) in [("", "\"\""), ("\x01", "\"AQ==\""), ("abc", "\"YWJj\"")] {
            let binary = Record::new(Payload::Binary(bytes.into()), AT);
            assert_eq!(binary.to_json(), expected.as_bytes());
        }
    }

    #[test]
    fn an_envelope_is_a_rendering_and_leaves_the_payload_alone() {
        let record = json("[1]").with_envelope("ws://h/".into());
        assert_eq!(
            record.to_json(),
            br#"{"data":[1],"received_at":1700000000123,"url":"ws://h/"}"#
        );
        assert_eq!(record.payload().as_bytes(), b"[1]");
        assert_eq!(record.to_value().unwrap()["data"][0], 1);
    }

    #[test]
    fn parse_says_what_did_not_fit() {
        assert_eq!(json("[1,2]").parse::<Vec<u8>>().unwrap(), [1, 2]);
        let error = json("[1,300]").parse::<Vec<u8>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(format!("{error:#}").contains("300"), "{error:#}");
        let made = Record::from_serialize(&vec![1, 2], AT).unwrap();
        assert_eq!(made.to_json(), b"[1,2]");
    }
}
