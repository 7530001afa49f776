//! When a page is handed over: by count, by bytes, by age.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::stream::batch::Batch;
use crate::stream::builder::PageBuilder;
use crate::stream::gap::Gap;
use crate::stream::page::StreamPage;
use crate::stream::record::Record;
use crate::stream::rejected::Rejected;
use crate::stream::span::Span;

/// The limits of a page. `None` is "no limit".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageLimits {
    /// Records in a page.
    pub records: Option<NonZeroUsize>,
    /// Bytes of payload in a page; the record that reaches it is the page's last.
    pub bytes: Option<NonZeroUsize>,
    /// The age of a page's first record at which the page is handed over though it is not full.
    pub age: Option<Duration>,
}

impl PageLimits {
    /// The whole run in one page.
    pub const ONE_PAGE: Self = Self { records: None, bytes: None, age: None };

    /// Pages of at most so many records; `None` is no limit.
    pub const fn records(records: Option<NonZeroUsize>) -> Self {
        Self { records, ..Self::ONE_PAGE }
    }

    /// The same limits, and at most so many bytes of payload (and one record more).
    #[must_use]
    pub const fn with_bytes(self, bytes: Option<NonZeroUsize>) -> Self {
        Self { bytes, ..self }
    }

    /// The same limits, and an age at which a page is handed over though it is not full.
    #[must_use]
    pub const fn with_age(self, age: Option<Duration>) -> Self {
        Self { age, ..self }
    }
}

/// Collects records into pages. Pure: it takes `now` and tells when it wants to be asked again.
#[derive(Debug)]
pub struct Pager {
    limits: PageLimits,
    builder: PageBuilder,
    /// Gaps before the first record of the builder.
    gaps: Vec<Gap>,
    rejected: Vec<Rejected>,
    rejected_bytes: usize,
    since: Option<Instant>,
    /// Pages that a gap has ended.
    ready: VecDeque<StreamPage>,
}

impl Pager {
    /// An empty pager.
    pub fn new(limits: PageLimits) -> Self {
        Self {
            limits,
            builder: PageBuilder::new(),
            gaps: Vec::new(),
            rejected: Vec::new(),
            rejected_bytes: 0,
            since: None,
            ready: VecDeque::new(),
        }
    }

    /// Adds a record that was received at `now`. Ask [`is_full`](Self::is_full) before the next.
    #[inline]
    pub fn push(&mut self, record: Record, now: Instant) {
        if self.builder.is_empty() {
            self.since.get_or_insert(now);
            // The last page's size is a good guess; a run in one page must grow as it goes.
            self.builder.reserve(self.limits.records.map_or(64, |n| n.get().min(1024)));
        }
        self.builder.push(record);
    }

    /// Adds messages of a batch that was received at `now`, until the page is full. Returns how many
    /// were added: push the others again when the page has been taken, with the same chunk.
    pub fn push_batch(&mut self, batch: &Batch<'_>, now: Instant) -> usize {
        let taken = self.room_for(batch.spans);
        if taken > 0 {
            self.since.get_or_insert(now);
            self.builder.push_batch(&Batch { spans: &batch.spans[..taken], ..*batch });
        }
        taken
    }

    /// How many of the messages the page takes before it is full.
    fn room_for(&self, spans: &[Span]) -> usize {
        if self.is_in_hand_full() {
            return 0;
        }
        let mut room = spans.len();
        if let Some(most) = self.limits.records {
            room = room.min(most.get() - self.builder.len() - self.rejected.len());
        }
        if let Some(most) = self.limits.bytes {
            let mut left = most.get() - self.builder.payload_bytes() - self.rejected_bytes;
            // The payloads together are smaller than the part of the chunk that they lie in.
            let (first, last) = (spans.first(), spans.last());
            let all =
                first.zip(last).map_or(0, |(first, last)| last.range().end - first.range().start);
            if all < left {
                return room;
            }
            let reaches_limit = |span: &Span| {
                left = left.saturating_sub(span.len as usize);
                left == 0
            };
            room = room.min(spans.iter().position(reaches_limit).map_or(room, |last| last + 1));
        }
        room
    }

    /// From now on the page in hand takes everything.
    pub fn lift_limits(&mut self) {
        self.limits = PageLimits::ONE_PAGE;
    }

    /// Adds a message that could not become a record, and that the pipeline has a place for.
    pub fn reject(&mut self, rejected: Rejected, now: Instant) {
        self.since.get_or_insert(now);
        self.rejected_bytes += rejected.record.payload().as_bytes().len();
        self.rejected.push(rejected);
    }

    /// Says that something is missing before the next record. The page in hand ends here.
    pub fn gap(&mut self, gap: Gap, now: Instant) {
        if !self.builder.is_empty() || !self.rejected.is_empty() {
            let page = self.page();
            self.ready.push_back(page);
        }
        self.since.get_or_insert(now);
        self.gaps.push(gap);
    }

    /// Whether the page has reached its count or its bytes, or was ended by a gap.
    pub fn is_full(&self) -> bool {
        !self.ready.is_empty() || self.is_in_hand_full()
    }

    /// Whether the page in hand has reached its count or its bytes.
    fn is_in_hand_full(&self) -> bool {
        let records = self.builder.len() + self.rejected.len();
        let bytes = self.builder.payload_bytes() + self.rejected_bytes;
        self.limits.records.is_some_and(|n| records >= n.get())
            || self.limits.bytes.is_some_and(|n| bytes >= n.get())
    }

