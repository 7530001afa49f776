//! From received messages to pages. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use faucet_common_websocket::session::script::Undecoded;
use faucet_common_websocket::session::{self, keys::OnGap};
use faucet_common_websocket::{Quote, Received, Stamp, Taken};
use faucet_core::{Batch, BatchPayload, Chunk, Error, ErrorKind, Gap, GapReason, Span, Timestamp};

use crate::checked::Checked;
use crate::continuity::Continuity;
use crate::decode::{Decoder, Fault, rejected};
use crate::message_format::OnParseError;
use crate::outage::Outages;
use crate::pages::Pages;

/// A batch that follows the one that waits.
#[derive(Debug)]
struct Queued {
    bytes: Bytes,
    spans: Vec<Span>,
    stamp: Stamp,
    batch: Option<session::script::Batch>,
}

/// Messages that were received and are not in a page yet.
#[derive(Debug, Default)]
struct Waiting {
    /// The memory of the places is used again for each batch.
    spans: Vec<Span>,
    next: usize,
    /// The bytes, once a page was full before all messages were taken.
    chunk: Option<Bytes>,
    /// The payload that all of the messages are taken as, if none needs a look of its own.
    all: Option<BatchPayload>,
    /// The messages that a decoder could not read, in order.
    undecoded: VecDeque<Undecoded>,
    /// Batches behind this one.
    queue: VecDeque<Queued>,
}

/// How far a batch got.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Everything is in pages, or the page is full.
    Going,
    /// The run has all records that it wants.
    Complete,
    /// A message ends the run.
    Failed(Error),
    /// Messages are missing, and the connection is to be left for that.
    Hole,
}

/// Takes messages into pages, and counts them.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) outages: Outages,
    /// Where the configuration asks for one.
    pub(crate) continuity: Option<Box<Continuity>>,
    decoder: Decoder,
    on_parse_error: OnParseError,
    /// The redacted URL, if records are wrapped.
    envelope: Option<Arc<str>>,
    waiting: Waiting,
    stamp: Option<Stamp>,
    skipped: u64,
    dropped: u64,
    /// A hole was passed for which the connection is to be left.
    hole: bool,
}

impl Intake {
    pub(crate) fn new(checked: &Checked, url: &str) -> Self {
        Self {
            outages: Outages::default(),
            continuity: None,
            decoder: Decoder::new(checked.format, checked.excerpts),
            on_parse_error: checked.on_parse_error,
            envelope: checked.envelope.then(|| Arc::from(url)),
            waiting: Waiting::default(),
            stamp: None,
            skipped: 0,
            dropped: 0,
            hole: false,
        }
    }

    /// Records are wrapped with this URL from now on, if they are.
    pub(crate) fn set_url(&mut self, url: &str) {
        if self.envelope.as_deref().is_some_and(|before| before != url) {
            self.envelope = Some(url.into());
        }
    }

    /// The places of the next batch go here.
    pub(crate) fn spans(&mut self) -> &mut Vec<Span> {
        &mut self.waiting.spans
    }

    /// Takes a batch, whose places are in [`spans`](Self::spans).
    pub(crate) fn accept(&mut self, pages: &mut Pages, received: Received<'_>) -> Progress {
        let Received { bytes: taken, stamp, mut batch } = received;
        let chunk = match &taken {
            Taken::Shared(bytes) => Chunk::Shared(bytes),
            Taken::Small(bytes) => Chunk::Small(bytes),
        };
        self.stamp = Some(stamp);
        self.outages.message(stamp.timestamp);
        self.waiting.next = 0;
        if let (Some(continuity), Some(batch)) = (&mut self.continuity, &mut batch) {
            continuity.begin(std::mem::take(&mut batch.marks));
        }
        self.waiting.all = match batch {
            None => self.decoder.all(bytes_of(&chunk), &self.waiting.spans),
            Some(batch) => {
                let all = self.decoder.all_of(&batch, &self.waiting.spans);
                self.waiting.undecoded = batch.undecoded.into();
                all.filter(|_| self.waiting.undecoded.is_empty())
            }
        };
        let progress = self.advance(pages, chunk);
        if self.waiting.next < self.waiting.spans.len() {
            self.waiting.chunk = Some(match taken {
                Taken::Shared(bytes) => bytes,
                Taken::Small(bytes) => Bytes::copy_from_slice(bytes),
            });
        }
        progress
    }

    /// Puts a batch, whose places are in [`spans`](Self::spans), behind those that wait.
    pub(crate) fn queue(&mut self, received: Received<'_>) {
        let Received { bytes, stamp, batch } = received;
        let bytes = match bytes {
            Taken::Shared(bytes) => bytes,
            Taken::Small(bytes) => Bytes::copy_from_slice(bytes),
        };
        let spans = std::mem::take(&mut self.waiting.spans);
        self.waiting.next = 0;
        self.waiting.queue.push_back(Queued { bytes, spans, stamp, batch });
    }

