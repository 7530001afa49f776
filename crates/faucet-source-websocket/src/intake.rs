//! From received messages to pages. Pure.

use std::sync::Arc;

use bytes::Bytes;
use faucet_common_websocket::{Received, Stamp, Taken};
use faucet_core::{Batch, BatchPayload, Chunk, Error, Pager, Span, StreamPage};

use crate::checked::Checked;
use crate::decode::{Decoder, Fault, rejected};
use crate::message_format::OnParseError;
use crate::outage::Outages;
use crate::stop::StopRule;

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
}

/// Takes messages into pages, and counts them.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) pager: Pager,
    pub(crate) outages: Outages,
    decoder: Decoder,
    on_parse_error: OnParseError,
    /// The redacted URL, if records are wrapped.
    envelope: Option<Arc<str>>,
    stop: StopRule,
    waiting: Waiting,
    stamp: Option<Stamp>,
    records: u64,
    skipped: u64,
    /// The run is over: a message that would fail it is skipped.
    stopping: bool,
}

impl Intake {
    pub(crate) fn new(checked: &Checked, url: &str) -> Self {
        Self {
            pager: Pager::new(checked.page),
            outages: Outages::default(),
            decoder: Decoder::new(checked.format, checked.excerpts),
            on_parse_error: checked.on_parse_error,
            envelope: checked.envelope.then(|| Arc::from(url)),
            stop: checked.stop,
            waiting: Waiting::default(),
            stamp: None,
            records: 0,
            skipped: 0,
            stopping: false,
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
    pub(crate) fn accept(&mut self, received: Received<'_>) -> Progress {
        let Received { bytes: taken, stamp, batch } = received;
        let chunk = match &taken {
            Taken::Shared(bytes) => Chunk::Shared(bytes),
            Taken::Small(bytes) => Chunk::Small(bytes),
        };
        self.stamp = Some(stamp);
        self.outages.message(stamp.timestamp);
        self.waiting.next = 0;
        self.waiting.all = match batch {
            None => self.decoder.all(bytes_of(&chunk), &self.waiting.spans),
            Some(batch) => self.decoder.all_of(&batch, &self.waiting.spans),
        };
        let progress = self.advance(chunk);
        if self.waiting.next < self.waiting.spans.len() {
            self.waiting.chunk = Some(match taken {
                Taken::Shared(bytes) => bytes,
                Taken::Small(bytes) => Bytes::copy_from_slice(bytes),
            });
        }
        progress
    }

    /// Whether messages wait that the last page had no room for.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.chunk.is_some()
    }

    /// Takes the messages that wait.
    pub(crate) fn go_on(&mut self) -> Progress {
        let Some(chunk) = self.waiting.chunk.take() else { return Progress::Going };
        let progress = self.advance(Chunk::Shared(&chunk));
        if self.waiting.next < self.waiting.spans.len() {
            self.waiting.chunk = Some(chunk);
        }
        progress
    }

    /// Takes messages until the page is full.
    fn advance(&mut self, chunk: Chunk<'_>) -> Progress {
        match self.waiting.all {
            Some(payload) => self.take_many(chunk, payload, self.waiting.spans.len()),
            None => self.take_each(chunk),
        }
    }

    /// Takes messages up to number `end` of the batch, all of which are `payload`.
    fn take_many(&mut self, chunk: Chunk<'_>, payload: BatchPayload, end: usize) -> Progress {
        let Some(Stamp { instant, timestamp }) = self.stamp else { return Progress::Going };
        let next = self.waiting.next;
        if let Some(gap) = self.outages.handed_over(timestamp) {
            self.pager.gap(gap, instant);
        }
        let wanted = self.stop.wanted(self.records).min((end - next) as u64) as usize;
        let batch = Batch {
            chunk,
            spans: &self.waiting.spans[next..next + wanted],
            payload,
            received_at: timestamp,
            envelope: self.envelope.as_ref(),
        };
        let taken = self.pager.push_batch(&batch, instant);
        self.waiting.next += taken;
        self.records += taken as u64;
        if self.waiting.all.is_some() {
            self.decoder.count(taken);
        }
        if self.stop.is_complete(self.records) {
            self.drop_waiting();
            return Progress::Complete;
        }
        Progress::Going
    }

    /// Looks at each message.
    fn take_each(&mut self, chunk: Chunk<'_>) -> Progress {
        let bytes = bytes_of(&chunk);
        while let Some(span) = self.waiting.spans.get(self.waiting.next).copied()
            && !self.pager.is_full()
        {
            let message = &bytes[span.range()];
            let fault = match self.decoder.judge(message, span.kind) {
                Ok(payload) => match self.take_many(chunk, payload, self.waiting.next + 1) {
                    Progress::Going => continue,
                    ended => return ended,
                },
                Err(fault) => fault,
            };
            self.waiting.next += 1;
            match self.on_parse_error {
                OnParseError::Fail if self.stopping => {
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
                OnParseError::Divert => self.divert(message, span, &fault),
            }
        }
        Progress::Going
    }

    fn divert(&mut self, message: &[u8], span: Span, fault: &Fault) {
        let Some(Stamp { instant, timestamp }) = self.stamp else { return };
        if let Some(gap) = self.outages.handed_over(timestamp) {
            self.pager.gap(gap, instant);
        }
        let rejected = rejected(message, span.kind, timestamp, self.envelope.as_ref(), fault);
        self.pager.reject(rejected, instant);
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
        self.waiting.next = self.waiting.spans.len();
    }

    /// All messages that wait, and those that are still accepted, go into one page, whatever its
    /// limits.
    pub(crate) fn take_all(&mut self) -> Progress {
        self.stopping = true;
        self.pager.lift_limits();
        self.go_on()
    }

    /// The next page, if there is one.
    pub(crate) fn page(&mut self) -> Option<StreamPage> {
        self.pager.take()
    }

    /// How many messages became records.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// How many messages were skipped since the last call.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }
}

fn bytes_of<'a>(chunk: &Chunk<'a>) -> &'a [u8] {
    match chunk {
        Chunk::Shared(bytes) => bytes,
        Chunk::Small(bytes) => bytes,
    }
}