    /// How many pages a gap has ended that were not taken yet. The page in hand follows them.
    pub fn finished(&self) -> usize {
        self.ready.len()
    }

    /// Bytes of payload in the pages that were not taken yet.
    pub fn payload_bytes(&self) -> usize {
        let ready: usize = self.ready.iter().map(StreamPage::payload_bytes).sum();
        ready + self.builder.payload_bytes()
    }

    /// Whether no page can be taken.
    pub fn is_empty(&self) -> bool {
        self.since.is_none() && self.ready.is_empty()
    }

    /// When the page is due by age. `None` while it is empty or without such a limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.since?.checked_add(self.limits.age?)
    }

    /// Whether the page is to be handed over at `now`.
    pub fn is_due(&self, now: Instant) -> bool {
        self.is_full() || self.deadline().is_some_and(|due| due <= now)
    }

    /// Hands over the oldest page, if there is one.
    pub fn take(&mut self) -> Option<StreamPage> {
        if let Some(page) = self.ready.pop_front() {
            return Some(page);
        }
        // `since` is set exactly while something is collected.
        self.since.is_some().then(|| self.page())
    }

    fn page(&mut self) -> StreamPage {
        self.since = None;
        self.rejected_bytes = 0;
        let mut page = self.builder.take().with_rejected(std::mem::take(&mut self.rejected));
        page.prepend_gaps(std::mem::take(&mut self.gaps));
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Payload, Timestamp};

    fn record(bytes: usize) -> Record {
        Record::new(Payload::Binary(vec![0; bytes].into()), Timestamp::from_unix_millis(0))
    }

    fn limits(records: usize, bytes: usize, age_ms: u64) -> PageLimits {
        PageLimits {
            records: NonZeroUsize::new(records),
            bytes: NonZeroUsize::new(bytes),
            age: (age_ms > 0).then(|| Duration::from_millis(age_ms)),
        }
    }

    #[test]
    fn a_page_is_due_by_count_bytes_or_age() {
        let t0 = Instant::now();
        let ms = Duration::from_millis;
        // limits, sizes of the records pushed at t0, asked at, due?
        for (limits, sizes, at, due) in [
            (limits(3, 0, 0), vec![1, 1], ms(9999), false),
            (limits(3, 0, 0), vec![1, 1, 1], ms(0), true),
            (limits(0, 10, 0), vec![4, 5], ms(9999), false),
            (limits(0, 10, 0), vec![4, 6], ms(0), true),
            (limits(0, 10, 0), vec![50], ms(0), true),
            (limits(9, 9, 100), vec![1], ms(99), false),
            (limits(9, 9, 100), vec![1], ms(100), true),
            (limits(9, 9, 100), vec![], ms(500), false),
            (PageLimits::ONE_PAGE, vec![1; 5000], ms(1 << 40), false),
        ] {
            let mut pager = Pager::new(limits);
            for size in &sizes {
                pager.push(record(*size), t0);
            }
            assert_eq!(pager.is_due(t0 + at), due, "{limits:?} {} records at {at:?}", sizes.len());
        }
    }

    #[test]
    fn rejected_messages_count_towards_both_limits() {
        let t0 = Instant::now();
        for (limits, full) in [
            (limits(2, 0, 0), 2),
            (limits(0, 10, 0), 3),
            (limits(9, 9, 0), 3),
            (limits(9, 8, 0), 2),
        ] {
            let mut pager = Pager::new(limits);
            for round in 0..2 {
                for n in 1..=full {
                    assert!(!pager.is_full(), "{limits:?} {round} {n}");
                    pager.reject(Rejected::new(record(4), "no"), t0);
                }
                assert!(pager.is_full(), "{limits:?}");
                assert_eq!(pager.take().map(|mut page| page.take_rejected().len()), Some(full));
            }
        }
    }

    #[test]
    fn the_age_counts_from_a_pages_first_record() {
        let t0 = Instant::now();
        let mut pager = Pager::new(limits(10, 0, 100));
        assert_eq!(pager.deadline(), None);
        pager.push(record(1), t0);
        pager.push(record(2), t0 + Duration::from_millis(90));
        assert_eq!(pager.deadline(), Some(t0 + Duration::from_millis(100)));
        let page = pager.take().unwrap();
        assert_eq!((page.len(), page.payload_bytes()), (2, 3));
        assert_eq!((pager.deadline(), pager.take().is_none()), (None, true));
    }

    #[test]
    fn a_gap_ends_the_page_and_stands_before_the_next_record() {
        let t0 = Instant::now();
        let mut pager = Pager::new(limits(10, 0, 100));
        let gap = Gap::new(crate::GapReason::Outage).with_attempts(1);
        pager.push(record(1), t0);
        assert!(!pager.is_full());
        pager.gap(gap.clone(), t0);
        pager.push(record(2), t0);
        assert!(pager.is_full());
        let first = pager.take().unwrap();
        assert_eq!((first.len(), first.gaps().len()), (1, 0));
        assert!(!pager.is_full() && pager.deadline().is_some());
        let second = pager.take().unwrap();
        assert_eq!((second.len(), second.gaps()), (1, [gap.clone()].as_slice()));
        pager.gap(gap, t0);
        assert!(pager.take().unwrap().is_empty() && pager.take().is_none());
    }
}
