//! The messages that a decoder finds in one message.

use std::ops::Range;

use faucet_core::MessageKind;

use crate::hooks::decode_failed::DecodeFailed;
use crate::hooks::decoded_message::{DecodedMessage, DecodedRecord};
use crate::hooks::inbound::InboundMessage;

/// A message that a decoder has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// The message itself.
    AsReceived,
    /// A text that is read like a text message that came in.
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

impl Part {
    /// The part with its bytes.
    pub(super) fn owned(&self, decoded: &[u8], message: &[u8]) -> DecodedMessage {
        let text = |range: &Range<usize>| {
            String::from_utf8_lossy(decoded.get(range.clone()).unwrap_or_default()).into_owned()
        };
        let (about, record) = match self {
            Self::AsReceived => return DecodedMessage::AsReceived,
            Self::Message(range) => return DecodedMessage::Message(text(range)),
            Self::Described { about, record } => (text(about), record),
        };
        let record = match record {
            PartRecord::None => return DecodedMessage::Control(about),
            PartRecord::Slice(range) => message.get(range.clone()),
            PartRecord::Made(_, range) => decoded.get(range.clone()),
        };
        DecodedMessage::Record { about, record: record.unwrap_or_default().to_vec() }
    }
}

/// The messages that a decoder finds in one message.
///
/// Together they have at most `max_message_bytes` bytes, besides those that are slices of the message. A
/// message whose decoder makes more, or breaks the rules of slices, cannot be decoded.
#[derive(Debug, Default)]
pub struct DecodedMessages {
    /// The bytes of all messages of a batch.
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// How many bytes may still be made of this message.
    left: usize,
    /// The length of the message that came in.
    received: usize,
    /// The end of the last slice of it.
    taken: usize,
    why_not: Option<&'static str>,
}

impl DecodedMessages {
    /// Adds the message itself, once and without slices of it.
    pub fn as_received(&mut self) {
        if self.slice(0..self.received) && self.pay(0) {
            self.parts.push(Part::AsReceived);
        }
    }

    /// Adds a text, which is read like a text message that came in: `framing`, `control` and `unwrap`
    /// act on it.
    pub fn message(&mut self, text: impl AsRef<str>) {
        if let Some(text) = self.keep(text.as_ref().as_bytes()) {
            self.parts.push(Part::Message(text));
        }
    }

    /// Adds a record. Rules and awaited answers look at `about`, a text of JSON, and so do `resume` and
    /// `sequence`; a rule that takes `about` drops the record. `unwrap` and `explode` do not act on the
    /// record, and `dedup` compares the record itself.
    pub fn record(&mut self, about: impl AsRef<str>, record: DecodedRecord<'_>) {
        let Some(about) = self.keep(about.as_ref().as_bytes()) else { return };
        let made = match record {
            DecodedRecord::Slice(range) => {
                self.slice(range.clone()).then_some(PartRecord::Slice(range))
            }
            DecodedRecord::Text(text) => {
                let range = self.keep(text.as_bytes());
                range.map(|range| PartRecord::Made(MessageKind::Text, range))
            }
            DecodedRecord::Binary(bytes) => {
                let range = self.keep(bytes);
                range.map(|range| PartRecord::Made(MessageKind::Binary, range))
            }
        };
        self.parts.extend(made.map(|record| Part::Described { about, record }));
    }

    /// Adds a control message that rules and awaited answers look at. Where none of them takes it, the
    /// message is counted as `unmatched`. A rule with `action: keep` makes a record of `about`.
    pub fn control(&mut self, about: impl AsRef<str>) {
        if let Some(about) = self.keep(about.as_ref().as_bytes()) {
            self.parts.push(Part::Described { about, record: PartRecord::None });
        }
    }

