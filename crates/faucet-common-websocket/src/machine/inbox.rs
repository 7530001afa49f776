//! The received bytes of a connection, and the messages in them.

use std::sync::Arc;

use faucet_core::Span;

use crate::machine::control::Control;
use crate::machine::deflate::Direction;
use crate::machine::frames::{Frames, Stop};
use crate::machine::inflated::Inflated;
use crate::machine::pool::Pool;
use crate::machine::stamp::Stamp;
use crate::machine::taken::{SPARSE, Taken};
use crate::machine::violation::Violation;

/// The most bytes of an unfinished message that are kept beside a buffer which went back to the
/// pool. Longer ones keep the buffer: to copy them at each read would cost quadratic time.
const LONGEST_CARRY: usize = 4096;
/// A buffer grows by this many bytes for a message that is larger.
const GROWTH: usize = 256 * 1024;

/// Something that the received bytes hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inbound {
    /// No further whole frame. Whole messages may wait.
    More,
    /// A control frame. The messages before it wait.
    Control(Control),
    /// The messages that wait must be taken before more frames are looked at.
    Full,
}

/// Reads frames into a buffer that is borrowed from a pool while there is something to read.
#[derive(Debug)]
pub(crate) struct Inbox {
    frames: Frames,
    pool: Arc<Pool>,
    /// Empty while nothing is there to read.
    buf: Vec<u8>,
    filled: usize,
    /// Everything before this offset was taken, or holds no message.
    start: usize,
    /// The unfinished message while there is no buffer.
    carry: Vec<u8>,
    spans: Vec<Span>,
    /// Where permessage-deflate was agreed. Holds the messages that wait once one was compressed.
    inflated: Option<Box<Inflated>>,
    /// Whether frames were left for the time after the messages that wait.
    unread: bool,
    /// The bytes in which the messages that wait stand, where these are not the received ones.
    made: Option<Vec<u8>>,
    /// Messages that were skipped because they are not UTF-8.
    skipped: u64,
    stamp: Stamp,
}

impl Inbox {
    pub(crate) fn new(frames: Frames, pool: Arc<Pool>, now: Stamp) -> Self {
        Self {
            frames,
            pool,
            buf: Vec::new(),
            filled: 0,
            start: 0,
            carry: Vec::new(),
            spans: Vec::new(),
            inflated: None,
            unread: false,
            made: None,
            skipped: 0,
            stamp: now,
        }
    }

    /// Messages may be compressed: permessage-deflate was agreed.
    pub(crate) fn with_deflate(mut self, inbound: Direction) -> Self {
        let max = self.frames.limits().max_message_bytes;
        self.frames = self.frames.with_deflate();
        self.inflated = Some(Box::new(Inflated::new(inbound, max, Arc::clone(&self.pool))));
        self
    }

