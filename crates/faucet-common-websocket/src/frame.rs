//! Data messages.

use std::fmt;

use bytes::Bytes;
use faucet_core::{MessageKind, Payload, Record};
use faucet_session::plan::Sent;

/// A data message. `Debug` shows its length only: it may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message; the bytes are UTF-8.
    Text(Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Frame {
    /// The kind of message.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

impl From<Record> for Frame {
    /// The record as the kind of message that it was. Without a kind, JSON and text become text and
    /// bytes become binary. Bytes that are not UTF-8 are always binary: no text message can carry
    /// them.
    fn from(record: Record) -> Self {
        let kind = record.message_kind();
        let payload = record.into_payload();
        let is_text = matches!(payload, Payload::Json(_) | Payload::Text(_));
        let bytes = payload.into_bytes();
        let as_text = match kind {
            Some(MessageKind::Text) => is_text || std::str::from_utf8(&bytes).is_ok(),
            Some(MessageKind::Binary) => false,
            None => is_text,
        };
        if as_text { Self::Text(bytes) } else { Self::Binary(bytes) }
    }
}

impl From<Sent> for Frame {
    fn from(sent: Sent) -> Self {
        match sent.kind {
            MessageKind::Text => Self::Text(sent.payload),
            MessageKind::Binary => Self::Binary(sent.payload),
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        };
        write!(f, "{kind} of {} bytes", self.as_bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::Timestamp;

    use super::*;

    #[test]
    fn a_record_becomes_the_kind_of_message_that_it_was() {
        let text = || Payload::Text("a".into());
        let binary = |bytes: &'static [u8]| Payload::Binary(Bytes::from_static(bytes));
        for (payload, kind, is_text) in [
            (text(), None, true),
            (text(), Some(MessageKind::Text), true),
            (text(), Some(MessageKind::Binary), false),
            (binary(b"a"), None, false),
            (binary(b"a"), Some(MessageKind::Binary), false),
            (binary(b"a"), Some(MessageKind::Text), true),
            (binary(b"\xff"), Some(MessageKind::Text), false),
        ] {
            let mut record = Record::new(payload.clone(), Timestamp::from_unix_millis(0));
            if let Some(kind) = kind {
                record = record.with_message_kind(kind);
            }
            let frame = Frame::from(record);
            assert_eq!(matches!(frame, Frame::Text(_)), is_text, "{payload:?} {kind:?}");
        }
    }
}