    /// Whether messages wait that the last page had no room for.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.chunk.is_some() || !self.waiting.queue.is_empty()
    }

    /// Takes the messages that wait.
    pub(crate) fn go_on(&mut self, pages: &mut Pages) -> Progress {
        if self.waiting.chunk.is_none()
            && let Some(Queued { bytes, spans, stamp, batch }) = self.waiting.queue.pop_front()
        {
            self.waiting.spans = spans;
            return self.accept(pages, Received { bytes: Taken::Shared(bytes), stamp, batch });
        }
        let Some(chunk) = self.waiting.chunk.take() else { return Progress::Going };
        let progress = self.advance(pages, Chunk::Shared(&chunk));
        if self.waiting.next < self.waiting.spans.len() {
            self.waiting.chunk = Some(chunk);
        }
        progress
    }

    /// Takes messages until the page is full.
    fn advance(&mut self, pages: &mut Pages, chunk: Chunk<'_>) -> Progress {
        if self.continuity.is_some() {
            return self.advance_by_marks(pages, chunk);
        }
        match self.waiting.all {
            Some(payload) => self.take_many(pages, chunk, payload, self.waiting.spans.len()),
            None => self.take_each(pages, chunk, self.waiting.spans.len()),
        }
    }

    /// Takes messages up to each mark, passes the mark, and goes on.
    fn advance_by_marks(&mut self, pages: &mut Pages, chunk: Chunk<'_>) -> Progress {
        loop {
            let next = self.waiting.next;
            let passed = self.continuity.as_mut().map_or(Ok(()), |talk| talk.pass(next));
            match passed {
                Ok(()) => {}
                Err(OnGap::Fail) => return Progress::Failed(hole()),
                Err(_) => self.hole = true,
            }
            let len = self.waiting.spans.len();
            if pages.stopping && self.is_hole_ahead() && !pages.pager.is_empty() {
                // The last page cannot have a gap in its middle.
                self.dropped += (len - next) as u64;
                self.drop_waiting();
                return Progress::Going;
            }
            if next >= len || pages.pager.is_full() {
                return if std::mem::take(&mut self.hole) {
                    Progress::Hole
                } else {
                    Progress::Going
                };
            }
            let mark = self.continuity.as_ref().and_then(|talk| talk.next_mark());
            let mut end = mark.map_or(len, |mark| mark.clamp(next + 1, len));
            if self.continuity.as_ref().is_some_and(|talk| talk.repeats.is_some()) {
                end = next + 1;
                let message = &bytes_of(&chunk)[self.waiting.spans[next].range()];
                if self.is_repeat(message) {
                    self.waiting.next += 1;
                    continue;
                }
            }
            let progress = match self.waiting.all {
                Some(payload) => self.take_many(pages, chunk, payload, end),
                None => self.take_each(pages, chunk, end),
            };
            if !matches!(progress, Progress::Going) {
                return progress;
            }
        }
    }

    /// Whether messages are missing before the next record.
    fn is_hole_ahead(&self) -> bool {
        self.continuity.as_ref().is_some_and(|talk| talk.is_hole_ahead())
    }

    fn is_repeat(&mut self, message: &[u8]) -> bool {
        let is_json = match self.waiting.all {
            Some(payload) => matches!(payload, BatchPayload::Json | BatchPayload::JudgedJson),
            None => faucet_core::json::check(message).is_ok(),
        };
        self.continuity.as_mut().is_some_and(|talk| talk.is_repeat(message, is_json))
    }

    /// The next record, or the next rejected message, goes into the page in hand.
    fn begin_page(&mut self, pages: &Pages) {
        if let Some(continuity) = &mut self.continuity {
            continuity.begin_page(pages.in_hand(), pages.next());
        }
    }

    /// The gap that stands before the next record, if one does.
    fn gap(&mut self, at: Timestamp) -> Option<Gap> {
        let before = self.continuity.as_mut().map(|talk| talk.take_before()).unwrap_or_default();
        let last = self.outages.last_message();
        let outage = self.outages.handed_over(at);
        match (outage, before.missing) {
            (Some(outage), Some(Some(missing))) => Some(outage.with_missing(missing)),
            (Some(outage), _) => Some(outage),
            (None, None | Some(Some(0))) => None,
            (None, Some(missing)) => {
                let gap = Gap::new(GapReason::Sequence).between(last.unwrap_or(at), at);
                Some(match missing {
                    Some(missing) => gap.with_missing(missing),
                    None => gap,
                })
            }
        }
    }

    /// Takes messages up to number `end` of the batch, all of which are `payload`.
    fn take_many(
        &mut self,
        pages: &mut Pages,
        chunk: Chunk<'_>,
        payload: BatchPayload,
        end: usize,
    ) -> Progress {
        let Some(Stamp { instant, timestamp }) = self.stamp else { return Progress::Going };
        let next = self.waiting.next;
        if let Some(gap) = self.gap(timestamp) {
            pages.pager.gap(gap, instant);
        }
        self.begin_page(pages);
        let wanted = pages.stop.wanted(pages.records).min((end - next) as u64) as usize;
        let batch = Batch {
            chunk,
            spans: &self.waiting.spans[next..next + wanted],
            payload,
            received_at: timestamp,
            envelope: self.envelope.as_ref(),
        };
        let taken = pages.pager.push_batch(&batch, instant);
        self.waiting.next += taken;
        pages.records += taken as u64;
        if let Some(continuity) = &mut self.continuity {
            continuity.handed_over(taken);
        }
        if self.waiting.all.is_some() {
            self.decoder.count(taken);
        }
        if pages.stop.is_complete(pages.records) {
            // The position stands behind the last record, and no further.
            if let Some(continuity) = &mut self.continuity {
                let _ = continuity.pass(self.waiting.next);
            }
            self.drop_waiting();
            return Progress::Complete;
        }
        Progress::Going
    }

    /// Looks at each message.
    fn take_each(&mut self, pages: &mut Pages, chunk: Chunk<'_>, end: usize) -> Progress {
        let bytes = bytes_of(&chunk);
        while let Some(span) = self.waiting.spans[..end].get(self.waiting.next).copied()
            && !pages.pager.is_full()
        {
            let message = &bytes[span.range()];
            let judged = match self.undecoded() {
                Some(why) => Err(self.decoder.undecoded(why)),
                None => self.decoder.judge(message, span.kind),
            };
            let fault = match judged {
                Ok(payload) => match self.take_many(pages, chunk, payload, self.waiting.next + 1) {
                    Progress::Going => continue,
                    ended => return ended,
                },
                Err(fault) => fault,
            };
            self.waiting.next += 1;
            match self.on_parse_error {
                OnParseError::Fail if pages.stopping => {
                    tracing::warn!("{fault}; dropped while stopping");
                    self.skipped += 1;
                }
                OnParseError::Fail => {
                    self.drop_waiting();
                    return Progress::Failed(fault.into_error());
                }
                OnParseError::Skip => {
                    tracing::debug!("{fault}; skipped");
                    self.skipped += 1;
                }
                OnParseError::Divert => self.divert(pages, message, span, &fault),
            }
        }
        Progress::Going
    }

    /// Why the next message is not decoded, if a decoder could not read it.
    fn undecoded(&mut self) -> Option<Quote> {
        let undecoded = &mut self.waiting.undecoded;
        // `dedup` may have left out an undecoded message before this one.
        while undecoded.front().is_some_and(|one| one.at < self.waiting.next) {
            undecoded.pop_front();
        }
        let is_next = undecoded.front().is_some_and(|one| one.at == self.waiting.next);
        if is_next { undecoded.pop_front().map(|one| one.why) } else { None }
    }

    fn divert(&mut self, pages: &mut Pages, message: &[u8], span: Span, fault: &Fault) {
        let Some(Stamp { instant, timestamp }) = self.stamp else { return };
        if let Some(gap) = self.gap(timestamp) {
            pages.pager.gap(gap, instant);
        }
        self.begin_page(pages);
        let rejected = rejected(message, span.kind, timestamp, self.envelope.as_ref(), fault);
        pages.pager.reject(rejected, instant);
    }

    /// Drops a batch whose places are in [`spans`](Self::spans). Returns how many messages it has.
    pub(crate) fn drop_batch(&mut self) -> u64 {
        let dropped = self.waiting.spans.len() as u64;
        self.drop_waiting();
        dropped
    }

    /// Drops the messages that wait.
    fn drop_waiting(&mut self) {
        self.waiting.chunk = None;
        self.waiting.queue.clear();
        self.waiting.next = self.waiting.spans.len();
    }

    /// How many messages were skipped since the last call.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }

    /// How many messages were dropped behind a hole while the run stops, since the last call.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

/// The error of a hole that ends the run.
fn hole() -> Error {
    Error::new(ErrorKind::Protocol, "messages are missing: their numbers jump (sequence)")
        .with_phase("read")
        .with_hint("sequence.on_gap: report goes on, and reports the hole")
}

fn bytes_of<'a>(chunk: &Chunk<'a>) -> &'a [u8] {
    match chunk {
        Chunk::Shared(bytes) => bytes,
        Chunk::Small(bytes) => bytes,
    }
}
