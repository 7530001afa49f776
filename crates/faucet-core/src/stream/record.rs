//! One message of a feed.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::stream::json::JsonText;
use crate::stream::text::Text;

/// A moment in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The system clock's now. It may jump: it stamps records and drives no timer.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// From Unix milliseconds.
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// As Unix milliseconds.
    pub const fn as_unix_millis(self) -> u64 {
        self.0
    }
}

/// The payload of a record, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// Text that was checked as JSON.
    Json(JsonText),
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

impl Payload {
    /// The payload's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(json) => json.as_bytes(),
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The payload's bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Json(json) => json.into_bytes(),
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    pub(crate) fn kind(&self) -> PayloadKind {
        match self {
            Self::Json(_) => PayloadKind::Json,
            Self::Text(_) => PayloadKind::Text,
            Self::Binary(_) => PayloadKind::Binary,
        }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        match self {
            Self::Json(json) => json.bytes(),
            Self::Text(Text(bytes)) | Self::Binary(bytes) => bytes,
        }
    }
}

/// Which [`Payload`] it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    Json,
    Text,
    Binary,
}

impl PayloadKind {
    /// The payload of this kind with these bytes, which were checked before.
    pub(crate) fn of(self, bytes: Bytes) -> Payload {
        match self {
            Self::Json => Payload::Json(JsonText::from_checked(bytes)),
            Self::Text => Payload::Text(Text(bytes)),
            Self::Binary => Payload::Binary(bytes),
        }
    }
}

/// The kind of WebSocket message that a record was (RFC 6455, section 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
}

/// One message of a feed: its bytes, parsed only when somebody asks. Cheap to clone and to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) payload: Payload,
    pub(crate) received_at: Timestamp,
    pub(crate) envelope: Option<Arc<str>>,
    pub(crate) message_kind: Option<MessageKind>,
}

impl Record {
    /// A record received at `received_at`.
    pub fn new(payload: Payload, received_at: Timestamp) -> Self {
        Self { payload, received_at, envelope: None, message_kind: None }
    }

    /// Makes the record's JSON rendering `{"data": …, "received_at": …, "url": …}`. `url` is
    /// printed: pass it redacted. The payload stays what it is.
    #[must_use]
    pub fn with_envelope(mut self, url: Arc<str>) -> Self {
        self.envelope = Some(url);
        self
    }

    /// Says which kind of message the record was, so that a sink can send the same kind.
    #[must_use]
    pub fn with_message_kind(mut self, kind: MessageKind) -> Self {
        self.message_kind = Some(kind);
        self
    }

    /// The kind of message that the record was, if it was one.
    pub fn message_kind(&self) -> Option<MessageKind> {
        self.message_kind
    }

    /// The payload.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The payload, without a copy.
    pub fn into_payload(self) -> Payload {
        self.payload
    }

    /// When the record was received.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }
}
