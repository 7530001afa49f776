//! The policy of a buffer: what waits, what is dropped, what is merged. Pure.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use faucet_core::select::Pointer;
use faucet_core::{Gap, GapReason, Record, StreamPage};

use crate::graph::buffer::{Buffer, WhenFull};

/// The most pages beyond a conflating buffer's own that marks may cut it into.
const MOST_SEGMENTS: usize = 2;

/// What flows between two components. Authors of connectors never see it.
#[derive(Debug)]
pub(crate) enum Envelope {
    /// Records and marks.
    Page(StreamPage),
    /// Everything before it belongs to this epoch.
    Barrier(u64),
    /// Nothing follows. `stopped`: the input could go on in a later run.
    End { stopped: bool },
}

/// The pages that wait in front of a component.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: VecDeque<Envelope>,
    pages: usize,
    records: usize,
    bytes: usize,
    /// Gaps of dropped pages. The next page carries them.
    gaps: Vec<Gap>,
    /// `conflate`: where each key stands in the page that waits last.
    keys: HashMap<Bytes, usize>,
    /// The component in front of which the pages wait. It is the one that loses what is dropped.
    owner: Arc<str>,
}

/// What became of a page that was put into a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Put {
    /// Records that were dropped, the page's own or older ones.
    pub(crate) dropped: u64,
    /// The queue was full before.
    pub(crate) was_full: bool,
}

impl Queue {
    pub(crate) fn new(owner: Arc<str>) -> Self {
        Self { owner, ..Self::default() }
    }

    pub(crate) fn is_full(&self, buffer: &Buffer) -> bool {
        self.pages >= buffer.pages || self.bytes >= buffer.bytes
    }

    /// The records that wait.
    pub(crate) fn records(&self) -> usize {
        self.records
    }

    /// Puts a page behind the others, as `buffer` says. A blocking buffer takes it also when it is
    /// full: the producer has to ask before.
    pub(crate) fn put(&mut self, page: StreamPage, buffer: &Buffer) -> Put {
        let was_full = self.is_full(buffer);
        let dropped = match &buffer.when_full {
            WhenFull::DropNewest if was_full => self.drop_newest(page),
            WhenFull::DropOldest if was_full => {
                let dropped = self.drop_oldest();
                self.push(page);
                dropped
            }
            WhenFull::Conflate { key } if was_full => self.conflate(page, key, buffer.pages),
            _ => {
                self.push(page);
                0
            }
        };
        Put { dropped, was_full }
    }

    fn push(&mut self, mut page: StreamPage) {
        page.prepend_gaps(std::mem::take(&mut self.gaps));
        self.keys.clear();
        self.pages += 1;
        self.records += page.len();
        self.bytes += page.payload_bytes();
        self.items.push_back(Envelope::Page(page));
    }

    /// Puts a signal behind the pages. Signals take no room: at most one of each waits.
    pub(crate) fn signal(&mut self, signal: Envelope) {
        if !self.gaps.is_empty() {
            self.push(StreamPage::default());
        }
        self.items.push_back(signal);
        self.keys.clear();
    }

    /// What has waited longest.
    pub(crate) fn take(&mut self) -> Option<Envelope> {
        let envelope = self.items.pop_front()?;
        if let Envelope::Page(page) = &envelope {
            self.took(page);
            if self.pages == 0 {
                self.keys.clear();
            }
        }
        Some(envelope)
    }

    /// Throws everything away and returns how many records that were.
    pub(crate) fn clear(&mut self) -> usize {
        let records = self.records;
        *self = Self::new(Arc::clone(&self.owner));
        records
    }

    fn took(&mut self, page: &StreamPage) {
        self.pages -= 1;
        self.records -= page.len();
        self.bytes -= page.payload_bytes();
    }

    fn drop_newest(&mut self, page: StreamPage) -> u64 {
        self.gaps.extend(page.gaps().iter().cloned());
        self.gaps.extend(gap_of(&page, &self.owner));
        let mut joined = StreamPage::default();
        joined.prepend_gaps(std::mem::take(&mut self.gaps));
        self.gaps = joined.take_marks().0;
        page.len() as u64
    }

