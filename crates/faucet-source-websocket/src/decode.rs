//! From messages to records.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use faucet_common_websocket::{Quote, session};
use faucet_core::json::{self, BatchChecker, JsonError, excerpt};
use faucet_core::{BatchPayload, Error, ErrorKind, MessageKind, Payload, Record, Rejected, Span};
use faucet_core::{Text, Timestamp};

use crate::message_format::WsMessageFormat;

/// The fault of a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("message {number} is not JSON: {error}{excerpt}")]
    NotJson { number: u64, error: JsonError, excerpt: Excerpt, content: Content },
    #[error("binary message {number} is not UTF-8: {error}")]
    NotUtf8 { number: u64, error: std::str::Utf8Error },
    #[error("message {number} is not decoded: the decoder failed: {why}")]
    NotDecoded { number: u64, why: Quote },
}

/// An excerpt of a message, unless the configuration keeps messages out of errors.
#[derive(Debug)]
pub(crate) struct Excerpt(Option<String>);

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |text| write!(f, ": \"{text}\""))
    }
}

/// The content of a message that is not JSON, as far as its bytes show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Gzip,
    Zlib,
    Zstd,
    NotUtf8,
    ByteOrderMark,
    /// One value on each line.
    Lines,
    /// Values with a record separator (U+001E) behind each.
    Separated,
    /// Values one after another on a line.
    OneLine,
    Other,
}

impl Content {
    fn of(bytes: &[u8], error: JsonError) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // No text of JSON begins with `x`.
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Self::Zlib,
            _ if std::str::from_utf8(bytes).is_err() => Self::NotUtf8,
            [0xef, 0xbb, 0xbf, ..] => Self::ByteOrderMark,
            _ => Self::several(bytes, error.offset()).unwrap_or(Self::Other),
        }
    }

    /// How several values follow each other, if the first ends at `end`.
    fn several(bytes: &[u8], end: usize) -> Option<Self> {
        let (first, rest) = bytes.split_at_checked(end)?;
        json::check(first).ok()?;
        match rest.first()? {
            0x1e => Some(Self::Separated),
            b'{' | b'[' | b'"' if first.ends_with(b"\n") => Some(Self::Lines),
            b'{' | b'[' | b'"' => Some(Self::OneLine),
            _ => None,
        }
    }
}

impl Fault {
    /// The remedy.
    fn hint(&self) -> &'static str {
        match self {
            Self::NotDecoded { .. } => {
                "on_parse_error: skip counts such messages and goes on, divert hands them to \
                 dead_letter"
            }
            Self::NotUtf8 { .. } | Self::NotJson { content: Content::NotUtf8, .. } => {
                "on_parse_error: skip counts such messages and goes on, divert hands them to \
                 dead_letter; message_format: binary takes any bytes"
            }
            Self::NotJson { content: Content::Gzip, .. } => {
                "the message is gzip: decompress: gzip unpacks it, message_format: binary keeps it"
            }
            Self::NotJson { content: Content::Zlib, .. } => {
                "the message begins like zlib: decompress: zlib unpacks it, message_format: binary \
                 keeps it"
            }
            Self::NotJson { content: Content::Zstd, .. } => {
                "the message is zstd: decompress: zstd unpacks it, message_format: binary keeps it"
            }
            Self::NotJson { content: Content::Lines, .. } => {
                "the message holds several lines of JSON: framing: lines makes each a record"
            }
            Self::NotJson { content: Content::Separated, .. } => {
                "the message holds a record separator (U+001E): framing: record_separator makes each \
                 part a record"
            }
            Self::NotJson { content: Content::OneLine, .. } => {
                "several values follow each other on a line, and no `framing` takes them apart: \
                 on_parse_error: skip or divert sorts such messages out, message_format: raw_string \
                 keeps them"
            }
            Self::NotJson { content: Content::ByteOrderMark, .. } => {
                "the message begins with a byte order mark: message_format: raw_string keeps it"
            }
            Self::NotJson { content: Content::Other, .. } => {
                "on_parse_error: skip counts such messages and goes on, divert hands them to \
                 dead_letter; message_format: raw_string takes any text"
            }
        }
    }
}

impl Fault {
    /// The error that ends the run.
    pub(crate) fn into_error(self) -> Error {
        Error::new(ErrorKind::Decode, self.to_string()).with_phase("decode").with_hint(self.hint())
    }
}

