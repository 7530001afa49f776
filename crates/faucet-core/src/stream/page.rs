//! A page: `[gaps] [records] [watermark]`, always in this order.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::stream::gap::{Gap, Mark};
use crate::stream::lines;
use crate::stream::record::{Record, Timestamp};
use crate::stream::record_ref::RecordRef;
use crate::stream::records::Records;
use crate::stream::rejected::Rejected;

/// The most gaps that a page carries: older ones are joined.
const MOST_GAPS: usize = 8;

/// A page is copied by [`StreamPage::compact`] when it uses less than one part in this many of the
/// memory that it keeps alive.
const SPARSE: usize = 4;

/// Records that travel together, and the marks around them: gaps stand before the first record, the
/// watermark behind the last. Opaque: chunks of bytes, and places of records in them.
///
/// A clone shares the records.
#[derive(Debug, Clone, Default)]
pub struct StreamPage {
    records: Arc<Records>,
    /// Messages that could not become records.
    rejected: Vec<Rejected>,
    gaps: Vec<Gap>,
    watermark: Option<Timestamp>,
}

impl StreamPage {
    /// A page of `records`.
    pub fn new(records: Vec<Record>) -> Self {
        records.into_iter().collect()
    }

    pub(crate) fn from_parts(records: Records) -> Self {
        Self { records: Arc::new(records), ..Self::default() }
    }

    /// Says that something is missing before the first record of the page.
    #[must_use]
    pub fn with_gap(mut self, gap: Gap) -> Self {
        self.gaps.push(gap);
        self
    }

    /// Says that no record older than `at` follows the page.
    #[must_use]
    pub fn with_watermark(mut self, at: Timestamp) -> Self {
        self.watermark = Some(at);
        self
    }

    /// Adds messages that could not become records. Only a source does so, and only when
    /// [`Scope::diverts`](crate::Scope::diverts) says that the pipeline has a place for them.
    #[must_use]
    pub fn with_rejected(mut self, rejected: Vec<Rejected>) -> Self {
        self.rejected.extend(rejected);
        self
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.records.places.len()
    }

    /// Whether there are no records. There may be marks.
    pub fn is_empty(&self) -> bool {
        self.records.places.is_empty()
    }

    /// Whether there is neither a record nor a mark nor a rejected message.
    pub fn is_void(&self) -> bool {
        self.is_empty()
            && self.gaps.is_empty()
            && self.watermark.is_none()
            && self.rejected.is_empty()
    }

    /// The size of all payloads in bytes.
    pub fn payload_bytes(&self) -> usize {
        self.records.bytes
    }

    /// The payload sizes of some of the records in bytes, in order.
    ///
    /// # Panics
    /// When the page has no such records.
    pub fn payload_lens(&self, range: Range<usize>) -> impl ExactSizeIterator<Item = usize> {
        self.records.places[range].iter().map(|place| place.len)
    }

    /// The gaps before the first record.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The watermark behind the last record.
    pub fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    /// Takes the marks off the page: its gaps, and its watermark.
    pub fn take_marks(&mut self) -> (Vec<Gap>, Option<Timestamp>) {
        (std::mem::take(&mut self.gaps), self.watermark.take())
    }

