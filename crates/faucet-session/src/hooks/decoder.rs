//! A decoder of messages in a packing of their own.

use std::fmt;
use std::ops::Range;

use faucet_core::MessageKind;

use crate::hooks::inbound::InboundMessage;

/// Reads messages of a packing of its own, such as CBOR, and makes messages of them that the
/// conversation can read.
///
/// The decoder is called for each message that came in, behind `decompress` and before `framing`, in
/// the order of the feed. Each connection has a decoder of its own, so a decoder may keep state from
/// message to message.
///
/// ```
/// use faucet_session::hooks::{
///     DecodeFailed, DecodedMessages, DecodedRecord, InboundMessage, MessageDecoder,
/// };
///
/// /// Reads messages whose first four bytes are their number. The rest is the record.
/// struct Numbered;
///
/// impl MessageDecoder for Numbered {
///     fn decode(
///         &mut self,
///         message: InboundMessage<'_>,
///         decoded: &mut DecodedMessages,
///     ) -> Result<(), DecodeFailed> {
///         let Some((number, _)) = message.bytes.split_first_chunk::<4>() else {
///             return Err(DecodeFailed::new("the message has no number"));
///         };
///         // `resume: {cursor: /number}` and `sequence: {last: /number}` can read this.
///         let about = format!("{{\"number\":{}}}", u32::from_be_bytes(*number));
///         decoded.record(about, DecodedRecord::Slice(4..message.bytes.len()));
///         Ok(())
///     }
/// }
/// ```
pub trait MessageDecoder: Send {
    /// Decodes a message: adds to `decoded` whatever the message holds, nothing included.
    ///
    /// # Errors
    /// The message cannot be decoded. `on_parse_error` of the source decides about it, as about a
    /// message that is not JSON. Messages that were added before the error are dropped. A panic counts
    /// as an error.
    fn decode(
        &mut self,
        message: InboundMessage<'_>,
        decoded: &mut DecodedMessages,
    ) -> Result<(), DecodeFailed>;
}

/// Why a message could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DecodeFailed(String);

impl DecodeFailed {
    /// An error that says `why`, in words that follow "the decoder failed: ".
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// The record that belongs to a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodedRecord<'a> {
    /// These bytes of the message. They are not copied.
    Slice(Range<usize>),
    /// Other bytes.
    Made(MessageKind, &'a [u8]),
}

/// A message that a decoder has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// The message as it came in.
    AsReceived,
    /// A text that is read like a message that came in as text.
    Message(Range<usize>),
    /// A description, and its record.
    Described { about: Range<usize>, record: PartRecord },
}

/// The record of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PartRecord {
    /// There is none: the description is control.
    None,
    /// In the message that came in.
    Slice(Range<usize>),
    /// Among the decoded bytes.
    Made(MessageKind, Range<usize>),
}

/// The messages that a decoder finds in one message.
///
/// Together they have at most `max_message_bytes` bytes. A message that holds more cannot be decoded.
#[derive(Debug, Default)]
pub struct DecodedMessages {
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// How far `bytes` may grow for this message.
    end: usize,
    /// The length of the message that came in.
    received: usize,
    why_not: Option<&'static str>,
}

impl DecodedMessages {
    /// Adds the message as it came in.
    pub fn as_received(&mut self) {
        self.push(Part::AsReceived);
    }

    /// Adds a text, which is read like a text message that came in: `framing`, `control` and `unwrap`
    /// act on it.
    pub fn message(&mut self, text: impl AsRef<[u8]>) {
        if let Some(text) = self.keep(text.as_ref()) {
            self.push(Part::Message(text));
        }
    }

    /// Adds a record. Rules and awaited answers look at `about`, a text of JSON, and so do `resume` and
    /// `sequence`; a rule that takes `about` drops the record. `unwrap` and `explode` do not act on the
    /// record, and `dedup` compares the record itself.
    pub fn record(&mut self, about: impl AsRef<[u8]>, record: DecodedRecord<'_>) {
        let Some(about) = self.keep(about.as_ref()) else { return };
        let record = match record {
            DecodedRecord::Slice(range)
                if range.start <= range.end && range.end <= self.received =>
            {
                PartRecord::Slice(range)
            }
            DecodedRecord::Slice(_) => {
                self.why_not = Some("a record lies outside of the message");
                return;
            }
            DecodedRecord::Made(kind, bytes) => match self.keep(bytes) {
                Some(range) => PartRecord::Made(kind, range),
                None => return,
            },
        };
        self.push(Part::Described { about, record });
    }

    /// Adds a control message that rules and awaited answers look at. Where none of them takes it, the
    /// message is counted as `unmatched`.
    pub fn control(&mut self, about: impl AsRef<[u8]>) {
        if let Some(about) = self.keep(about.as_ref()) {
            self.push(Part::Described { about, record: PartRecord::None });
        }
    }

    /// Begins a message of `received` bytes, behind those that are held. `max`: the most bytes.
    pub(crate) fn begin(&mut self, received: usize, max: usize) {
        self.parts.clear();
        self.received = received;
        self.end = self.bytes.len().saturating_add(max);
        self.why_not = None;
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The parts of the message.
    ///
    /// # Errors
    /// The decoder has made too many bytes, or named bytes that the message does not have.
    pub(crate) fn take_parts(&mut self) -> Result<Vec<Part>, DecodeFailed> {
        match self.why_not.take() {
            Some(why) => Err(DecodeFailed::new(why)),
            None => Ok(std::mem::take(&mut self.parts)),
        }
    }

    /// Uses the memory of parts again.
    pub(crate) fn give_back(&mut self, parts: Vec<Part>) {
        self.parts = parts;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn push(&mut self, part: Part) {
        // Each part costs a byte, so that empty ones have a limit too.
        self.end = self.end.saturating_sub(1);
        self.parts.push(part);
    }

    fn keep(&mut self, bytes: &[u8]) -> Option<Range<usize>> {
        let from = self.bytes.len();
        if from + bytes.len() >= self.end {
            self.why_not = Some("the messages inside are larger than max_message_bytes together");
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        Some(from..self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoded_bytes_and_parts_have_a_limit() {
        let fill = |decoded: &mut DecodedMessages, each: &[u8], count: usize| {
            decoded.begin(10, 100);
            (0..count).for_each(|_| decoded.message(each));
            decoded.take_parts().map(|parts| parts.len())
        };
        let mut decoded = DecodedMessages::default();
        for (each, count, most) in
            [(&b"12345"[..], 16, true), (b"12345", 17, false), (b"", 100, true), (b"", 101, false)]
        {
            assert_eq!(fill(&mut decoded, each, count).is_ok(), most, "{count} of {}", each.len());
        }
        // The limit is one of each message: bytes of messages before do not count.
        assert_eq!(fill(&mut decoded, b"12345", 16), Ok(16));
    }

    #[test]
    fn a_record_outside_of_its_message_is_an_error() {
        for (range, fits) in
            [(0..10, true), (3..3, true), (3..11, false), (Range { start: 3, end: 2 }, false)]
        {
            let mut decoded = DecodedMessages::default();
            decoded.begin(10, 100);
            decoded.record("{}", DecodedRecord::Slice(range.clone()));
            assert_eq!(decoded.take_parts().is_ok(), fits, "{range:?}");
        }
    }
}