/// Takes messages as what the configuration says, and numbers them.
#[derive(Debug)]
pub(crate) struct Decoder {
    format: WsMessageFormat,
    /// Finds out whether all messages of a batch are JSON.
    checker: BatchChecker,
    /// Whether errors show an excerpt of the message.
    excerpts: bool,
    messages: u64,
}

impl Decoder {
    pub(crate) fn new(format: WsMessageFormat, excerpts: bool) -> Self {
        Self { format, checker: BatchChecker::default(), excerpts, messages: 0 }
    }

    /// The payload that all messages of a batch are taken as. `None`: [`judge`](Self::judge) must look at each.
    pub(crate) fn all(&mut self, chunk: &[u8], spans: &[Span]) -> Option<BatchPayload> {
        match self.format {
            WsMessageFormat::Json => self.checker.check(chunk, spans).then_some(BatchPayload::Json),
            // The connection has checked text messages as UTF-8, and no others.
            WsMessageFormat::RawString => {
                let all_text = spans.iter().all(|span| span.kind == MessageKind::Text);
                all_text.then_some(BatchPayload::Text)
            }
            WsMessageFormat::Binary => Some(BatchPayload::Binary),
        }
    }

    /// As [`all`](Self::all), for records that a conversation has found in messages.
    pub(crate) fn all_of(
        &mut self,
        batch: &session::script::Batch,
        spans: &[Span],
    ) -> Option<BatchPayload> {
        match self.format {
            WsMessageFormat::Json => batch.is_json.then_some(BatchPayload::Json),
            // The parts of a text message are text.
            WsMessageFormat::RawString => self.all(&[], spans),
            WsMessageFormat::Binary => Some(BatchPayload::Binary),
        }
    }

    /// Counts messages of a batch that [`all`](Self::all) has settled.
    pub(crate) fn count(&mut self, messages: usize) {
        self.messages += messages as u64;
    }

    /// The fault of a message that the decoder of a program could not read.
    pub(crate) fn undecoded(&mut self, why: Quote) -> Fault {
        self.messages += 1;
        Fault::NotDecoded { number: self.messages, why }
    }

    /// The payload that one message is taken as.
    ///
    /// # Errors
    /// The message's number, and where it stops being valid.
    pub(crate) fn judge(
        &mut self,
        message: &[u8],
        kind: MessageKind,
    ) -> Result<BatchPayload, Fault> {
        self.messages += 1;
        let number = self.messages;
        match (self.format, kind) {
            (WsMessageFormat::Json, _) => {
                json::check(message).map(|()| BatchPayload::JudgedJson).map_err(|error| {
                    let content = Content::of(message, error);
                    Fault::NotJson { number, error, excerpt: self.excerpt(message, error), content }
                })
            }
            (WsMessageFormat::RawString, MessageKind::Binary) => std::str::from_utf8(message)
                .map(|_| BatchPayload::Text)
                .map_err(|error| Fault::NotUtf8 { number, error }),
            (WsMessageFormat::RawString, MessageKind::Text) => Ok(BatchPayload::Text),
            (WsMessageFormat::Binary, _) => Ok(BatchPayload::Binary),
        }
    }
}

impl Decoder {
    fn excerpt(&self, message: &[u8], error: JsonError) -> Excerpt {
        Excerpt(self.excerpts.then(|| excerpt(message, error.offset())))
    }
}

/// The record of a message that could not be decoded, for the dead letters: as it came in.
pub(crate) fn rejected(
    message: &[u8],
    kind: MessageKind,
    at: Timestamp,
    envelope: Option<&Arc<str>>,
    fault: &Fault,
) -> Rejected {
    let bytes = Bytes::copy_from_slice(message);
    let payload = match kind {
        MessageKind::Text => Payload::Text(Text::from_checked(bytes)),
        MessageKind::Binary => Payload::Binary(bytes),
    };
    let mut record = Record::new(payload, at).with_message_kind(kind);
    if let Some(url) = envelope {
        record = record.with_envelope(Arc::clone(url));
    }
    Rejected::new(record, fault.to_string())
}

#[cfg(test)]
mod tests {
    use MessageKind::{Binary as AsBinary, Text as AsText};
    use WsMessageFormat::{Binary, Json, RawString};

    use super::*;