    /// Drops the page that has waited longest. Its marks and its own gap stand before the next page.
    /// Barriers stay where they are.
    fn drop_oldest(&mut self) -> u64 {
        let oldest = self.items.iter().position(|item| matches!(item, Envelope::Page(_)));
        let Some(Envelope::Page(mut page)) = oldest.and_then(|at| self.items.remove(at)) else {
            return 0;
        };
        self.took(&page);
        let dropped = page.len() as u64;
        let gap = gap_of(&page, &self.owner);
        let (mut gaps, watermark) = page.take_marks();
        gaps.extend(gap);
        let next = self.items.iter_mut().find_map(|item| match item {
            Envelope::Page(page) => Some(page),
            _ => None,
        });
        match next {
            Some(next) => {
                next.prepend_gaps(gaps);
                if let (None, Some(at)) = (next.watermark(), watermark) {
                    *next = std::mem::take(next).with_watermark(at);
                }
            }
            None => {
                gaps.append(&mut self.gaps);
                self.gaps = gaps;
            }
        }
        dropped
    }

    /// Merges a page into the one that waits last: of each key the newest record stays, where the
    /// oldest stood. Never across a gap, which the older record would seem to stand behind, or a
    /// barrier, before which the state has counted it.
    fn conflate(&mut self, mut page: StreamPage, key: &Pointer, pages: usize) -> u64 {
        let mergeable =
            page.gaps().is_empty() && matches!(self.items.back(), Some(Envelope::Page(_)));
        if !mergeable {
            // Marks cut the buffer into segments, and those need a bound of their own.
            let dropped = if self.pages > pages + MOST_SEGMENTS { self.drop_oldest() } else { 0 };
            self.push(page);
            return dropped;
        }
        let Some(Envelope::Page(mut last)) = self.items.pop_back() else { return 0 };
        self.took(&last);
        let (gaps, older) = last.take_marks();
        let watermark = page.take_marks().1.or(older);
        let mut merged = Merged { key, records: Vec::new(), keys: HashMap::new(), dropped: 0 };
        match self.keys.is_empty() {
            // The page that waits may itself have a key twice.
            true => last.into_records().into_iter().for_each(|record| merged.add(record)),
            false => {
                merged.keys = std::mem::take(&mut self.keys);
                merged.records = last.into_records();
            }
        }
        page.into_records().into_iter().for_each(|record| merged.add(record));
        let Merged { records, keys, dropped, .. } = merged;
        let mut page = StreamPage::new(records);
        page.prepend_gaps(gaps);
        self.push(match watermark {
            Some(at) => page.with_watermark(at),
            None => page,
        });
        self.keys = keys;
        dropped
    }
}

struct Merged<'a> {
    key: &'a Pointer,
    records: Vec<Record>,
    keys: HashMap<Bytes, usize>,
    dropped: u64,
}

impl Merged<'_> {
    fn add(&mut self, record: Record) {
        let found = self.key.find(record.payload().as_bytes()).map(Bytes::copy_from_slice);
        let Some(key) = found else { return self.records.push(record) };
        match self.keys.get(&key) {
            Some(at) => {
                self.records[*at] = record;
                self.dropped += 1;
            }
            None => {
                self.keys.insert(key, self.records.len());
                self.records.push(record);
            }
        }
    }
}

/// The gap that a dropped page leaves.
fn gap_of(page: &StreamPage, owner: &Arc<str>) -> Option<Gap> {
    let mut records = page.iter();
    let first = records.next()?.received_at();
    let last = records.last().map_or(first, |record| record.received_at());
    let mut gap = Gap::new(GapReason::Dropped).between(first, last).with_missing(page.len() as u64);
    gap.set_source(owner);
    Some(gap)
}

#[cfg(test)]
mod tests {
    use faucet_core::{JsonText, Payload, Timestamp};

    use super::*;

    fn page(numbers: std::ops::Range<u64>) -> StreamPage {
        let record = |n: u64| {
            let text = format!("{{\"k\":{},\"n\":{n}}}", n % 2);
            let json = JsonText::new(text.into()).unwrap();
            Record::new(Payload::Json(json), Timestamp::from_unix_millis(n))
        };
        numbers.map(record).collect()
    }

