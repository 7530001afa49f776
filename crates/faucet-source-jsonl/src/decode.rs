//! From a line to a record. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use faucet_core::json::{self, JsonError};
use faucet_core::{Gap, JsonText, MessageKind, Payload, Record, Text, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::line_format::LineFormat;

/// How lines are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder {
    pub(crate) format: LineFormat,
    pub(crate) form: LineForm,
}

/// What stands around the record of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineForm {
    /// Nothing.
    Bare,
    /// An object as sources with `envelope: true` make it.
    Envelope,
    /// A message as sinks with `frames: true` write it.
    Frame,
}

/// Why a line is no record.
#[derive(Debug, Error)]
pub(crate) enum BadLine {
    #[error("not JSON: {0}")]
    NotJson(JsonError),
    #[error("not a JSON string: {}", in_one_line(.0))]
    NotAString(serde_json::Error),
    #[error("not base64: {0}")]
    NotBase64(base64::DecodeError),
    #[error("not an envelope: {}", in_one_line(.0))]
    NotAnEnvelope(serde_json::Error),
    #[error("not a message: {}", in_one_line(.0))]
    NotAFrame(serde_json::Error),
}

impl BadLine {
    /// The name under which skipped lines are counted.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::NotAString(_) => "not_a_json_string",
            Self::NotBase64(_) => "not_base64",
            Self::NotAnEnvelope(_) => "not_an_envelope",
            Self::NotAFrame(_) => "not_a_frame",
        }
    }

    /// Some of `line` around the place at which it stops being JSON, where that is known.
    pub(crate) fn excerpt(&self, line: &[u8]) -> Option<String> {
        match self {
            Self::NotJson(error) => Some(json::excerpt(line, error.offset())),
            _ => None,
        }
    }
}

