//! From records to frames.

use faucet_common_websocket::Frame;
use faucet_core::{Error, ErrorKind, JsonText, Payload, Record, Result, StreamPage};

use crate::delivery::outbound::Outbound;
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

    /// What the user can do.
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

/// Makes frames of records, and refuses records that may not be sent.
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
        self.check(record.payload()).map_err(|why| {
            let size = record.payload().as_bytes().len();
            let what = format!("record {number} of {size} bytes {why}");
            Error::new(why.kind(), what).with_phase("encode").with_hint(why.hint())
        })?;
        Ok(match self.kind {
            MessageType::Same => Frame::from(record),
            MessageType::Text => Frame::Text(record.into_payload().into_bytes()),
            MessageType::Binary => Frame::Binary(record.into_payload().into_bytes()),
        })
    }

    fn check(self, payload: &Payload) -> Result<(), Unsendable> {
        let bytes = payload.as_bytes();
        if bytes.len() > self.largest {
            return Err(Unsendable::TooLarge { largest: self.largest });
        }
        let is_text = || match payload {
            Payload::Json(_) | Payload::Text(_) => true,
            _ => std::str::from_utf8(bytes).is_ok(),
        };
        let is_json = || match payload {
            Payload::Json(_) => true,
            _ => JsonText::new(payload.clone().into_bytes()).is_ok(),
        };
        match self.format {
            _ if self.kind == MessageType::Text && !is_text() => Err(Unsendable::NotTextMessage),
            RecordFormat::Text if !is_text() => Err(Unsendable::NotText),
            RecordFormat::Json if !is_json() => Err(Unsendable::NotJson),
            _ => Ok(()),
        }
    }
}
