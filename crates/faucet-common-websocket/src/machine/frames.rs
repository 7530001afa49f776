//! From frames to messages, inside the buffer that the frames were read into (RFC 6455 §5).
//!
//! [`Frames`] owns no memory. It walks over the frames that have arrived whole, joins fragments in
//! place, and overwrites everything that is not payload with line breaks. The buffer then reads as
//! lines: one UTF-8 check and one JSON check can cover all messages, because no character and no
//! JSON token spans a line break, and a line break stands behind each message but the last.

use faucet_core::{MessageKind, Span};

use crate::machine::control::{Control, ControlPayload, LONGEST, PeerClose, opcode};
use crate::machine::mask::unmask;
use crate::machine::role::Role;
use crate::machine::utf8_policy::Utf8Policy;
use crate::machine::violation::Violation;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
/// The bit of a compressed message, in its first frame (RFC 7692 §6).
pub(crate) const COMPRESSED: u8 = 0x40;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
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

/// The header of a frame.
#[derive(Debug, Clone, Copy)]
struct Header {
    first: u8,
    len: u64,
    /// The size of the header itself, with the mask key.
    size: usize,
    key: Option<[u8; 4]>,
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

    /// Whether a message or a frame has begun and not ended, in a buffer of `filled` bytes.
    pub(crate) fn is_mid_message(&self, filled: usize) -> bool {
        self.open.is_some() || filled > self.at
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

    /// Walks over the whole frames of `buf`, which holds everything that has arrived, and appends
    /// the messages to `spans`. Call it again after a control frame and a compressed message.
    #[inline]
    pub(crate) fn scan(&mut self, buf: &mut [u8], spans: &mut Vec<Span>) -> Stop {
        let mut at = self.at;
        let max = self.limits.max_message_bytes;
        let before = spans.len();
        loop {
            // A server unmasks every frame, and a fragmented message puts each frame on the other path.
            if self.role == Role::Client && self.open.is_none() {
                // The loop that nearly every frame takes: whole, unmasked, and a data frame.
                while let Some(&[first @ (WHOLE_TEXT | WHOLE_BINARY), second]) =
                    buf.get(at..).and_then(|rest| rest.first_chunk::<2>())
                {
                    let Some((size, len)) = plain_length(&buf[at..], second) else { break };
                    let start = at + size;
                    if len > max || len > (buf.len() - start) as u64 {
                        break;
                    }
                    buf[at] = GAP;
                    buf[at + 1] = GAP;
                    buf[at + 2..start].fill(GAP);
                    let kind =
                        if first == WHOLE_TEXT { MessageKind::Text } else { MessageKind::Binary };
                    self.binary |= first == WHOLE_BINARY;
                    spans.push(Span { at: start as u32, len: len as u32, kind });
                    at = start + len as usize;
                }
            }
            self.at = at;
            self.data_seen |= spans.len() > before;
            match self.rare(buf, spans) {
                Ok(()) => at = self.at,
                Err(stop) => return stop,
            }
        }
    }

    /// Takes the frame at `self.at`, whatever it is.
    #[cold]
    fn rare(&mut self, buf: &mut [u8], spans: &mut Vec<Span>) -> Result<(), Stop> {
        let at = self.at;
        let header = self.header(&buf[at..])?;
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

    /// The header at the beginning of `buf`, with everything checked that a header can violate.
    fn header(&self, buf: &[u8]) -> Result<Header, Stop> {
        let violation = |violation| Err(Stop::Violation(violation));
        let Some(&[first, second]) = buf.first_chunk::<2>() else { return Err(Stop::More) };
        let masked = second & MASKED != 0;
        // A wrong mask, reserved bits and opcodes show with the first two bytes.
        let begins = matches!(first & OPCODE, opcode::TEXT | opcode::BINARY);
        let allowed = if self.deflate && begins { COMPRESSED } else { 0 };
        if first & RESERVED & !allowed != 0 {
            return violation(Violation::ReservedBits);
        }
        if masked && self.role == Role::Client {
            return violation(Violation::Masked);
        }
        if !masked && self.role == Role::Server {
            return violation(Violation::NotMasked);
        }
        match first & OPCODE {
            opcode::CONTINUATION if self.open.is_none() => {
                return violation(Violation::NothingToContinue);
            }
            opcode::TEXT | opcode::BINARY if self.open.is_some() => {
                return violation(Violation::Interleaved);
            }
            opcode::CONTINUATION | opcode::TEXT | opcode::BINARY => {}
            opcode::CLOSE | opcode::PING | opcode::PONG => {
                if first & FIN == 0 {
                    return violation(Violation::FragmentedControl);
                }
            }
            other => return violation(Violation::Opcode(other)),
        }
        let Some((size, len)) = plain_length(buf, second & !MASKED) else { return Err(Stop::More) };
        if first & OPCODE >= opcode::CLOSE && len > LONGEST as u64 {
            return violation(Violation::LongControl);
        }
        let key = match (masked, buf.get(size..).and_then(|rest| rest.first_chunk::<4>())) {
            (false, _) => None,
            (true, Some(key)) => Some(*key),
            (true, None) => return Err(Stop::More),
        };
        let size = size + if masked { 4 } else { 0 };
        Ok(Header { first, len, size, key })
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
        if open.kind == MessageKind::Text && !open.compressed && self.utf8 == Utf8Policy::Fail {
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

/// The size of a header without a mask key, and the payload's length. `None`: not all of it is here.
#[inline]
fn plain_length(buf: &[u8], short: u8) -> Option<(usize, u64)> {
    match short {
        126 => {
            let &[_, _, a, b] = buf.first_chunk::<4>()?;
            Some((4, u64::from(u16::from_be_bytes([a, b]))))
        }
        127 => {
            let &[_, _, length @ ..] = buf.first_chunk::<10>()?;
            Some((10, u64::from_be_bytes(length)))
        }
        // A set mask bit gives a length that fits no buffer: the other path looks at such a header.
        128.. => None,
        _ => Some((2, u64::from(short))),
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
