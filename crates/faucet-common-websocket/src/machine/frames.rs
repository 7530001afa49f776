//! From frames to messages, inside the buffer that the frames were read into (RFC 6455 §5).
//!
//! [`Frames`] owns no memory. It walks over the frames that have arrived whole, joins fragments in
//! place, and overwrites everything that is not payload with line breaks. The buffer then reads as
//! lines: one UTF-8 check and one JSON check can cover all messages, because no character and no
//! JSON token spans a line break, and a line break stands behind each message but the last.

use faucet_core::{MessageKind, Span};

use crate::machine::control::{Control, ControlPayload, PeerClose, opcode};
use crate::machine::frame_header::{COMPRESSED, Expected, FIN, Header, OPCODE};
use crate::machine::mask::unmask;
use crate::machine::role::Role;
use crate::machine::utf8_policy::Utf8Policy;
use crate::machine::violation::Violation;

/// The first byte of an unfragmented text frame.
const WHOLE_TEXT: u8 = FIN | opcode::TEXT;
/// The first byte of an unfragmented binary frame.
const WHOLE_BINARY: u8 = FIN | opcode::BINARY;
/// The byte that stands where headers and control frames stood.
const GAP: u8 = b'\n';

/// The bounds of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameLimits {
    pub(crate) max_message_bytes: u64,
    pub(crate) max_fragments: u32,
}

/// The position at which [`Frames::scan`] has stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The buffer holds no further whole frame.
    More,
    /// A control frame.
    Control(Control),
    /// A compressed message, joined in place. It is not among the messages.
    Compressed(Span),
    /// A frame that may not be received. No further call is useful.
    Violation(Violation),
}

/// A fragmented message that has begun.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// The first byte of the first fragment's header.
    head: usize,
    /// The joined payload.
    start: usize,
    end: usize,
    /// The payload is valid UTF-8 up to here.
    checked: usize,
    kind: MessageKind,
    compressed: bool,
    fragments: u32,
}

/// Walks over the frames of one connection. All positions are offsets into the caller's buffer.
#[derive(Debug)]
pub(crate) struct Frames {
    role: Role,
    limits: FrameLimits,
    utf8: Utf8Policy,
    /// Whether permessage-deflate was agreed.
    deflate: bool,
    /// The next header.
    at: usize,
    open: Option<Open>,
    /// The payload of the incomplete text frame at `at` is valid UTF-8 up to here.
    partial_checked: usize,
    /// Messages from here on are not checked as UTF-8.
    unchecked: usize,
    /// Whether a binary message stands behind `unchecked`.
    binary: bool,
    /// Whether bytes of a data frame came in since the last call of [`take_data_seen`].
    data_seen: bool,
}

impl Frames {
    pub(crate) fn new(role: Role, limits: FrameLimits, utf8: Utf8Policy) -> Self {
        Self {
            role,
            limits,
            utf8,
            deflate: false,
            at: 0,
            open: None,
            partial_checked: 0,
            unchecked: 0,
            binary: false,
            data_seen: false,
        }
    }

    /// Messages may be compressed: permessage-deflate was agreed.
    pub(crate) fn with_deflate(mut self) -> Self {
        self.deflate = true;
        self
    }

    /// The bounds of a message.
    pub(crate) fn limits(&self) -> FrameLimits {
        self.limits
    }

    /// The end of the part in which everything is whole: the buffer may be cut here.
    pub(crate) fn cut(&self) -> usize {
        self.open.map_or(self.at, |open| open.head)
    }

    /// Whether a message has begun and has not ended. A control frame is none.
    pub(crate) fn is_mid_message(&self, buf: &[u8]) -> bool {
        self.open.is_some() || buf.get(self.at).is_some_and(|first| first & OPCODE < opcode::CLOSE)
    }

    /// Whether a fragmented message has begun and has not ended.
    pub(crate) fn is_mid_fragments(&self) -> bool {
        self.open.is_some()
    }

    /// Whether bytes of data frames came in since the last call.
    pub(crate) fn take_data_seen(&mut self) -> bool {
        std::mem::take(&mut self.data_seen)
    }

    /// The buffer now begins `n` bytes later.
    pub(crate) fn moved(&mut self, n: usize) {
        self.at -= n;
        self.unchecked = self.unchecked.saturating_sub(n);
        self.partial_checked = self.partial_checked.saturating_sub(n);
        if let Some(open) = &mut self.open {
            open.head -= n;
            open.start -= n;
            open.end -= n;
            open.checked -= n;
        }
    }