    /// Begins a message, behind the bytes of those before it. `max`: the most bytes that it may make.
    pub(crate) fn begin(&mut self, message: InboundMessage<'_>, max: usize) {
        self.parts.clear();
        self.left = max;
        self.why_not = None;
        (self.received, self.taken) = (message.bytes.len(), 0);
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The parts of the message.
    ///
    /// # Errors
    /// The decoder has made too many bytes, or has broken a rule of slices.
    pub(crate) fn take_parts(
        &mut self,
        message: InboundMessage<'_>,
    ) -> Result<Vec<Part>, DecodeFailed> {
        if let Some(why) = self.why_not.take() {
            return Err(DecodeFailed::new(why));
        }
        let parts = std::mem::take(&mut self.parts);
        let text = message.text().filter(|_| message.kind == MessageKind::Text);
        let is_cut = |part: &Part| match (part, text) {
            (Part::Described { record: PartRecord::Slice(range), .. }, Some(text)) => {
                text.get(range.clone()).is_none()
            }
            _ => false,
        };
        match parts.iter().any(is_cut) {
            true => Err(DecodeFailed::new("a record of a text message ends inside of a character")),
            false => Ok(parts),
        }
    }

    /// Uses the memory of parts again.
    pub(crate) fn give_back(&mut self, parts: Vec<Part>) {
        self.parts = parts;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether these bytes of the message may be a record.
    fn slice(&mut self, range: Range<usize>) -> bool {
        let why_not = if range.start > range.end || range.end > self.received {
            "a record lies outside of the message"
        } else if range.start < self.taken {
            "records overlap, or are not in the order of the message"
        } else {
            self.taken = range.end;
            return true;
        };
        self.why_not.get_or_insert(why_not);
        false
    }

    /// Takes this many bytes off the limit. A part costs a byte, so that empty ones have a limit too.
    fn pay(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes.saturating_add(1)) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                let why = "the messages inside are larger than max_message_bytes together";
                self.why_not.get_or_insert(why);
                false
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Option<Range<usize>> {
        if !self.pay(bytes.len()) {
            return None;
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        Some(from..self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a message of ten bytes.
    fn decoded(
        message: InboundMessage<'_>,
        add: impl FnOnce(&mut DecodedMessages),
    ) -> Result<usize, DecodeFailed> {
        let mut decoded = DecodedMessages::default();
        decoded.begin(message, 100);
        add(&mut decoded);
        decoded.take_parts(message).map(|parts| parts.len())
    }

    const BINARY: InboundMessage<'_> = InboundMessage::binary(b"0123456789");

    #[test]
    fn decoded_bytes_and_parts_have_a_limit() {
        let fill = |each: &str, count: usize| {
            decoded(BINARY, |decoded| (0..count).for_each(|_| decoded.message(each)))
        };
        for (each, count, fits) in
            [("12345", 16, true), ("12345", 17, false), ("", 100, true), ("", 101, false)]
        {
            assert_eq!(fill(each, count).is_ok(), fits, "{count} of {each:?}");
        }
        // The limit is one of each message.
        let mut two = DecodedMessages::default();
        for _ in 0..2 {
            two.begin(BINARY, 100);
            two.message("x".repeat(90));
            assert_eq!(two.take_parts(BINARY).map(|parts| parts.len()), Ok(1));
        }
    }

    #[test]
    fn slices_follow_each_other_inside_of_the_message() {
        let of = |ranges: &[(usize, usize)]| {
            decoded(BINARY, |decoded| {
                for (start, end) in ranges {
                    decoded.record("{}", DecodedRecord::Slice(Range { start: *start, end: *end }));
                }
            })
        };
        for (ranges, fits) in [
            (&[(0, 10)][..], true),
            (&[(0, 3), (3, 3), (5, 10)], true),
            (&[(3, 11)], false),
            (&[(3, 2)], false),
            (&[(5, 8), (0, 3)], false),
            (&[(0, 5), (4, 8)], false),
        ] {
            assert_eq!(of(ranges).is_ok(), fits, "{ranges:?}");
        }
        let both = |decoded: &mut DecodedMessages| {
            decoded.as_received();
            decoded.record("{}", DecodedRecord::Slice(3..5));
        };
        assert!(decoded(BINARY, both).is_err());
    }

    #[test]
    fn a_slice_of_text_has_whole_characters() {
        let text = InboundMessage::text_message("aä");
        for (end, fits) in [(1, true), (2, false), (3, true)] {
            let slice = |decoded: &mut DecodedMessages| {
                decoded.record("{}", DecodedRecord::Slice(0..end));
            };
            assert_eq!(decoded(text, slice).is_ok(), fits, "{end}");
        }
    }
}