    /// Takes the rejected messages off the page.
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        std::mem::take(&mut self.rejected)
    }

    /// Names the component `id` as the source of all gaps that name none.
    pub fn set_gap_source(&mut self, id: &Arc<str>) {
        self.gaps.iter_mut().for_each(|gap| gap.set_source(id));
    }

    /// Puts older gaps before those of the page. A page carries at most eight: the oldest are joined.
    pub fn prepend_gaps(&mut self, mut older: Vec<Gap>) {
        if older.is_empty() {
            return;
        }
        older.append(&mut self.gaps);
        while older.len() > MOST_GAPS {
            let second = older.remove(1);
            older[0].join(&second);
        }
        self.gaps = older;
    }

    /// The marks in the order in which they stand: gaps first.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        let gaps = self.gaps.iter().cloned().map(Mark::Gap);
        gaps.chain(self.watermark.map(Mark::Watermark))
    }

    /// The records in order.
    pub fn iter(&self) -> RecordRefs<'_> {
        RecordRefs { records: &self.records, next: 0, end: self.len(), run: 0 }
    }

    /// The records in order. They share the page's memory.
    pub fn into_records(self) -> Vec<Record> {
        match Arc::try_unwrap(self.records) {
            Ok(records) if records.is_one_to_one() => records.into_owned(),
            Ok(records) => Self::from_parts(records).iter().map(|r| r.to_record()).collect(),
            Err(shared) => {
                let page = Self { records: shared, ..Self::default() };
                page.iter().map(|record| record.to_record()).collect()
            }
        }
    }

    /// Keeps the records for which `keep` holds, and the marks. No byte is copied.
    pub fn retain(&mut self, mut keep: impl FnMut(RecordRef<'_>) -> bool) {
        let kept: Vec<bool> = self.iter().map(&mut keep).collect();
        if kept.contains(&false) {
            Arc::make_mut(&mut self.records).retain(&kept);
        }
    }

    /// Splits the page: this one keeps the first `at` records and the gaps, the returned one has the
    /// rest and the watermark. Both share their memory.
    ///
    /// # Panics
    /// When the page has fewer than `at` records.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self {
        let rest = Arc::make_mut(&mut self.records).split_off(at);
        Self { watermark: self.watermark.take(), ..Self::from_parts(rest) }
    }

    /// Copies the records when they use less than a quarter of the memory that they keep alive. A
    /// transform that keeps few records of each page calls it.
    pub fn compact(&mut self) {
        let held: usize = self.records.chunks.iter().map(Bytes::len).sum();
        if self.payload_bytes().saturating_mul(SPARSE) < held {
            Arc::make_mut(&mut self.records).compact();
        }
    }

    /// Appends the JSON renderings of some records to `out`, as [`RecordRef::write_json`] does, each
    /// with a line break behind it. No line has another line break: their number says how many records
    /// a part of the bytes has.
    ///
    /// # Panics
    /// When the page has no such records.
    pub fn write_lines(&self, range: Range<usize>, out: &mut Vec<u8>) {
        lines::write_lines(&self.records, range, out);
    }

    /// Some of the records in order.
    ///
    /// # Panics
    /// When the page has no such records.
    pub fn range(&self, range: Range<usize>) -> RecordRefs<'_> {
        self.records.assert_has(&range);
        let run = self.records.run_of(range.start);
        RecordRefs { records: &self.records, next: range.start, end: range.end, run }
    }
}

impl FromIterator<Record> for StreamPage {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let records = records.into_iter();
        let mut all = Records::default();
        all.reserve(records.size_hint().0);
        records.for_each(|record| all.push(record));
        Self::from_parts(all)
    }
}

impl IntoIterator for StreamPage {
    type Item = Record;
    type IntoIter = std::vec::IntoIter<Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_records().into_iter()
    }
}

impl<'a> IntoIterator for &'a StreamPage {
    type Item = RecordRef<'a>;
    type IntoIter = RecordRefs<'a>;

    fn into_iter(self) -> RecordRefs<'a> {
        self.iter()
    }
}

/// The records of a page in order.
#[derive(Debug, Clone)]
pub struct RecordRefs<'a> {
    records: &'a Records,
    next: usize,
    end: usize,
    /// The run in which `next` lies.
    run: usize,
}

impl<'a> Iterator for RecordRefs<'a> {
    type Item = RecordRef<'a>;

    fn next(&mut self) -> Option<RecordRef<'a>> {
        if self.next >= self.end {
            return None;
        }
        let runs = &self.records.runs;
        while runs.get(self.run + 1).is_some_and(|run| run.from <= self.next) {
            self.run += 1;
        }
        let (place, run) = (self.records.places[self.next], &runs[self.run]);
        self.next += 1;
        Some(RecordRef::in_run(run, &self.records.chunks[place.chunk as usize], place))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for RecordRefs<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::gap::GapReason;
    use crate::{JsonText, MessageKind, Payload};

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    fn record(text: &str, millis: u64) -> Record {
        Record::new(Payload::Text(text.into()), at(millis))
    }

    fn numbers(n: usize) -> StreamPage {
        (0..n).map(|i| record(&i.to_string(), i as u64 / 3)).collect()
    }

    fn texts(page: &StreamPage) -> Vec<String> {
        page.iter().map(|r| String::from_utf8_lossy(r.as_bytes()).into_owned()).collect()
    }

    #[test]
    fn records_come_out_as_they_went_in() {
        let records = vec![
            record("a", 1),
            record("b", 1).with_envelope("ws://h/".into()),
            record("", 2).with_message_kind(MessageKind::Binary),
            Record::new(Payload::Binary(vec![0, 1].into()), at(2)),
        ];
        let page = StreamPage::new(records.clone());
        assert_eq!((page.len(), page.payload_bytes()), (4, 4));
        let seen: Vec<Record> = page.iter().map(|r| r.to_record()).collect();
        assert_eq!(seen, records);
        let owned: Vec<Record> = page.iter().map(|r| r.to_owned_record()).collect();
        assert_eq!(owned, records);
        let shared = page.clone();
        assert_eq!(page.into_records(), records);
        assert_eq!(shared.into_records(), records);
    }