/// Where a line stops being what it should be. serde_json's own words count lines within the line,
/// of which there is one.
fn in_one_line(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the line ends too early",
        serde_json::error::Category::Data => "another type or other keys are expected",
        _ => "the JSON is broken",
    };
    format!("{what} at byte {}", error.column())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    /// As it is written: numbers and spacing are the record's.
    #[serde(borrow)]
    data: &'a RawValue,
    received_at: u64,
    #[serde(rename = "url")]
    _url: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    at: u64,
    kind: FrameKind,
    data: String,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FrameKind {
    Text,
    Binary,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GapLine {
    faucet_gap: Gap,
}

/// The gap of a line that a sink with `gap_records: true` has written.
pub(crate) fn gap(line: &[u8]) -> Option<Gap> {
    let begins = line.trim_ascii_start().starts_with(b"{\"faucet_gap\":");
    begins
        .then(|| serde_json::from_slice::<GapLine>(line).ok())
        .flatten()
        .map(|line| line.faucet_gap)
}

impl Decoder {
    /// Decodes a line (without its line break) that was read at `now`.
    pub(crate) fn decode(self, line: &[u8], now: Timestamp) -> Result<Record, BadLine> {
        match self.form {
            LineForm::Bare => return Ok(Record::new(self.payload(line)?, now)),
            LineForm::Frame => return self.frame(line),
            LineForm::Envelope => {}
        }
        let envelope: Envelope<'_> =
            serde_json::from_slice(line).map_err(BadLine::NotAnEnvelope)?;
        let payload = self.payload(envelope.data.get().as_bytes())?;
        Ok(Record::new(payload, Timestamp::from_unix_millis(envelope.received_at)))
    }

    fn frame(self, line: &[u8]) -> Result<Record, BadLine> {
        let Frame { at, kind, data } = serde_json::from_slice(line).map_err(BadLine::NotAFrame)?;
        let (kind, bytes) = match kind {
            FrameKind::Text => (MessageKind::Text, data.into_bytes()),
            FrameKind::Binary => {
                (MessageKind::Binary, STANDARD.decode(data).map_err(BadLine::NotBase64)?)
            }
        };
        let payload = match (self.format, kind) {
            (LineFormat::Json, _) => {
                Payload::Json(JsonText::new(bytes.into()).map_err(BadLine::NotJson)?)
            }
            (LineFormat::RawString, MessageKind::Text) => {
                Payload::Text(String::from_utf8(bytes).unwrap_or_default().into())
            }
            (LineFormat::RawString | LineFormat::Binary, _) => Payload::Binary(bytes.into()),
        };
        let record = Record::new(payload, Timestamp::from_unix_millis(at));
        Ok(record.with_message_kind(kind))
    }

    fn payload(self, json: &[u8]) -> Result<Payload, BadLine> {
        let string = || serde_json::from_slice::<String>(json).map_err(BadLine::NotAString);
        match self.format {
            LineFormat::Json => JsonText::new(Bytes::copy_from_slice(json))
                .map(Payload::Json)
                .map_err(BadLine::NotJson),
            LineFormat::RawString => Ok(Payload::Text(string()?.into())),
            LineFormat::Binary => match STANDARD.decode(string()?) {
                Ok(bytes) => Ok(Payload::Binary(bytes.into())),
                Err(error) => Err(BadLine::NotBase64(error)),
            },
        }
    }
}

/// A line that could not be decoded, as it came in.
pub(crate) fn undecoded(line: &[u8], now: Timestamp) -> Record {
    let bytes = Bytes::copy_from_slice(line);
    let payload = match Text::new(bytes.clone()) {
        Ok(text) => Payload::Text(text),
        Err(_) => Payload::Binary(bytes),
    };
    Record::new(payload, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(7);

    fn decode(format: LineFormat, envelope: bool, line: &str) -> Result<Record, BadLine> {
        let form = if envelope { LineForm::Envelope } else { LineForm::Bare };
        Decoder { format, form }.decode(line.as_bytes(), NOW)
    }

    #[test]
    fn a_frame_gives_the_message_back() {
        use LineFormat::{Binary, Json, RawString};
        let frame = |format, line: &str| {
            Decoder { format, form: LineForm::Frame }.decode(line.as_bytes(), NOW)
        };
        let text = r#"{"at":9,"kind":"text","data":"{\"a\": 1}"}"#;
        let binary = r#"{"at":9,"kind":"binary","data":"WzFd"}"#;
        for (format, line, kind, payload) in [
            (Json, text, MessageKind::Text, "{\"a\": 1}"),
            (RawString, text, MessageKind::Text, "{\"a\": 1}"),
            (Json, binary, MessageKind::Binary, "[1]"),
            (Binary, text, MessageKind::Text, "{\"a\": 1}"),
        ] {
            let record = frame(format, line).unwrap();
            assert_eq!(record.message_kind(), Some(kind));
            assert_eq!(record.received_at(), Timestamp::from_unix_millis(9));
            assert_eq!(record.payload().as_bytes(), payload.as_bytes(), "{format:?}");
        }
        assert!(matches!(frame(RawString, binary).unwrap().payload(), Payload::Binary(_)));
        for (line, reason) in [
            (r#"{"at":9,"kind":"text","data":1}"#, "not_a_frame"),
            (r#"{"at":9,"kind":"pong","data":""}"#, "not_a_frame"),
            (r#"{"at":9,"kind":"binary","data":"?"}"#, "not_base64"),
            (r#"{"at":9,"kind":"text","data":"x"}"#, "not_json"),
        ] {
            assert_eq!(frame(Json, line).unwrap_err().reason(), reason, "{line}");
        }
    }

    #[test]
    fn a_line_of_a_gap_is_the_gap() {
        let shown = r#"{"faucet_gap":{"source":"s","from":1,"to":2001,"seconds":2.0,"attempts":3,"reason":"outage","missing":null}}"#;
        let found = gap(shown.as_bytes()).unwrap();
        assert_eq!(
            (found.attempts, found.duration()),
            (3, Some(std::time::Duration::from_secs(2)))
        );
        for line in [r#"{"faucet_gap":1}"#, r#"{"a":1}"#, r#"{"faucet_gap":{"reason":"x"},"b":1}"#]
        {
            assert!(gap(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn lines_become_what_the_format_says() {
        let json = decode(LineFormat::Json, false, "[2.10, 1e400 ]").unwrap();
        assert_eq!((json.to_json(), json.received_at()), (b"[2.10, 1e400 ]".to_vec(), NOW));
        let text = decode(LineFormat::RawString, false, r#""a\n\u00e9""#).unwrap();
        assert_eq!(*text.payload(), Payload::Text("a\né".into()));
        let binary = decode(LineFormat::Binary, false, "\"AP8=\"").unwrap();
        assert_eq!(*binary.payload(), Payload::Binary(vec![0, 255].into()));
    }

    #[test]
    fn whatever_an_envelope_holds_comes_out_as_it_went_in() {
        let big = JsonText::new("{\"b\":1.10, \"a\":101027219534255757415994639}".into()).unwrap();
        for (format, payload) in [
            (LineFormat::Json, Payload::Json(big)),
            (LineFormat::RawString, Payload::Text("a\"\n\u{1}".into())),
            (LineFormat::Binary, Payload::Binary(vec![0, 10, 255].into())),
        ] {
            let record = Record::new(payload, Timestamp::from_unix_millis(1_700_000_000_123));
            let line = record.clone().with_envelope("ws://h/?a=***".into()).to_json();
            let read = decode(format, true, std::str::from_utf8(&line).unwrap()).unwrap();
            assert_eq!(read, record);
        }
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        use LineFormat::{Binary, Json, RawString};
        let not_a_string = "not a JSON string: another type or other keys are expected at byte 1";
        for (format, envelope, line, reason, words) in [
            (Json, false, "{\"a\":1,}", "not_json", "not JSON: expected a string as key at byte 7"),
            (Json, false, "{}{}", "not_json", "not JSON: trailing characters at byte 2"),
            (RawString, false, "1", "not_a_json_string", not_a_string),
            (Binary, false, "\"A\"", "not_base64", "not base64: Invalid"),
            (Json, true, "[1]", "not_an_envelope", "not an envelope: another type"),
            (Json, true, "{\"data\":1}", "not_an_envelope", "not an envelope: another type"),
            (
                Json,
                true,
                "{\"data\":1,\"x\":2}",
                "not_an_envelope",
                "not an envelope: another type",
            ),
            (
                RawString,
                true,
                r#"{"data":1,"received_at":2,"url":""}"#,
                "not_a_json_string",
                not_a_string,
            ),
        ] {
            let bad = decode(format, envelope, line).unwrap_err();
            let said = bad.to_string();
            assert!(bad.reason() == reason && said.starts_with(words), "{line}: {said}");
            assert!(!said.contains('\n') && !said.contains("line 1"), "{said}");
            assert_eq!(bad.excerpt(line.as_bytes()).is_some(), reason == "not_json");
        }
    }

    #[test]
    fn a_bad_line_stays_what_it_is() {
        let text = undecoded("é{".as_bytes(), NOW);
        assert_eq!(*text.payload(), Payload::Text("é{".into()));
        let binary = undecoded(b"\"\xff", NOW);
        assert_eq!(*binary.payload(), Payload::Binary(b"\"\xff".as_slice().into()));
        assert_eq!(binary.received_at(), NOW);
    }
}
