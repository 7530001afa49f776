//! From records to frames.

use faucet_common_websocket::Frame;
use faucet_core::{Error, ErrorKind, JsonText, Payload, Record, Result, StreamPage};

use crate::delivery::outbound::Outbound;
use crate::record_format::{MessageType, RecordFormat};

/// Makes frames of records; refuses what may not be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder {
    pub(crate) kind: MessageType,
    pub(crate) format: RecordFormat,
    pub(crate) largest: usize,
}

impl Encoder {
    /// The frames of a page whose first record is the run's record `first`. All or none. With `keep`
    /// each comes with its record.
    pub(crate) fn encode(self, page: StreamPage, first: u64, keep: bool) -> Result<Vec<Outbound>> {
        let numbered = page.into_records().into_iter().zip(first..);
        let outbound = |(record, number): (Record, u64)| {
            let kept = keep.then(|| Box::new(record.clone()));
            self.frame(record, number).map(|frame| Outbound { frame, record: kept })
        };
        numbered.map(outbound).collect()
    }

    fn frame(self, record: Record, number: u64) -> Result<Frame> {
        self.check(record.payload()).map_err(|(kind, what, hint)| {
            let size = record.payload().as_bytes().len();
            let what = format!("record {number} of {size} bytes {what}");
            Error::new(kind, what).with_phase("encode").with_hint(hint)
        })?;
        Ok(match self.kind {
            MessageType::Same => Frame::from(record),
            MessageType::Text => Frame::Text(record.into_payload().into_bytes()),
            MessageType::Binary => Frame::Binary(record.into_payload().into_bytes()),
        })
    }

    /// Whether the payload may be sent. The error says what it is and what the user can do.
    fn check(self, payload: &Payload) -> Result<(), (ErrorKind, String, &'static str)> {
        const ANY: &str = "set record_format: any to send records whatever they are";
        let refused = |what: &str, hint| Err((ErrorKind::Sink, what.to_owned(), hint));
        let bytes = payload.as_bytes();
        if bytes.len() > self.largest {
            let what = format!("is larger than max_write_buffer_bytes ({})", self.largest);
            return Err((ErrorKind::TooLarge, what, "raise it if such records are expected"));
        }
        let is_text = || match payload {
            Payload::Json(_) | Payload::Text(_) => true,
            _ => std::str::from_utf8(bytes).is_ok(),
        };
        if self.kind == MessageType::Text && !is_text() {
            let hint = "set message_type: same or binary to send records as they are";
            return refused("is not UTF-8, and message_type is text", hint);
        }
        if self.format == RecordFormat::Text && !is_text() {
            return refused("is not UTF-8, and record_format wants text", ANY);
        }
        let is_json = || match payload {
            Payload::Json(_) => true,
            _ => JsonText::new(payload.clone().into_bytes()).is_ok(),
        };
        if self.format == RecordFormat::Json && !is_json() {
            return refused("is not JSON, and record_format is json", ANY);
        }
        Ok(())
    }
}