    /// Forgets the stream. The next one begins at the beginning of an empty buffer.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.role, self.limits, self.utf8);
    }

    /// Moves the bytes behind an unfinished message to the end of its payload, over the headers and
    /// control frames that stood between: a peer that pings inside a message must not fill the
    /// memory. Returns by how many bytes the buffer is shorter now.
    pub(crate) fn close_gap(&mut self, buf: &mut [u8]) -> usize {
        let Some(open) = &self.open else { return 0 };
        let gap = self.at - open.end;
        if gap > 0 {
            buf.copy_within(self.at.., open.end);
            self.at = open.end;
            self.partial_checked = self.partial_checked.saturating_sub(gap);
        }
        gap
    }

    /// Walks over the whole frames of `buf`, which holds everything that has arrived, and appends
    /// the messages to `spans`. Call it again after a control frame and a compressed message.
    #[inline]
    pub(crate) fn scan(&mut self, buf: &mut [u8], spans: &mut Vec<Span>) -> Stop {
        let before = spans.len();
        loop {
            // A server unmasks every frame, and a fragmented message puts each frame on the other path.
            if self.role == Role::Client && self.open.is_none() {
                self.scan_plain(buf, spans);
                self.data_seen |= spans.len() > before;
            }
            if let Err(stop) = self.rare(buf, spans) {
                return stop;
            }
        }
    }

    /// Takes the frames that nearly all frames are: whole, unmasked, and one is a message. Stops at
    /// any other, and at one that begins in the last bytes of the buffer.
    #[inline]
    fn scan_plain(&mut self, buf: &mut [u8], spans: &mut Vec<Span>) {
        let (filled, max) = (buf.len(), self.limits.max_message_bytes);
        let mut at = self.at;
        while let Some(header) = buf.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
            let [first, second, a, b] = *header;
            let (size, len) = match second {
                0..126 => (2, u64::from(second)),
                126 => (4, u64::from(u16::from_be_bytes([a, b]))),
                _ => break,
            };
            let kind = match first {
                WHOLE_TEXT => MessageKind::Text,
                WHOLE_BINARY => MessageKind::Binary,
                _ => break,
            };
            let start = at + size;
            if len > max || len > (filled - start) as u64 {
                break;
            }
            *header = if size == 4 { [GAP; 4] } else { [GAP, GAP, a, b] };
            self.binary |= kind == MessageKind::Binary;
            spans.push(Span { at: start as u32, len: len as u32, kind });
            at = start + len as usize;
        }
        self.at = at;
    }

    /// Takes the frame at `self.at`, whatever it is.
    #[cold]
    fn rare(&mut self, buf: &mut [u8], spans: &mut Vec<Span>) -> Result<(), Stop> {
        let at = self.at;
        let expected =
            Expected { role: self.role, inside: self.open.is_some(), deflate: self.deflate };
        let header = match Header::parse(&buf[at..], expected) {
            Ok(Some(header)) => header,
            Ok(None) => return Err(Stop::More),
            Err(violation) => return Err(Stop::Violation(violation)),
        };
        let start = at + header.size;
        if header.first & OPCODE >= opcode::CLOSE {
            return self.control(buf, header, start);
        }
        self.data_seen |= buf.len() > start;
        let open = self.opened(header, at, start)?;
        let size = (open.end - open.start) as u64;
        let all = header.len.saturating_add(size);
        if all > self.most_bytes(open.compressed) {
            let max = self.limits.max_message_bytes;
            return Err(Stop::Violation(Violation::TooLarge { size: all, max }));
        }
        if open.fragments == self.limits.max_fragments {
            let max = self.limits.max_fragments;
            return Err(Stop::Violation(Violation::TooManyFragments { max }));
        }
        // The limit of a message is below the address space.
        let end = start + header.len as usize;
        if end > buf.len() {
            return Err(self.check_partial(&buf[..], header, open, start));
        }
        if let Some(key) = header.key {
            unmask(&mut buf[start..end], key, 0);
        }
        self.join(buf, spans, open, start..end, header.first & FIN != 0)
    }

    /// The most bytes of a message on the wire. Compression may make a message larger: an encoder that
    /// saves nothing needs up to nine bits for a byte, and some bytes for its blocks.
    fn most_bytes(&self, compressed: bool) -> u64 {
        let max = self.limits.max_message_bytes;
        if compressed { max + max / 8 + 64 } else { max }
    }

    /// The message that a data frame belongs to. A declared length is compared and never reserved.
    fn opened(&self, header: Header, head: usize, start: usize) -> Result<Open, Stop> {
        let kind = match header.first & OPCODE {
            opcode::TEXT => MessageKind::Text,
            opcode::BINARY => MessageKind::Binary,
            _ => return self.open.ok_or(Stop::Violation(Violation::NothingToContinue)),
        };
        let compressed = header.first & COMPRESSED != 0;
        Ok(Open { head, start, end: start, checked: start, kind, compressed, fragments: 0 })
    }

    fn control(&mut self, buf: &mut [u8], header: Header, start: usize) -> Result<(), Stop> {
        let end = start + header.len as usize;
        if end > buf.len() {
            return Err(Stop::More);
        }
        if let Some(key) = header.key {
            unmask(&mut buf[start..end], key, 0);
        }
        let payload = ControlPayload::new(&buf[start..end]);
        buf[self.at..end].fill(GAP);
        self.at = end;
        Err(match header.first & OPCODE {
            opcode::PING => Stop::Control(Control::Ping(payload)),
            opcode::PONG => Stop::Control(Control::Pong(payload)),
            _ => match PeerClose::parse(payload.as_slice()) {
                Ok(close) => Stop::Control(Control::Close(close)),
                Err(violation) => Stop::Violation(violation),
            },
        })
    }

    /// Checks the part of a text frame that has arrived, so that a long message which is broken at
    /// its beginning is refused there (RFC 6455 §8.1).
    fn check_partial(&mut self, buf: &[u8], header: Header, open: Open, start: usize) -> Stop {
        // A masked payload is unmasked only when it is whole.
        let skip = open.kind != MessageKind::Text || open.compressed || header.key.is_some();
        if skip || self.utf8 != Utf8Policy::Fail || open.checked < open.end {
            return Stop::More;
        }
        let from = self.partial_checked.max(start);
        match checked_prefix(&buf[from..], false) {
            Some(valid) => {
                self.partial_checked = from + valid;
                Stop::More
            }
            None => Stop::Violation(Violation::NotUtf8),
        }
    }

    /// Joins a fragment to the message, and ends the message with the last.
    fn join(
        &mut self,
        buf: &mut [u8],
        spans: &mut Vec<Span>,
        mut open: Open,
        part: std::ops::Range<usize>,
        last: bool,
    ) -> Result<(), Stop> {
        let next = part.end;
        open.fragments += 1;
        let len = part.len();
        if open.end != part.start {
            buf.copy_within(part, open.end);
        }
        open.end += len;
        self.at = next;
        // The text of a message that is one frame is checked with all others.
        let whole = last && open.fragments == 1;
        let skips = whole || open.compressed;
        if open.kind == MessageKind::Text && self.utf8 == Utf8Policy::Fail && !skips {
            match checked_prefix(&buf[open.checked..open.end], last) {
                Some(valid) => open.checked += valid,
                None => return Err(Stop::Violation(Violation::NotUtf8)),
            }
        }
        if !last {
            self.open = Some(open);
            return Ok(());
        }
        self.open = None;
        buf[open.end..next].fill(GAP);
        buf[open.head..open.start].fill(GAP);
        let (at, len) = (open.start as u32, (open.end - open.start) as u32);
        let span = Span { at, len, kind: open.kind };
        if open.compressed {
            return Err(Stop::Compressed(span));
        }
        self.binary |= open.kind == MessageKind::Binary;
        spans.push(span);
        Ok(())
    }

    /// Checks the text among `spans[from..]`, which are the messages since the last call and stand in
    /// front of `upto`, and acts as the policy says. Returns how many messages were skipped.
    ///
    /// # Errors
    /// [`Violation::NotUtf8`]; the messages in front of the broken one stay in `spans`.
    #[inline]
    pub(crate) fn check_text(
        &mut self,
        buf: &mut [u8],
        spans: &mut Vec<Span>,
        from: usize,
        upto: usize,
    ) -> Result<u64, Violation> {
        let begin = std::mem::replace(&mut self.unchecked, upto).min(upto);
        let binary = std::mem::take(&mut self.binary);
        if from == spans.len() || (!binary && simdutf8::basic::from_utf8(&buf[begin..upto]).is_ok())
        {
            return Ok(0);
        }
        self.check_each(buf, spans, from)
    }

    /// Checks the text among `spans[from..]` message by message.
    #[cold]
    pub(crate) fn check_each(
        &self,
        buf: &mut [u8],
        spans: &mut Vec<Span>,
        from: usize,
    ) -> Result<u64, Violation> {
        let mut skipped = 0;
        let mut next = from;
        while let Some(span) = spans.get_mut(next) {
            let broken = span.kind == MessageKind::Text
                && simdutf8::basic::from_utf8(&buf[span.range()]).is_err();
            match self.utf8 {
                _ if !broken => next += 1,
                Utf8Policy::Binary => span.kind = MessageKind::Binary,
                Utf8Policy::Skip => {
                    buf[span.range()].fill(GAP);
                    spans.remove(next);
                    skipped += 1;
                }
                Utf8Policy::Fail => {
                    spans.truncate(next);
                    return Err(Violation::NotUtf8);
                }
            }
        }
        Ok(skipped)
    }
}

/// How many bytes at the beginning of `text` are UTF-8; less than all only where the last character
/// is cut off and more may follow. `None`: the text is not UTF-8.
fn checked_prefix(text: &[u8], last: bool) -> Option<usize> {
    match simdutf8::compat::from_utf8(text) {
        Ok(_) => Some(text.len()),
        Err(error) if error.error_len().is_none() && !last => Some(error.valid_up_to()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
