//! When a page is handed over: by count, by bytes, by age.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::{Record, StreamPage};

/// The limits of a page. `None` is "no limit".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// Collects records into pages. Pure: it takes `now` and tells when it wants to be asked again.
#[derive(Debug)]
pub struct Pager {
    limits: PageLimits,
    records: Vec<Record>,
    bytes: usize,
    since: Option<Instant>,
}

impl Pager {
    /// An empty pager.
    pub fn new(limits: PageLimits) -> Self {
        Self { limits, records: Vec::new(), bytes: 0, since: None }
    }

    /// Adds a record that was received at `now`. Ask [`is_full`](Self::is_full) before the next.
    pub fn push(&mut self, record: Record, now: Instant) {
        if self.records.is_empty() {
            self.since = Some(now);
            // The last page's size is a good guess; a run in one page must grow as it goes.
            self.records.reserve(self.limits.records.map_or(64, |n| n.get().min(1024)));
        }
        self.bytes += record.payload.as_bytes().len();
        self.records.push(record);
    }

    /// Whether the page has reached its count or its bytes.
    pub fn is_full(&self) -> bool {
        self.limits.records.is_some_and(|n| self.records.len() >= n.get())
            || self.limits.bytes.is_some_and(|n| self.bytes >= n.get())
    }

    /// When the page is due by age. `None` while it is empty or without such a limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.since?.checked_add(self.limits.age?)
    }

    /// Whether the page is to be handed over at `now`.
    pub fn is_due(&self, now: Instant) -> bool {
        self.is_full() || self.deadline().is_some_and(|due| due <= now)
    }

    /// Hands over what was collected, if anything.
    pub fn take(&mut self) -> Option<StreamPage> {
        if self.records.is_empty() {
            return None;
        }
        self.since = None;
        let bytes = std::mem::take(&mut self.bytes);
        Some(StreamPage::with_size(std::mem::take(&mut self.records), bytes))
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
}
