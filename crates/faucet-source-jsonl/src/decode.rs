//! From a line to a record. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use faucet_core::{JsonText, Payload, Record, Timestamp, json};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::line_format::LineFormat;

/// How lines are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder {
    pub(crate) format: LineFormat,
    pub(crate) envelope: bool,
}

/// Why a line is no record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// Under what it is counted when it is skipped.
    pub(crate) reason: &'static str,
    /// What is wrong with it, and where.
    pub(crate) what: String,
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

impl Decoder {
    /// Decodes a line (without its line break) that was read at `now`.
    pub(crate) fn decode(self, line: &[u8], now: Timestamp) -> Result<Record, BadLine> {
        if !self.envelope {
            return Ok(Record::new(self.payload(line)?, now));
        }
        let envelope: Envelope<'_> =
            serde_json::from_slice(line).map_err(|error| bad("not_an_envelope", error))?;
        let payload = self.payload(envelope.data.get().as_bytes())?;
        Ok(Record::new(payload, Timestamp::from_unix_millis(envelope.received_at)))
    }

    fn payload(self, json: &[u8]) -> Result<Payload, BadLine> {
        let string = || {
            serde_json::from_slice::<String>(json).map_err(|error| bad("not_a_json_string", error))
        };
        match self.format {
            LineFormat::Json => match JsonText::new(Bytes::copy_from_slice(json)) {
                Ok(json) => Ok(Payload::Json(json)),
                Err(error) => {
                    let near = json::excerpt(json, error.offset());
                    Err(bad("not_json", format!("{error}, near \"{near}\"")))
                }
            },
            LineFormat::RawString => Ok(Payload::Text(string()?.into())),
            LineFormat::Binary => match STANDARD.decode(string()?) {
                Ok(bytes) => Ok(Payload::Binary(bytes.into())),
                Err(error) => Err(bad("not_base64", error)),
            },
        }
    }
}

fn bad(reason: &'static str, what: impl ToString) -> BadLine {
    // serde_json counts lines within the line, of which there is one.
    BadLine { reason, what: what.to_string().replace(" at line 1 column ", " at byte ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(7);

    fn decode(format: LineFormat, envelope: bool, line: &str) -> Result<Record, BadLine> {
        Decoder { format, envelope }.decode(line.as_bytes(), NOW)
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
        for (format, envelope, line, reason, what) in [
            (Json, false, "{\"a\":1,}", "not_json", "expected a string as key at byte 7, near"),
            (Json, false, "{}{}", "not_json", "trailing characters at byte 2, near \"{}{}\""),
            (
                RawString,
                false,
                "1",
                "not_a_json_string",
                "invalid type: integer `1`, expected a string at byte 1",
            ),
            (Binary, false, "\"A\"", "not_base64", "Invalid"),
            (Json, true, "[1]", "not_an_envelope", "invalid"),
            (Json, true, "{\"data\":1}", "not_an_envelope", "missing field `received_at`"),
            (Json, true, "{\"data\":1,\"more\":2}", "not_an_envelope", "unknown field `more`"),
            (RawString, true, r#"{"data":1,"received_at":2,"url":""}"#, "not_a_json_string", "in"),
        ] {
            let bad = decode(format, envelope, line).unwrap_err();
            assert!(bad.reason == reason && bad.what.starts_with(what), "{line}: {bad:?}");
        }
    }
}
