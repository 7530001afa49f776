//! The inside of a page: chunks of bytes, and the places of records in them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::stream::record::{MessageKind, PayloadKind, Record, Timestamp};

/// Where a record stands: a part of a chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) chunk: u32,
    pub(crate) kind: PayloadKind,
    pub(crate) message: Option<MessageKind>,
    /// Whether the payload is known to have no raw line break. `false` says nothing.
    pub(crate) one_line: bool,
}

impl Place {
    /// The whole of the chunk with this number.
    pub(crate) fn whole(
        chunk: &Bytes,
        number: usize,
        kind: PayloadKind,
        message: Option<MessageKind>,
    ) -> Self {
        let number = u32::try_from(number).expect("a page has less than four billion chunks");
        Self { at: 0, len: chunk.len(), chunk: number, kind, message, one_line: false }
    }

    /// The part `range` of the record, as a payload of another kind.
    pub(crate) fn part(self, range: Range<usize>, kind: PayloadKind) -> Self {
        Self { at: self.at + range.start, len: range.len(), kind, ..self }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.at..self.at + self.len
    }
}

/// What neighbouring records share, from the record `from` on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) from: usize,
    pub(crate) received_at: Timestamp,
    pub(crate) envelope: Option<Arc<str>>,
}

/// Chunks of bytes, and the places of records in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) places: Vec<Place>,
    pub(crate) runs: Vec<Run>,
    pub(crate) bytes: usize,
}

impl Records {
    pub(crate) fn reserve(&mut self, records: usize) {
        self.chunks.reserve(records);
        self.places.reserve(records);
    }

    /// Appends a record as a chunk of its own. Inlined into the loops of connectors.
    #[inline]
    pub(crate) fn push(&mut self, record: Record) {
        let Record { payload, received_at, envelope, message_kind } = record;
        let kind = payload.kind();
        let chunk = payload.into_bytes();
        self.begin_run(received_at, envelope.as_ref());
        self.bytes += chunk.len();
        self.places.push(Place::whole(&chunk, self.chunks.len(), kind, message_kind));
        self.chunks.push(chunk);
    }

    /// The number of the chunk among the page's. Neighbours in one chunk share it.
    pub(crate) fn share(&mut self, chunk: &Bytes) -> u32 {
        let same = |last: &Bytes| last.as_ptr() == chunk.as_ptr() && last.len() == chunk.len();
        if !self.chunks.last().is_some_and(same) {
            self.chunks.push(chunk.clone());
        }
        Self::number(self.chunks.len() - 1)
    }

    /// The number of a chunk as a [`Place`] has it.
    pub(crate) fn number(chunk: usize) -> u32 {
        u32::try_from(chunk).expect("a page has less than four billion chunks")
    }

    #[inline]
    pub(crate) fn begin_run(&mut self, received_at: Timestamp, envelope: Option<&Arc<str>>) {
        let same = |run: &Run| {
            run.received_at == received_at
                && match (&run.envelope, envelope) {
                    (None, None) => true,
                    (Some(one), Some(other)) => Arc::ptr_eq(one, other) || *one == *other,
                    _ => false,
                }
        };
        if !self.runs.last().is_some_and(same) {
            self.add_run(received_at, envelope.cloned());
        }
    }

    #[cold]
    fn add_run(&mut self, received_at: Timestamp, envelope: Option<Arc<str>>) {
        self.runs.push(Run { from: self.places.len(), received_at, envelope });
    }

    /// The run in which record `at` lies.
    pub(crate) fn run_of(&self, at: usize) -> usize {
        self.runs.partition_point(|run| run.from <= at).saturating_sub(1)
    }