    /// What a queue holds: numbers, `g` for a gap with its missing records, `|` for a barrier.
    fn content(queue: &mut Queue) -> String {
        let mut words = Vec::new();
        while let Some(envelope) = queue.take() {
            match envelope {
                Envelope::Page(page) => {
                    words
                        .extend(page.gaps().iter().map(|g| format!("g{}", g.missing.unwrap_or(0))));
                    words.extend(page.iter().map(|r| r.received_at().as_unix_millis().to_string()));
                    words.extend(page.watermark().map(|at| format!("w{}", at.as_unix_millis())));
                }
                Envelope::Barrier(_) => words.push("|".into()),
                Envelope::End { .. } => words.push("end".into()),
            }
        }
        assert_eq!((queue.pages, queue.records, queue.bytes), (0, 0, 0));
        words.join(" ")
    }

    fn buffer(pages: usize, when_full: WhenFull) -> Buffer {
        Buffer::default().with_pages(pages).when_full(when_full)
    }

    #[test]
    fn a_full_buffer_drops_what_it_is_told_to_and_says_so() {
        let conflate = || WhenFull::Conflate { key: Pointer::parse("/k").unwrap() };
        let cases = [
            (WhenFull::Block, 0, "0 1 2 3 4 5 6 | 7"),
            (WhenFull::DropOldest, 6, "g3 g3 6 | 7"),
            (WhenFull::DropNewest, 4, "0 1 2 g3 g1 | 7"),
        ];
        for (when_full, dropped, expected) in cases {
            let buffer = buffer(1, when_full);
            let mut queue = Queue::default();
            let mut lost = 0;
            for range in [0..3, 3..6, 6..7] {
                lost += queue.put(page(range), &buffer).dropped;
            }
            queue.signal(Envelope::Barrier(1));
            // The last page finds room.
            let content_before = {
                let mut words = String::new();
                let mut rest = Queue::default();
                while let Some(envelope) = queue.take() {
                    match envelope {
                        Envelope::Page(page) => rest.push(page),
                        signal => rest.signal(signal),
                    }
                }
                rest.put(page(7..8), &Buffer::default().with_pages(99));
                words.push_str(&content(&mut rest));
                words
            };
            assert_eq!((lost, content_before.as_str()), (dropped, expected), "{buffer:?}");
        }
        let buffer = buffer(1, conflate());
        let mut queue = Queue::default();
        let puts = [0..3, 3..6, 6..7].map(|range| queue.put(page(range), &buffer).dropped).to_vec();
        // 0 and 1 stand first; each later record of the same key takes their place.
        assert_eq!((puts, content(&mut queue).as_str()), (vec![0, 4, 1], "6 5"));
    }

    #[test]
    fn merging_stops_at_gaps_and_barriers_and_stays_bounded() {
        let key = Pointer::parse("/k").unwrap();
        let buffer = buffer(1, WhenFull::Conflate { key });
        let gap = Gap::new(GapReason::Outage).with_missing(9);
        let mut queue = Queue::default();
        queue.put(page(0..2), &buffer);
        queue.put(page(2..4).with_watermark(Timestamp::from_unix_millis(2)), &buffer);
        queue.put(page(4..6).with_gap(gap.clone()), &buffer);
        queue.signal(Envelope::Barrier(1));
        queue.put(page(6..8), &buffer);
        assert_eq!(content(&mut queue), "2 3 w2 g9 4 5 | 6 7");
        for n in 0..20 {
            queue.put(page(n..n + 2).with_gap(gap.clone()), &buffer);
            assert!(queue.pages <= 1 + MOST_SEGMENTS + 1, "{}", queue.pages);
        }
    }

    #[test]
    fn bytes_fill_a_buffer_too() {
        let buffer = Buffer::default().with_pages(100).with_bytes(20);
        let mut queue = Queue::default();
        assert!(!queue.put(page(0..1), &buffer).was_full);
        assert!(!queue.put(page(1..2), &buffer).was_full && queue.is_full(&buffer));
        assert_eq!(queue.clear(), 2);
    }
}