    #[test]
    fn each_format_takes_what_it_says() {
        for (format, kind, message, taken) in [
            (Json, AsText, "{\"a\":2.10}".as_bytes(), BatchPayload::JudgedJson),
            (Json, AsBinary, b"[1,\"\xcf\x80\"]", BatchPayload::JudgedJson),
            (Json, AsText, b"null", BatchPayload::JudgedJson),
            (RawString, AsText, b"", BatchPayload::Text),
            (RawString, AsBinary, "π".as_bytes(), BatchPayload::Text),
            (Binary, AsBinary, b"\xff\x00", BatchPayload::Binary),
            (Binary, AsText, b"abc", BatchPayload::Binary),
        ] {
            assert_eq!(Decoder::new(format, true).judge(message, kind).unwrap(), taken);
        }
    }

    #[test]
    fn a_batch_is_taken_at_once_unless_a_message_needs_a_look() {
        let chunk = b"\n\n[1]\n\nx";
        let spans = |second: MessageKind| {
            [Span { at: 2, len: 3, kind: AsText }, Span { at: 7, len: 1, kind: second }]
        };
        for (format, second, all) in [
            (Json, AsText, None),
            (RawString, AsText, Some(BatchPayload::Text)),
            (RawString, AsBinary, None),
            (Binary, AsText, Some(BatchPayload::Binary)),
        ] {
            assert_eq!(Decoder::new(format, true).all(chunk, &spans(second)), all);
        }
        let whole = Decoder::new(Json, true).all(chunk, &spans(AsText)[..1]);
        assert_eq!(whole, Some(BatchPayload::Json));
    }

    #[test]
    fn a_refused_message_is_named_by_its_number_place_and_words() {
        let mut decoder = Decoder::new(Json, true);
        decoder.count(1);
        for (message, what, hint) in [
            (&b""[..], "message 2 is not JSON: EOF while parsing at byte 0: \"\"", "skip"),
            (
                b"{} x\n",
                "message 3 is not JSON: trailing characters at byte 3: \"{} x\\n\"",
                "skip",
            ),
            (b"\x1f\x8b\x08", "message 4 is not JSON: invalid UTF-8 at byte 1", "decompress: gzip"),
            (
                "\u{feff}1".as_bytes(),
                "message 5 is not JSON: expected a JSON value at byte 0",
                "byte order",
            ),
            (
                b"\"caf\xe9\"",
                "message 6 is not JSON: invalid UTF-8 at byte 4",
                "message_format: binary takes any bytes",
            ),
            (
                b"\xef\xbb\xbf\xff",
                "message 7 is not JSON: invalid UTF-8 at byte 3",
                "message_format: binary takes any bytes",
            ),
            (b"x\x9c\x01", "message 8 is not JSON: invalid UTF-8 at byte 1", "decompress: zlib"),
            (
                b"\x28\xb5\x2f\xfd\x04",
                "message 9 is not JSON: invalid UTF-8 at byte 1",
                "decompress: zstd",
            ),
            (
                b"{}\n[1]\n",
                "message 10 is not JSON: trailing characters at byte 3",
                "framing: lines",
            ),
            (
                b"{}\x1e",
                "message 11 is not JSON: trailing characters at byte 2",
                "framing: record_separator",
            ),
            (b"1 {}", "message 12 is not JSON: trailing characters at byte 2", "no `framing`"),
        ] {
            let error = decoder.judge(message, AsBinary).unwrap_err().into_error();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().starts_with(what), "{error}");
            assert!(error.hint().unwrap().contains(hint), "{error:?}");
        }
        let error = Decoder::new(RawString, true).judge(b"a\xff", AsBinary).unwrap_err();
        assert!(error.into_error().hint().unwrap().contains("message_format: binary takes any"));
    }

    #[test]
    fn a_rejected_message_is_as_it_came_in() {
        let at = Timestamp::from_unix_millis(5);
        for (format, message, kind, payload, reason) in [
            (Json, &b"{"[..], AsText, Payload::Text("{".into()), "message 1 is not JSON"),
            (RawString, b"\xff", AsBinary, Payload::Binary(b"\xff"[..].into()), "is not UTF-8"),
        ] {
            let fault = Decoder::new(format, true).judge(message, kind).unwrap_err();
            let rejected = rejected(message, kind, at, None, &fault);
            assert_eq!(rejected.record, Record::new(payload, at).with_message_kind(kind));
            assert!(rejected.reason.contains(reason), "{}", rejected.reason);
        }
    }
}