    /// Panics when there are no such records.
    pub(crate) fn assert_has(&self, range: &Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.places.len(), "no such records");
    }

    /// The places of some of the records, by run. Panics when there are no such records.
    pub(crate) fn runs_in(&self, range: Range<usize>) -> impl Iterator<Item = (&Run, &[Place])> {
        self.assert_has(&range);
        let runs = self.runs.get(self.run_of(range.start)..).unwrap_or_default();
        let part = move |(n, run): (usize, &Run)| {
            let next = runs.get(n + 1).map_or(range.end, |next| next.from);
            run.from.max(range.start)..next.min(range.end)
        };
        runs.iter()
            .enumerate()
            .map(move |(n, run)| (run, self.places.get(part((n, run))).unwrap_or_default()))
            .take_while(|(_, places)| !places.is_empty())
    }

    /// Whether each record is the whole of a chunk that no other record uses.
    pub(crate) fn is_one_to_one(&self) -> bool {
        self.chunks.len() == self.places.len()
            && self
                .places
                .iter()
                .enumerate()
                .all(|(n, place)| place.chunk as usize == n && place.len == self.chunks[n].len())
    }

    /// The records, whose chunks become their payloads.
    pub(crate) fn into_owned(self) -> Vec<Record> {
        let Self { chunks, places, runs, .. } = self;
        let mut runs = runs.into_iter().peekable();
        let mut run = runs.next();
        let mut records = Vec::with_capacity(places.len());
        for (n, (chunk, place)) in chunks.into_iter().zip(places).enumerate() {
            if runs.peek().is_some_and(|next| next.from <= n) {
                run = runs.next();
            }
            let Some(run) = &run else { break };
            records.push(Record {
                payload: place.kind.of(chunk),
                received_at: run.received_at,
                envelope: run.envelope.clone(),
                message_kind: place.message,
            });
        }
        records
    }

    /// Keeps the records whose flag is set.
    pub(crate) fn retain(&mut self, kept: &[bool]) {
        let (places, runs) = (std::mem::take(&mut self.places), std::mem::take(&mut self.runs));
        self.bytes = 0;
        let mut run = 0;
        for (n, place) in places.into_iter().enumerate().filter(|(n, _)| kept[*n]) {
            while runs.get(run + 1).is_some_and(|next| next.from <= n) {
                run += 1;
            }
            self.begin_run(runs[run].received_at, runs[run].envelope.as_ref());
            self.bytes += place.len;
            self.places.push(place);
        }
        self.drop_unused_chunks();
    }

    /// Splits off the records from `at` on.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        let run = self.run_of(at);
        let places = self.places.split_off(at);
        let mut runs: Vec<Run> = self.runs[run.min(self.runs.len())..].to_vec();
        runs.iter_mut().for_each(|run| run.from = run.from.saturating_sub(at));
        self.runs.retain(|run| run.from < at);
        let bytes = places.iter().map(|place| place.len).sum();
        self.bytes -= bytes;
        let mut rest = Self { chunks: self.chunks.clone(), places, runs, bytes };
        self.drop_unused_chunks();
        rest.drop_unused_chunks();
        rest
    }

    /// Copies all payloads into one chunk.
    pub(crate) fn compact(&mut self) {
        let mut chunk = Vec::with_capacity(self.bytes);
        for place in &mut self.places {
            let at = chunk.len();
            chunk.extend_from_slice(&self.chunks[place.chunk as usize][place.range()]);
            (place.at, place.chunk) = (at, 0);
        }
        self.chunks = vec![chunk.into()];
    }

    /// Lets go of the chunks that no record uses.
    fn drop_unused_chunks(&mut self) {
        let mut used = vec![false; self.chunks.len()];
        self.places.iter().for_each(|place| used[place.chunk as usize] = true);
        let mut numbers = Vec::with_capacity(used.len());
        let mut next = 0;
        for used in &used {
            numbers.push(next);
            next += u32::from(*used);
        }
        self.places.iter_mut().for_each(|place| place.chunk = numbers[place.chunk as usize]);
        let mut used = used.into_iter();
        self.chunks.retain(|_| used.next().unwrap_or(false));
    }
}