    /// Room for the next read. Borrows a buffer if there is none. A buffer that one message fills
    /// grows as far as bytes have come in, never by what a header declares.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.buf.is_empty() {
            self.buf = self.pool.take();
            let carried = self.carry.len();
            if self.buf.len() < carried {
                self.buf.resize(carried, 0);
            }
            self.buf[..carried].copy_from_slice(&self.carry);
            (self.filled, self.start) = (carried, 0);
            self.carry = Vec::new();
        }
        // Messages that wait have their places in the buffer: nothing moves under them.
        if self.spans.is_empty() {
            self.start = self.frames.cut();
            if self.start == self.filled || self.filled > self.buf.len() / 2 {
                self.compact();
            }
        }
        if self.filled == self.buf.len() {
            let grown = self.buf.len() + GROWTH.min(self.buf.len().max(1));
            self.buf.resize(grown, 0);
        }
        &mut self.buf[self.filled..]
    }

    /// Moves what was not taken to the beginning of the buffer.
    fn compact(&mut self) {
        self.filled -= self.frames.close_gap(&mut self.buf[..self.filled]);
        if self.start > 0 {
            self.buf.copy_within(self.start..self.filled, 0);
            self.frames.moved(self.start);
            self.filled -= self.start;
            self.start = 0;
        }
    }

    /// `n` bytes were read into the room.
    pub(crate) fn filled(&mut self, n: usize, at: Stamp) {
        self.filled += n;
        self.stamp = at;
    }

    /// Walks over the received frames up to the next control frame.
    ///
    /// # Errors
    /// A frame that may not be received. The messages before it wait, and no further call is useful.
    pub(crate) fn next(&mut self) -> Result<Inbound, Violation> {
        loop {
            self.unread = self.is_full();
            if self.unread {
                return Ok(Inbound::Full);
            }
            let from = self.spans.len();
            let buf = &mut self.buf[..self.filled];
            let stop = self.frames.scan(buf, &mut self.spans);
            let upto = match stop {
                Stop::Compressed(span) => span.at as usize,
                _ => self.frames.cut(),
            };
            // The text of all messages before the stop is checked first: what comes first in the
            // stream decides.
            let checked = self.frames.check_text(buf, &mut self.spans, from, upto);
            if let Some(batch) = self.inflated.as_mut().filter(|batch| batch.holds_batch()) {
                batch.copy(&self.buf, &mut self.spans[from..]);
            }
            self.skipped += checked?;
            match stop {
                Stop::More => return Ok(Inbound::More),
                Stop::Control(control) => return Ok(Inbound::Control(control)),
                Stop::Compressed(span) => self.inflate(span)?,
                Stop::Violation(violation) => return Err(violation),
            }
        }
    }

    /// Whether the messages that wait must be taken before another one is inflated.
    fn is_full(&mut self) -> bool {
        let Some(batch) = &mut self.inflated else { return false };
        if self.spans.is_empty() {
            // All messages of the batch were skipped.
            batch.discard();
        }
        batch.is_full()
    }

    /// Inflates a message. The messages that wait move to where it goes.
    fn inflate(&mut self, compressed: Span) -> Result<(), Violation> {
        let Some(batch) = &mut self.inflated else { return Ok(()) };
        if !batch.holds_batch() {
            batch.copy(&self.buf, &mut self.spans);
        }
        let payload = &mut self.buf[compressed.range()];
        let message = batch.inflate(payload, compressed.kind)?;
        // The next check of text goes over the bytes from here on.
        payload.fill(b'\n');
        self.spans.push(message);
        let last = self.spans.len() - 1;
        self.skipped += self.frames.check_each(batch.bytes(), &mut self.spans, last)?;
        Ok(())
    }

    /// Whether frames were left for the time after messages that were taken meanwhile.
    pub(crate) fn is_unread(&self) -> bool {
        self.unread && self.spans.is_empty()
    }

    /// Nobody takes messages any more: compressed ones are passed over.
    pub(crate) fn stop_inflating(&mut self) {
        self.inflated = None;
    }

    /// Whether whole messages wait.
    pub(crate) fn has_messages(&self) -> bool {
        !self.spans.is_empty()
    }

    /// The messages that wait: their bytes, and their places to be changed.
    pub(crate) fn messages(&mut self) -> (&[u8], &mut Vec<Span>) {
        let bytes = match &mut self.inflated {
            Some(batch) if batch.holds_batch() => &*batch.bytes(),
            _ => &self.buf[..self.filled],
        };
        (bytes, &mut self.spans)
    }

    /// The messages that wait stand in `made`, and no more in the received bytes.
    pub(crate) fn replace(&mut self, made: Vec<u8>) {
        self.made = Some(made);
    }

    /// Takes all messages that wait: their places go to `spans`, whose memory the inbox keeps.
    pub(crate) fn take(&mut self, spans: &mut Vec<Span>) -> Taken<'_> {
        spans.clear();
        std::mem::swap(spans, &mut self.spans);
        if spans.is_empty() {
            return Taken::Small(&[]);
        }
        let (start, cut) = (self.start, self.frames.cut());
        if let Some(made) = self.made.take() {
            self.inflated.iter_mut().for_each(|batch| batch.discard());
            self.start = cut;
            return Taken::Shared(made.into());
        }
        if let Some(batch) = self.inflated.as_mut().filter(|batch| batch.holds_batch()) {
            self.start = cut;
            return batch.take();
        }
        if cut - start < self.buf.len() / SPARSE {
            self.start = cut;
            for span in spans {
                span.at -= start as u32;
            }
            return Taken::Small(&self.buf[start..cut]);
        }
        let mut next = self.pool.take();
        let rest = cut..self.filled;
        if next.len() < rest.len() {
            next.resize(rest.len(), 0);
        }
        next[..rest.len()].copy_from_slice(&self.buf[rest.clone()]);
        self.frames.moved(cut);
        (self.start, self.filled) = (0, rest.len());
        Taken::Shared(self.pool.share(std::mem::replace(&mut self.buf, next)))
    }

    /// Drops all messages that wait.
    pub(crate) fn discard(&mut self) {
        self.drop_messages();
        self.start = self.frames.cut();
    }

    /// Drops everything that was received: no frame is looked at any more.
    pub(crate) fn forget(&mut self) {
        self.drop_messages();
        self.unread = false;
        self.frames.reset();
        self.carry = Vec::new();
        (self.filled, self.start) = (0, 0);
    }

    fn drop_messages(&mut self) {
        self.spans.clear();
        self.made = None;
        self.inflated.iter_mut().for_each(|batch| batch.discard());
    }

    /// Nothing is there to read: gives the buffer back, unless messages wait in it or much of a
    /// message does.
    pub(crate) fn rest(&mut self) {
        self.inflated.iter_mut().for_each(|batch| batch.rest());
        if self.buf.is_empty() || !self.spans.is_empty() || self.unread {
            return;
        }
        self.filled -= self.frames.close_gap(&mut self.buf[..self.filled]);
        let rest = self.frames.cut()..self.filled;
        if rest.len() <= LONGEST_CARRY {
            self.frames.moved(rest.start);
            self.carry = self.buf[rest].to_vec();
            self.pool.put(std::mem::take(&mut self.buf));
            (self.filled, self.start) = (self.carry.len(), 0);
        }
    }

    /// When bytes were read last.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Whether a message has begun to come in and has not ended.
    pub(crate) fn is_mid_message(&self) -> bool {
        let received = if self.buf.is_empty() { &self.carry } else { &self.buf[..self.filled] };
        self.frames.is_mid_message(received)
    }

    /// Whether a fragmented message has begun and has not ended.
    pub(crate) fn is_mid_fragments(&self) -> bool {
        self.frames.is_mid_fragments()
    }

    /// Whether bytes of data frames came in since the last call.
    pub(crate) fn take_data_seen(&mut self) -> bool {
        self.frames.take_data_seen()
    }

    /// How many messages were skipped since the last call because they are not UTF-8.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }
}

#[cfg(test)]
mod tests;
