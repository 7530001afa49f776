//! A record as a view, and its renderings.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::component::error::{Error, ErrorKind, Result};
use crate::stream::json::{self, JsonError, JsonText};
use crate::stream::record::{MessageKind, Payload, PayloadKind, Record, Timestamp};
use crate::stream::records::{Place, Run};
use crate::stream::text::Text;

/// A record inside a page.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    pub(crate) chunk: &'a Bytes,
    pub(crate) place: Place,
    pub(crate) received_at: Timestamp,
    pub(crate) envelope: Option<&'a Arc<str>>,
}

/// The payload of a record inside a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadRef<'a> {
    /// UTF-8 text that was checked as JSON.
    Json(&'a [u8]),
    /// UTF-8 text.
    Text(&'a [u8]),
    /// Bytes.
    Binary(&'a [u8]),
}

impl<'a> RecordRef<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        let chunk = record.payload.bytes();
        Self {
            chunk,
            place: Place::whole(chunk, 0, record.payload.kind(), record.message_kind),
            received_at: record.received_at,
            envelope: record.envelope.as_ref(),
        }
    }

    /// The record of `run` at `place` in `chunk`.
    pub(crate) fn in_run(run: &'a Run, chunk: &'a Bytes, place: Place) -> Self {
        let envelope = run.envelope.as_ref();
        Self { chunk, place, received_at: run.received_at, envelope }
    }

    /// The payload's bytes, whatever they are.
    pub fn as_bytes(&self) -> &'a [u8] {
        &self.chunk[self.place.range()]
    }

    /// The payload.
    pub fn payload(&self) -> PayloadRef<'a> {
        PayloadRef::of(self.place.kind, self.as_bytes())
    }

    /// When the record was received.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The kind of message that the record was, if it was one.
    pub fn message_kind(&self) -> Option<MessageKind> {
        self.place.message
    }

    /// Whether the rendering has an envelope around the payload.
    pub fn has_envelope(&self) -> bool {
        self.envelope.is_some()
    }

    /// Appends the record's JSON rendering to `out`, on one line: JSON byte for byte (line breaks
    /// between tokens become spaces), text as a JSON string, binary as base64 in a JSON string.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let Some(url) = self.envelope else {
            return self.payload().write_json(out);
        };
        write_envelope_start(out);
        self.payload().write_json(out);
        write_envelope_end(self.received_at, url, out);
    }

    /// A record that outlives the page. It shares the page's memory and keeps it alive.
    pub fn to_record(&self) -> Record {
        self.with_bytes(self.chunk.slice(self.place.range()))
    }

    /// A record that outlives the page, in memory of its own.
    pub fn to_owned_record(&self) -> Record {
        self.with_bytes(Bytes::copy_from_slice(self.as_bytes()))
    }

    fn with_bytes(&self, bytes: Bytes) -> Record {
        Record {
            payload: self.place.kind.of(bytes),
            received_at: self.received_at,
            envelope: self.envelope.cloned(),
            message_kind: self.place.message,
        }
    }

    /// A JSON record that is a part of this one: `range` lies in its payload and is one JSON value.
    /// No byte is copied.
    ///
    /// # Errors
    /// [`JsonError`](crate::json::JsonError) where the range is no JSON value.
    ///
    /// # Panics
    /// When the range does not lie in the payload.
    pub fn part(&self, range: Range<usize>) -> Result<Record, JsonError> {
        let begin = self.place.range().start;
        let inner = begin + range.start..begin + range.end;
        assert!(range.end <= self.as_bytes().len(), "the range lies in the payload");
        let json = JsonText::new(self.chunk.slice(inner))?;
        Ok(Record { payload: Payload::Json(json), ..self.with_bytes(Bytes::new()) })
    }

    /// A text record that is a part of this one: `range` lies in its payload.
    ///
    /// # Errors
    /// Where the range is not UTF-8.
    ///
    /// # Panics
    /// When the range does not lie in the payload.
    pub fn text_part(&self, range: Range<usize>) -> Result<Record, std::str::Utf8Error> {
        let begin = self.place.range().start;
        assert!(range.end <= self.as_bytes().len(), "the range lies in the payload");
        let text = Text::new(self.chunk.slice(begin + range.start..begin + range.end))?;
        Ok(Record { payload: Payload::Text(text), ..self.with_bytes(Bytes::new()) })
    }
}

impl<'a> PayloadRef<'a> {
    /// The payload of this kind with these bytes.
    pub(crate) fn of(kind: PayloadKind, bytes: &'a [u8]) -> Self {
        match kind {
            PayloadKind::Json => Self::Json(bytes),
            PayloadKind::Text => Self::Text(bytes),
            PayloadKind::Binary => Self::Binary(bytes),
        }
    }

    /// Appends the payload's JSON rendering to `out`, on one line.
    pub(crate) fn write_json(self, out: &mut Vec<u8>) {
        match self {
            Self::Json(json) => {
                let begin = out.len();
                out.extend_from_slice(json);
                json::replace_line_breaks(&mut out[begin..]);
            }
            Self::Text(text) => json::push_string(text, out),
            Self::Binary(bytes) => {
                out.push(b'"');
                let start = out.len();
                out.resize(start + bytes.len().div_ceil(3) * 4, 0);
                let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or_default();
                out.truncate(start + written);
                out.push(b'"');
            }
        }
    }
}

/// Appends what an envelope has in front of the payload.
pub(crate) fn write_envelope_start(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"data\":");
}

/// Appends what an envelope has behind the payload.
pub(crate) fn write_envelope_end(received_at: Timestamp, url: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"received_at\":");
    out.extend_from_slice(received_at.as_unix_millis().to_string().as_bytes());
    out.extend_from_slice(b",\"url\":");
    json::push_string(url.as_bytes(), out);
    out.push(b'}');
}

impl Record {
    /// A JSON record made from a value.
    pub fn from_serialize<T: Serialize>(value: &T, received_at: Timestamp) -> Result<Self> {
        let text = serde_json::to_vec(value).map_err(|e| {
            Error::new(ErrorKind::Decode, "a value could not be written as JSON").with_source(e)
        })?;
        Ok(Self::new(Payload::Json(JsonText::from_checked(text.into())), received_at))
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
            Error::new(ErrorKind::Decode, "the record does not match the requested type")
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
        RecordRef::of(self)
    }
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