    #[test]
    fn a_page_can_be_thinned_out_and_split() {
        let mut page = numbers(10).with_watermark(at(9)).with_gap(Gap::new(GapReason::Outage));
        page.retain(|record| record.as_bytes() != b"4" && record.as_bytes() != b"0");
        assert_eq!(texts(&page), ["1", "2", "3", "5", "6", "7", "8", "9"]);
        let times: Vec<u64> = page.iter().map(|r| r.received_at().as_unix_millis()).collect();
        assert_eq!(times, [0, 0, 1, 1, 2, 2, 2, 3]);
        let rest = page.split_off(3);
        assert_eq!(
            (texts(&page), texts(&rest)),
            (vec!["1".into(), "2".into(), "3".into()], {
                ["5", "6", "7", "8", "9"].map(String::from).to_vec()
            })
        );
        assert_eq!((page.gaps().len(), page.watermark()), (1, None));
        assert_eq!((rest.gaps().len(), rest.watermark()), (0, Some(at(9))));
        assert_eq!((page.payload_bytes(), rest.payload_bytes()), (3, 5));
        let times: Vec<u64> = rest.range(2..5).map(|r| r.received_at().as_unix_millis()).collect();
        assert_eq!(times, [2, 2, 3]);
        assert_eq!(rest.into_records().len(), 5);
    }

    #[test]
    fn a_sparse_page_lets_go_of_its_memory() {
        let big = Record::new(Payload::Binary(vec![b'x'; 10_000].into()), at(1));
        let page = StreamPage::new(vec![big]);
        let part = page.iter().next().map(|r| r.text_part(10..20)).unwrap().unwrap();
        let mut small = StreamPage::new(vec![part.clone()]);
        small.compact();
        assert_eq!(small.clone().into_records(), vec![part]);
        assert_eq!(small.records.chunks.iter().map(Bytes::len).sum::<usize>(), 10);
    }

    #[test]
    fn lines_are_written() {
        let mut out = Vec::new();
        numbers(4).write_lines(1..3, &mut out);
        assert_eq!(out, b"\"1\"\n\"2\"\n");
    }

    #[test]
    fn lines_are_the_renderings_of_the_records() {
        let json = |text: &str| JsonText::new(text.to_owned().into()).unwrap();
        let page = StreamPage::new(vec![
            record("a\n\u{0}b", 1),
            Record::new(Payload::Json(json("{\n\"a\":\r\n1}")), at(1)),
            Record::new(Payload::Json(json("[ 2.10 ]")), at(1)).with_envelope("ws://h/".into()),
            Record::new(Payload::Json(json("\n3\r")), at(2)).with_envelope("ws://h/".into()),
            Record::new(Payload::Binary(vec![0, 10, 13].into()), at(3)),
            record("", 3),
        ]);
        for begin in 0..=page.len() {
            for end in begin..=page.len() {
                // What stands in front stays as it is.
                let (mut out, mut expected) = (b"1\r\n".to_vec(), b"1\r\n".to_vec());
                page.write_lines(begin..end, &mut out);
                for record in page.range(begin..end) {
                    record.write_json(&mut expected);
                    expected.push(b'\n');
                }
                assert_eq!(out, expected, "{begin}..{end}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "no such records")]
    fn lines_of_records_that_are_not_there_are_refused() {
        numbers(2).write_lines(1..3, &mut Vec::new());
    }

    #[test]
    fn gaps_stand_in_order_and_the_oldest_are_joined() {
        let gap = |n| Gap::new(GapReason::Dropped).between(at(n), at(n + 1)).with_missing(1);
        let mut page = numbers(1).with_gap(gap(20));
        page.prepend_gaps((0..10).map(gap).collect());
        assert_eq!(page.gaps().len(), MOST_GAPS);
        assert_eq!((page.gaps()[0].to, page.gaps()[0].missing), (Some(at(4)), Some(4)));
        assert_eq!(page.gaps()[MOST_GAPS - 1], gap(20));
        let marks: Vec<Mark> = page.with_watermark(at(30)).marks().collect();
        assert_eq!(marks.len(), MOST_GAPS + 1);
        assert_eq!(marks.last(), Some(&Mark::Watermark(at(30))));
    }

    #[test]
    fn a_part_is_a_slice_of_its_message() {
        let json = JsonText::new(Bytes::from_static(b"[{\"a\":1},2.10]")).unwrap();
        let page = StreamPage::new(vec![Record::new(Payload::Json(json), at(3))]);
        let record = page.iter().next().unwrap();
        let part = record.part(9..13).unwrap();
        assert_eq!((part.to_json(), part.received_at()), (b"2.10".to_vec(), at(3)));
        assert!(record.part(1..4).is_err());
    }
}
