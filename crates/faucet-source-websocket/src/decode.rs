//! From messages to records.

use std::sync::Arc;

use faucet_common_websocket::Frame;
use faucet_core::json::{JsonError, excerpt};
use faucet_core::{Error, ErrorKind, JsonText, MessageKind, Payload, Record, Rejected};
use faucet_core::{Text, Timestamp};

use crate::message_format::WsMessageFormat;

/// What is wrong with a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("message {number} is not JSON: {error}: \"{excerpt}\"")]
    NotJson { number: u64, error: JsonError, excerpt: String, begin: Begin },
    #[error("binary message {number} is not UTF-8: {error}")]
    NotUtf8 { number: u64, error: std::str::Utf8Error },
}

/// What the first bytes of a message say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Gzip,
    ByteOrderMark,
    Other,
}

impl Begin {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xef, 0xbb, 0xbf, ..] => Self::ByteOrderMark,
            _ => Self::Other,
        }
    }
}

impl Fault {
    /// What the user can do.
    fn hint(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "message_format: binary takes any bytes",
            Self::NotJson { begin: Begin::Gzip, .. } => {
                "the message is gzip: message_format: binary keeps it as it is"
            }
            Self::NotJson { begin: Begin::ByteOrderMark, .. } => {
                "the message begins with a byte order mark: message_format: raw_string keeps it"
            }
            Self::NotJson { begin: Begin::Other, .. } => {
                "on_parse_error: skip counts such messages and goes on, divert hands them to \
                 dead_letter; message_format: raw_string takes any text"
            }
        }
    }
}

/// A message that is not what `message_format` says.
#[derive(Debug)]
pub(crate) struct Undecoded {
    pub(crate) fault: Fault,
    message: Frame,
}

impl Undecoded {
    /// The error that ends the run.
    pub(crate) fn into_error(self) -> Error {
        Error::new(ErrorKind::Decode, self.fault.to_string())
            .with_phase("decode")
            .with_hint(self.fault.hint())
    }
}

/// Takes messages as what the configuration says, and numbers them.
#[derive(Debug)]
pub(crate) struct Decoder {
    format: WsMessageFormat,
    /// The redacted URL, if records are wrapped.
    envelope: Option<Arc<str>>,
    messages: u64,
}

impl Decoder {
    pub(crate) fn new(format: WsMessageFormat, envelope: Option<Arc<str>>) -> Self {
        Self { format, envelope, messages: 0 }
    }

    /// Makes a record of a message.
    ///
    /// # Errors
    /// The message, its number, and where it stops being valid.
    pub(crate) fn decode(
        &mut self,
        message: Frame,
        at: Timestamp,
    ) -> Result<Record, Box<Undecoded>> {
        self.messages += 1;
        let kind = message.kind();
        let payload = self.payload(message)?;
        Ok(self.record(payload, kind, at))
    }

    /// Makes a record of a message that could not be decoded, for the dead letters.
    pub(crate) fn reject(&self, undecoded: Undecoded, at: Timestamp) -> Rejected {
        let Undecoded { fault, message } = undecoded;
        let kind = message.kind();
        let payload = match message {
            Frame::Text(bytes) => Payload::Text(Text::from_checked(bytes)),
            Frame::Binary(bytes) => Payload::Binary(bytes),
        };
        Rejected::new(self.record(payload, kind, at), fault.to_string())
    }

    fn record(&self, payload: Payload, kind: MessageKind, at: Timestamp) -> Record {
        let record = Record::new(payload, at).with_message_kind(kind);
        match &self.envelope {
            Some(url) => record.with_envelope(Arc::clone(url)),
            None => record,
        }
    }

    fn payload(&self, message: Frame) -> Result<Payload, Box<Undecoded>> {
        match (self.format, message) {
            (WsMessageFormat::Json, message) => self.json(message),
            (WsMessageFormat::RawString, Frame::Text(bytes)) => {
                Ok(Payload::Text(Text::from_checked(bytes)))
            }
            (WsMessageFormat::RawString, Frame::Binary(bytes)) => {
                Text::new(bytes.clone()).map(Payload::Text).map_err(|error| {
                    let fault = Fault::NotUtf8 { number: self.messages, error };
                    Box::new(Undecoded { fault, message: Frame::Binary(bytes) })
                })
            }
            (WsMessageFormat::Binary, Frame::Text(bytes) | Frame::Binary(bytes)) => {
                Ok(Payload::Binary(bytes))
            }
        }
    }

    fn json(&self, message: Frame) -> Result<Payload, Box<Undecoded>> {
        let checked = match message {
            Frame::Text(bytes) => JsonText::try_from_text(Text::from_checked(bytes))
                .map_err(|(text, error)| (Frame::Text(text.into_bytes()), error)),
            Frame::Binary(bytes) => JsonText::try_from_bytes(bytes)
                .map_err(|(bytes, error)| (Frame::Binary(bytes), error)),
        };
        checked.map(Payload::Json).map_err(|(message, error)| {
            let bytes = message.as_bytes();
            let (excerpt, begin) = (excerpt(bytes, error.offset()), Begin::of(bytes));
            let fault = Fault::NotJson { number: self.messages, error, excerpt, begin };
            Box::new(Undecoded { fault, message })
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

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
            let (expected, kind) = (frame.as_bytes().to_vec(), frame.kind());
            let record = Decoder::new(format, None).decode(frame, AT).unwrap();
            assert_eq!(record.payload().as_bytes(), expected);
            assert_eq!(record.message_kind(), Some(kind));
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
            let error = decoder.decode(frame, AT).unwrap_err().into_error();
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

    #[test]
    fn a_rejected_message_is_as_it_came_in() {
        let mut json = Decoder::new(WsMessageFormat::Json, None);
        let mut raw = Decoder::new(WsMessageFormat::RawString, None);
        for (decoder, message, payload, reason) in [
            (&mut json, text("{"), Payload::Text("{".into()), "message 1 is not JSON"),
            (&mut raw, binary(b"\xff"), Payload::Binary(b"\xff"[..].into()), "is not UTF-8"),
        ] {
            let kind = message.kind();
            let undecoded = decoder.decode(message, AT).unwrap_err();
            let rejected = decoder.reject(*undecoded, AT);
            assert_eq!(rejected.record, Record::new(payload, AT).with_message_kind(kind));
            assert!(rejected.reason.contains(reason), "{}", rejected.reason);
        }
    }
}
