//! The messages of a batch in which one was compressed.

use std::sync::Arc;

use faucet_core::{MessageKind, Span};

use crate::machine::deflate::{Direction, Inflater, Refused};
use crate::machine::pool::Pool;
use crate::machine::taken::{SPARSE, Taken};
use crate::machine::violation::Violation;

/// The byte in front of each message.
const GAP: u8 = b'\n';

/// The messages of a batch in which one was compressed: inflated, or copied where they were not
/// compressed, so that all are in one buffer and in order. It reads as lines, like the buffer that the
/// frames came in.
#[derive(Debug)]
pub(crate) struct Inflated {
    inflater: Inflater,
    pool: Arc<Pool>,
    max_message_bytes: u64,
    /// Empty while no batch is here.
    buf: Vec<u8>,
    end: usize,
}

impl Inflated {
    pub(crate) fn new(inbound: Direction, max_message_bytes: u64, pool: Arc<Pool>) -> Self {
        Self { inflater: Inflater::new(inbound), pool, max_message_bytes, buf: Vec::new(), end: 0 }
    }

    /// Whether the messages of the batch are here.
    pub(crate) fn holds_batch(&self) -> bool {
        self.end > 0
    }

    /// Whether the batch is large enough. A message has half of the buffer before the buffer must grow
    /// for it.
    pub(crate) fn is_full(&self) -> bool {
        self.end > self.buf.len() / 2
    }

    /// Copies messages that were not compressed.
    pub(crate) fn copy(&mut self, from: &[u8], spans: &mut [Span]) {
        let size: usize = spans.iter().map(|span| 1 + span.len as usize).sum();
        self.make_room(size);
        for span in spans {
            self.buf[self.end] = GAP;
            let start = self.end + 1;
            self.end = start + span.len as usize;
            self.buf[start..self.end].copy_from_slice(&from[span.range()]);
            span.at = start as u32;
        }
    }

    /// Inflates a message.
    ///
    /// # Errors
    /// The message is larger than the limit, or its payload is corrupt. The batch stays.
    pub(crate) fn inflate(&mut self, payload: &[u8], kind: MessageKind) -> Result<Span, Violation> {
        self.make_room(1);
        self.buf[self.end] = GAP;
        let start = self.end + 1;
        let max = self.max_message_bytes;
        match self.inflater.inflate(payload, &mut self.buf, start, max as usize) {
            Ok(end) => {
                self.end = end;
                Ok(Span { at: start as u32, len: (end - start) as u32, kind })
            }
            Err(Refused::TooLarge) => Err(Violation::InflatesTooLarge { max }),
            Err(Refused::Corrupt) => Err(Violation::Corrupt),
        }
    }

    fn make_room(&mut self, size: usize) {
        if self.buf.is_empty() {
            self.buf = self.pool.take();
        }
        if self.buf.len() - self.end < size {
            self.buf.resize(self.end + size, 0);
        }
    }

    /// The bytes of the batch.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.buf[..self.end]
    }

    /// Takes the batch.
    pub(crate) fn take(&mut self) -> Taken<'_> {
        let end = std::mem::take(&mut self.end);
        if end < self.buf.len() / SPARSE {
            return Taken::Small(&self.buf[..end]);
        }
        Taken::Shared(self.pool.share(std::mem::take(&mut self.buf)))
    }

    /// Drops the batch, and a buffer that has grown for it.
    pub(crate) fn discard(&mut self) {
        if self.end > 0 {
            self.end = 0;
            self.pool.put(std::mem::take(&mut self.buf));
        }
    }

    /// Nothing is there to read: keeps only what later messages may refer to.
    pub(crate) fn rest(&mut self) {
        self.inflater.rest();
        if self.end == 0 && !self.buf.is_empty() {
            self.pool.put(std::mem::take(&mut self.buf));
        }
    }
}
