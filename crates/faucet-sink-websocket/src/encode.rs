//! From records to frames.

use bytes::Bytes;
use faucet_common_websocket::Frame;
use faucet_core::{Error, ErrorKind, JsonText, Payload, Record, Result, StreamPage};

use crate::record_format::{MessageType, RecordFormat};

/// Makes frames of records; refuses what may not be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder {
    pub(crate) kind: MessageType,
    pub(crate) format: RecordFormat,
    pub(crate) largest: usize,
}

impl Encoder {
    /// The frames of a page whose first record is the run's record `first`. All or none.
    pub(crate) fn encode(self, page: StreamPage, first: u64) -> Result<Vec<Frame>> {
        let numbered = page.into_records().into_iter().zip(first..);
        numbered.map(|(record, number)| self.frame(record, number)).collect()
    }

    fn frame(self, record: Record, number: u64) -> Result<Frame> {
        let payload = record.into_payload();
        let size = payload.as_bytes().len();
        let refused = |kind, what: &str, hint: &str| {
            let what = format!("record {number} of {size} bytes {what}");
            Err(Error::new(kind, what).with_phase("encode").with_hint(hint))
        };
        if size > self.largest {
            let what = format!("is larger than max_write_buffer_bytes ({})", self.largest);
            return refused(ErrorKind::TooLarge, &what, "raise it if such records are expected");
        }
        let is_text = matches!(payload, Payload::Json(_) | Payload::Text(_));
        let must_be_text = self.kind == MessageType::Text || self.format != RecordFormat::Any;
        if must_be_text && !is_text && std::str::from_utf8(payload.as_bytes()).is_err() {
            let (what, hint) = match self.kind {
                MessageType::Text => (
                    "is not UTF-8, and message_type is text",
                    "set message_type: binary to send records as they are",
                ),
                MessageType::Binary => (
                    "is not UTF-8, and record_format wants text",
                    "set record_format: any to send records whatever they are",
                ),
            };
            return refused(ErrorKind::Sink, what, hint);
        }
        let is_json = matches!(payload, Payload::Json(_));
        let bytes: Bytes = payload.into_bytes();
        if self.format == RecordFormat::Json && !is_json && JsonText::new(bytes.clone()).is_err() {
            let hint = "set record_format: any to send records whatever they are";
            return refused(ErrorKind::Sink, "is not JSON, and record_format is json", hint);
        }
        Ok(match self.kind {
            MessageType::Text => Frame::Text(bytes),
            MessageType::Binary => Frame::Binary(bytes),
        })
    }
}
