//! From records to frames.

use faucet_core::{Error, ErrorKind, MessageKind, PayloadRef, RecordRef, Result, StreamPage, json};

use crate::record_format::{MessageType, RecordFormat};

/// Why a record may not be sent.
#[derive(Debug, thiserror::Error)]
enum Unsendable {
    #[error("is larger than max_write_buffer_bytes ({largest})")]
    TooLarge { largest: usize },
    #[error("is not UTF-8, and message_type is text")]
    NotTextMessage,
    #[error("is not UTF-8, and record_format wants text")]
    NotText,
    #[error("is not JSON, and record_format is json")]
    NotJson,
}

impl Unsendable {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::NotTextMessage | Self::NotText | Self::NotJson => ErrorKind::Sink,
        }
    }

    /// The advice to the user.
    fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "raise it if such records are expected",
            Self::NotTextMessage => "set message_type: same or binary to send records as they are",
            Self::NotText | Self::NotJson => {
                "set record_format: any to send records whatever they are"
            }
        }
    }
}

/// Knows which kind of frame a record becomes, and which records may not be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder {
    pub(crate) kind: MessageType,
    pub(crate) format: RecordFormat,
    pub(crate) largest: usize,
}

impl Encoder {
    /// Checks a page whose first record is the run's record `first`.
    ///
    /// # Errors
    /// The first record that may not be sent.
    pub(crate) fn check(self, page: &StreamPage, first: u64) -> Result<()> {
        let takes_any = self.kind != MessageType::Text && self.format == RecordFormat::Any;
        if takes_any && page.payload_lens(0..page.len()).all(|len| len <= self.largest) {
            return Ok(());
        }
        for (record, number) in page.iter().zip(first..) {
            self.check_record(&record).map_err(|why| {
                let size = record.as_bytes().len();
                let what = format!("record {number} of {size} bytes {why}");
                Error::new(why.kind(), what).with_phase("encode").with_hint(why.hint())
            })?;
        }
        Ok(())
    }

    /// The kind of frame that a record becomes. Without a kind of its own JSON and text become text.
    /// Bytes that are not UTF-8 are always binary: no text message can carry them.
    #[inline]
    pub(crate) fn kind_of(self, record: &RecordRef<'_>) -> MessageKind {
        match self.kind {
            MessageType::Text => return MessageKind::Text,
            MessageType::Binary => return MessageKind::Binary,
            MessageType::Same => {}
        }
        match (record.message_kind(), record.payload()) {
            (Some(MessageKind::Binary), _) => MessageKind::Binary,
            (_, PayloadRef::Json(_) | PayloadRef::Text(_)) => MessageKind::Text,
            (Some(MessageKind::Text), _) if is_utf8(record.as_bytes()) => MessageKind::Text,
            _ => MessageKind::Binary,
        }
    }

    #[inline]
    fn check_record(self, record: &RecordRef<'_>) -> Result<(), Unsendable> {
        let bytes = record.as_bytes();
        if bytes.len() > self.largest {
            return Err(Unsendable::TooLarge { largest: self.largest });
        }
        let payload = record.payload();
        let is_text =
            || matches!(payload, PayloadRef::Json(_) | PayloadRef::Text(_)) || is_utf8(bytes);
        let is_json = || matches!(payload, PayloadRef::Json(_)) || json::check(bytes).is_ok();
        match self.format {
            _ if self.kind == MessageType::Text && !is_text() => Err(Unsendable::NotTextMessage),
            RecordFormat::Text if !is_text() => Err(Unsendable::NotText),
            RecordFormat::Json if !is_json() => Err(Unsendable::NotJson),
            _ => Ok(()),
        }
    }
}

fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use faucet_core::{Payload, Record, Timestamp};

    use super::*;

    #[test]
    fn a_record_becomes_the_kind_of_message_that_it_was() {
        let encoder = Encoder { kind: MessageType::Same, format: RecordFormat::Any, largest: 9 };
        let text = || Payload::Text("a".into());
        let binary = |bytes: &'static [u8]| Payload::Binary(bytes.into());
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
            let page = StreamPage::new(vec![record]);
            let sent = page.iter().map(|record| encoder.kind_of(&record)).next();
            let expected = if is_text { MessageKind::Text } else { MessageKind::Binary };
            assert_eq!(sent, Some(expected), "{payload:?} {kind:?}");
        }
    }
}
