//! From messages to records.

use std::sync::Arc;

use bytes::Bytes;
use faucet_common_websocket::Frame;
use faucet_core::json::{JsonError, excerpt};
use faucet_core::{Error, ErrorKind, JsonText, Payload, Record, Text, Timestamp};

use crate::message_format::WsMessageFormat;

/// Takes messages as what the configuration says, and numbers them.
#[derive(Debug)]
pub(crate) struct Decoder {
    format: WsMessageFormat,
    /// The redacted URL, if records are wrapped.
    envelope: Option<Arc<str>>,
    frames: u64,
}

impl Decoder {
    pub(crate) fn new(format: WsMessageFormat, envelope: Option<Arc<str>>) -> Self {
        Self { format, envelope, frames: 0 }
    }

    /// Makes a record of a message.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) naming the message's number and where it stops being valid.
    pub(crate) fn decode(&mut self, frame: Frame, at: Timestamp) -> Result<Record, Error> {
        self.frames += 1;
        let payload = match (self.format, frame) {
            (WsMessageFormat::Json, Frame::Text(bytes)) => {
                self.json(bytes, |bytes| JsonText::from_text(Text::from_checked(bytes)))?
            }
            (WsMessageFormat::Json, Frame::Binary(bytes)) => self.json(bytes, JsonText::new)?,
            (WsMessageFormat::RawString, Frame::Text(bytes)) => {
                Payload::Text(Text::from_checked(bytes))
            }
            (WsMessageFormat::RawString, Frame::Binary(bytes)) => self.text(bytes)?,
            (WsMessageFormat::Binary, Frame::Text(bytes) | Frame::Binary(bytes)) => {
                Payload::Binary(bytes)
            }
        };
        let record = Record::new(payload, at);
        Ok(match &self.envelope {
            Some(url) => record.with_envelope(Arc::clone(url)),
            None => record,
        })
    }

    fn json(
        &self,
        bytes: Bytes,
        check: fn(Bytes) -> Result<JsonText, JsonError>,
    ) -> Result<Payload, Error> {
        // A second handle costs an atomic count; the text is needed only when it is refused.
        let text = bytes.clone();
        check(bytes).map(Payload::Json).map_err(|error| {
            let shown = excerpt(&text, error.offset());
            let what = format!("message {} is not JSON: {error}: \"{shown}\"", self.frames);
            Error::new(ErrorKind::Decode, what).with_phase("decode").with_hint(hint(&text))
        })
    }

    fn text(&self, bytes: Bytes) -> Result<Payload, Error> {
        Text::new(bytes).map(Payload::Text).map_err(|error| {
            let what = format!("binary message {} is not UTF-8: {error}", self.frames);
            Error::new(ErrorKind::Decode, what)
                .with_phase("decode")
                .with_hint("message_format: binary takes any bytes")
        })
    }
}

/// What to do about a message that is not JSON, told by its first bytes.
fn hint(text: &[u8]) -> &'static str {
    match text {
        [0x1f, 0x8b, ..] => "the message is gzip: message_format: binary keeps it as it is",
        [0xef, 0xbb, 0xbf, ..] => {
            "the message begins with a byte order mark: message_format: raw_string keeps it"
        }
        _ => {
            "on_parse_error: skip counts such messages and goes on; message_format: raw_string \
              takes any text"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(5);

    fn text(bytes: &'static str) -> Frame {
        Frame::Text(Bytes::from_static(bytes.as_bytes()))
    }

    fn binary(bytes: &'static [u8]) -> Frame {
        Frame::Binary(Bytes::from_static(bytes))
    }

    #[test]
    fn each_format_keeps_the_bytes() {
        use WsMessageFormat::{Binary, Json, RawString};
        for (format, frame, rendered) in [
            (Json, text("{\"a\":2.10}"), "{\"a\":2.10}"),
            (Json, binary(b"[1,\"\xcf\x80\"]"), "[1,\"π\"]"),
            (Json, text("null"), "null"),
            (RawString, text(""), "\"\""),
            (RawString, text("{\"a\""), "\"{\\\"a\\\"\""),
            (RawString, binary("π".as_bytes()), "\"π\""),
            (Binary, binary(b"\xff\x00"), "\"/wA=\""),
            (Binary, text("abc"), "\"YWJj\""),
        ] {
            let expected = frame.as_bytes().to_vec();
            let record = Decoder::new(format, None).decode(frame, AT).unwrap();
            assert_eq!(record.payload().as_bytes(), expected);
            assert_eq!(String::from_utf8(record.to_json()).unwrap(), rendered);
        }
    }

    #[test]
    fn a_refused_message_is_named_by_its_number_place_and_words() {
        let mut decoder = Decoder::new(WsMessageFormat::Json, None);
        decoder.decode(text("1"), AT).unwrap();
        for (frame, what, hint) in [
            (text(""), "message 2 is not JSON: EOF while parsing at byte 0: \"\"", "skip"),
            (
                text("{} x\n"),
                "message 3 is not JSON: trailing characters at byte 3: \"{} x\\n\"",
                "skip",
            ),
            (binary(b"\x1f\x8b\x08"), "message 4 is not JSON: invalid UTF-8 at byte 1", "gzip"),
            (
                text("\u{feff}1"),
                "message 5 is not JSON: expected a JSON value at byte 0",
                "byte order",
            ),
        ] {
            let error = decoder.decode(frame, AT).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().starts_with(what), "{error}");
            assert!(error.hint().unwrap().contains(hint), "{error:?}");
        }
        let mut raw = Decoder::new(WsMessageFormat::RawString, None);
        assert!(raw.decode(binary(b"a\xff"), AT).is_err());
    }

    #[test]
    fn an_envelope_wraps_the_rendering() {
        let mut decoder = Decoder::new(WsMessageFormat::RawString, Some("ws://h/".into()));
        let record = decoder.decode(text("a"), AT).unwrap();
        assert_eq!(record.to_json(), br#"{"data":"a","received_at":5,"url":"ws://h/"}"#);
    }
}
