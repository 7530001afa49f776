//! Messages that were received together.

use std::sync::Arc;

use bytes::Bytes;

use crate::stream::record::{PayloadKind, Timestamp};
use crate::stream::span::Span;

/// The bytes of a batch.
#[derive(Debug, Clone, Copy)]
pub enum Chunk<'a> {
    /// The page shares the bytes and keeps the whole chunk alive.
    Shared(&'a Bytes),
    /// Few bytes: the page copies them.
    Small(&'a [u8]),
}

/// What the messages of a batch are taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchPayload {
    /// JSON: [`is_all_json`](crate::json::is_all_json) said so of the batch. No message has a raw line
    /// break.
    Json,
    /// JSON: [`check`](crate::json::check) accepted each message. Messages may have raw line breaks
    /// between tokens.
    JudgedJson,
    /// Text: the connection checked each message as UTF-8.
    Text,
    /// Bytes.
    Binary,
}

impl BatchPayload {
    pub(crate) fn kind(self) -> PayloadKind {
        match self {
            Self::Json | Self::JudgedJson => PayloadKind::Json,
            Self::Text => PayloadKind::Text,
            Self::Binary => PayloadKind::Binary,
        }
    }
}

/// Messages that were received together: one chunk of bytes, and the places of the messages in it.
///
/// Records are made from the batch without another check of its bytes. A batch that breaks the rules
/// of its fields makes records that are not what they say, and may make [`Text`](crate::Text) panic.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The received bytes.
    pub chunk: Chunk<'a>,
    /// The messages, in order and without overlap. Anything may stand between two of them. A check of the
    /// whole batch ([`is_all_json`](crate::json::is_all_json)) wants line breaks there, and nothing else.
    pub spans: &'a [Span],
    /// What the messages are taken as.
    pub payload: BatchPayload,
    /// When the messages were received.
    pub received_at: Timestamp,
    /// The URL of the records' envelope, see [`Record::with_envelope`](crate::Record::with_envelope).
    pub envelope: Option<&'a Arc<str>>,
}

impl Batch<'_> {
    /// The size of all payloads in bytes.
    #[inline]
    pub(crate) fn payload_bytes(&self) -> usize {
        self.spans.iter().map(|span| span.len as usize).sum()
    }

    /// Finds callers that break the rules of the fields, in builds for tests.
    pub(crate) fn assert_in_order(&self) {
        let in_order = |pair: &[Span]| pair[0].range().end <= pair[1].range().start;
        debug_assert!(self.spans.windows(2).all(in_order), "messages stand in order");
    }
}
