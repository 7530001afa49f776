//! Writes pages as whole lines, whatever the medium does.

use std::io;
use std::ops::Range;

use faucet_core::StreamPage;

use crate::medium::Medium;
use crate::rendering::Rendering;

/// A write is made of whole records and at least this large, unless the page ends before.
const WRITE: usize = 1 << 20;

/// The most memory that is kept for the next page: enough for the escapes of a usual page.
const KEPT: usize = 4 * WRITE;

/// Writes pages as JSON Lines.
pub(crate) struct LineWriter<M> {
    medium: M,
    buffer: Vec<u8>,
    rendering: Rendering,
    /// Whether the last line has no line break yet: then the next write begins with one.
    unfinished: bool,
    /// The bytes behind the last whole record that could not be taken back.
    torn: u64,
    /// Whether bytes were written since the last sync.
    unsynced: bool,
}

/// A page that was not written to its end.
#[derive(Debug)]
pub(crate) struct PartialWrite {
    /// How many records of the page were written whole.
    pub(crate) written: usize,
    /// Whether half a record stands behind them, because it could not be taken back.
    pub(crate) torn: bool,
    /// The error of the medium.
    pub(crate) cause: io::Error,
}

impl<M: Medium> LineWriter<M> {
    /// Writes to `medium`; `unfinished` when the last line of the medium has no line break.
    pub(crate) fn new(medium: M, unfinished: bool, rendering: Rendering) -> Self {
        Self { medium, buffer: Vec::new(), rendering, unfinished, torn: 0, unsynced: false }
    }

    /// Writes some records of a page. After an error the medium ends with a whole line, or the next
    /// page begins a new one.
    pub(crate) fn write_page(
        &mut self,
        page: &StreamPage,
        range: Range<usize>,
    ) -> Result<(), PartialWrite> {
        let (all, step) = (range.end, records_per_write(page));
        let mut next = range.start;
        while next < all {
            let written = next - range.start;
            self.begin();
            while self.buffer.len() < WRITE && next < all {
                let to = next + step.min(all - next);
                self.rendering.write(page, next..to, &mut self.buffer);
                next = to;
            }
            self.put().map_err(|partial| PartialWrite {
                written: written + partial.written,
                ..partial
            })?;
        }
        // One huge record must not cost its size for the rest of the run.
        self.buffer.shrink_to(KEPT);
        Ok(())
    }

    /// Writes a line that is no record; `line` is without its line break. After an error as
    /// [`write_page`](Self::write_page).
    pub(crate) fn write_line(&mut self, line: &[u8]) -> Result<(), PartialWrite> {
        self.begin();
        self.buffer.extend_from_slice(line);
        self.buffer.push(b'\n');
        self.put()
    }

    /// Ends the frame of a compressed medium.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.medium.finish()
    }

    /// The medium.
    pub(crate) fn medium(&self) -> &M {
        &self.medium
    }

    /// The medium, to which the caller writes whole lines.
    pub(crate) fn medium_mut(&mut self) -> &mut M {
        self.unsynced = true;
        &mut self.medium
    }

    /// Waits until the disk has all written bytes.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.medium.sync()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// The length of the medium without half a record at its end. `None`: a later run cannot cut the
    /// medium back.
    pub(crate) fn whole_length(&self) -> io::Result<Option<u64>> {
        Ok(self.medium.length()?.map(|length| length.saturating_sub(self.torn)))
    }

    fn begin(&mut self) {
        self.buffer.clear();
        if self.unfinished {
            self.buffer.push(b'\n');
        }
    }

    /// How many whole records the first `at` bytes of the buffer have, and where the last of them ends.
    fn whole_lines(&self, at: usize) -> (usize, usize) {
        // Each record is one line. The line break in front of them ends an older line.
        let first = usize::from(self.unfinished);
        let lines = self.buffer.get(first..at).unwrap_or_default();
        let written = lines.iter().filter(|byte| **byte == b'\n').count();
        let last = lines.iter().rposition(|byte| *byte == b'\n');
        (written, last.map_or(0, |last| first + last + 1))
    }

    /// Writes the buffer, or as many whole records of it as the medium takes.
    fn put(&mut self) -> Result<(), PartialWrite> {
        self.unsynced = true;
        let mut at = 0;
        let cause = loop {
            match self.medium.write(&self.buffer[at..]) {
                Ok(0) => break io::ErrorKind::WriteZero.into(),
                Ok(n) => at += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A program that shares our stdout may have made it non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => rest(),
                Err(error) => break error,
            }
            if at == self.buffer.len() {
                (self.unfinished, self.torn) = (false, 0);
                return Ok(());
            }
        };
        let (written, whole) = self.whole_lines(at);
        let stays = at > whole && self.medium.take_back((at - whole) as u64).is_err();
        let kept = if stays { at } else { whole };
        if kept > 0 {
            self.unfinished = self.buffer[kept - 1] != b'\n';
        }
        let before = if written == 0 { self.torn } else { 0 };
        self.torn = before + (kept - whole) as u64;
        Err(PartialWrite { written, torn: stays && self.unfinished, cause })
    }
}

/// How many records of the page make a write, if all are of its mean size. A page that is little
/// larger than a write goes in one.
fn records_per_write(page: &StreamPage) -> usize {
    if page.payload_bytes() < 2 * WRITE {
        return page.len();
    }
    (page.len().saturating_mul(WRITE) / page.payload_bytes()).max(1)
}

#[expect(clippy::disallowed_methods, reason = "the lines have a thread of their own")]
fn rest() {
    std::thread::sleep(std::time::Duration::from_millis(1));
}

#[cfg(test)]
mod tests {
    use super::*;
    use faucet_core::{Payload, Record, Timestamp};

    /// Takes `room` bytes, `step` at a time, and then no more until there is room again.
    struct Disk {
        content: Vec<u8>,
        room: usize,
        step: usize,
        can_take_back: bool,
        writes: usize,
    }

    impl Medium for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.writes += 1;
            let n = bytes.len().min(self.room).min(self.step);
            self.room -= n;
            self.content.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn take_back(&mut self, n: u64) -> io::Result<()> {
            if !self.can_take_back {
                return Err(io::ErrorKind::Unsupported.into());
            }
            self.content.truncate(self.content.len() - n as usize);
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn length(&self) -> io::Result<Option<u64>> {
            Ok(Some(self.content.len() as u64))
        }
    }

    fn lines_to(disk: Disk, unfinished: bool) -> LineWriter<Disk> {
        LineWriter::new(disk, unfinished, Rendering::Records)
    }

    impl LineWriter<Disk> {
        fn write_all(&mut self, page: &StreamPage) -> Result<(), PartialWrite> {
            self.write_page(page, 0..page.len())
        }
    }

    fn disk(content: &str, room: usize, step: usize, can_take_back: bool) -> Disk {
        Disk { content: content.into(), room, step, can_take_back, writes: 0 }
    }

    fn page(texts: &[&str]) -> StreamPage {
        let record = |text: &&str| {
            Record::new(Payload::Text((*text).into()), Timestamp::from_unix_millis(0))
        };
        StreamPage::new(texts.iter().map(record).collect())
    }

    const TEXTS: [&str; 4] = ["one", "", "three", "a\nb"];
    const LINES: &str = "\"one\"\n\"\"\n\"three\"\n\"a\\nb\"\n";

    #[test]
    fn a_full_disk_keeps_whole_records_and_they_are_what_is_counted() {
        for before in ["", "\"old\"\n", "\"old\""] {
            let unfinished = before.ends_with('"');
            let all = format!("{before}{}{LINES}", if unfinished { "\n" } else { "" });
            for room in 0..all.len() - before.len() {
                for step in [1, 2, 7, 1000] {
                    let mut lines = lines_to(disk(before, room, step, true), unfinished);
                    let partial = lines.write_all(&page(&TEXTS)).unwrap_err();
                    let content = String::from_utf8(lines.medium.content.clone()).unwrap();
                    assert_eq!(partial.cause.kind(), io::ErrorKind::StorageFull);
                    assert!(all.starts_with(&content) && !partial.torn, "{content:?}");
                    let old = before.lines().count();
                    assert_eq!(content.lines().count(), old + partial.written, "{content:?}");
                    assert!(content.ends_with('\n') || content == before, "{content:?}");
                    assert_eq!(lines.whole_length().unwrap(), Some(content.len() as u64));

                    lines.medium.room = 1000;
                    lines.write_all(&page(&TEXTS[partial.written..])).unwrap();
                    assert_eq!(String::from_utf8(lines.medium.content).unwrap(), all);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_taken_back_is_never_continued_by_another_record() {
        for room in 0..LINES.len() {
            let mut lines = lines_to(disk("", room, 1000, false), false);
            let partial = lines.write_all(&page(&TEXTS)).unwrap_err();
            assert_eq!(lines.medium.content, &LINES.as_bytes()[..room]);
            assert_eq!(partial.written, LINES[..room].matches('\n').count());
            assert_eq!(partial.torn, room > 0 && !LINES[..room].ends_with('\n'));
            let whole = LINES[..room].rfind('\n').map_or(0, |at| at as u64 + 1);
            assert_eq!(lines.whole_length().unwrap(), Some(whole));

            lines.medium.room = 1000;
            lines.write_all(&page(&["next"])).unwrap();
            let content = String::from_utf8(lines.medium.content).unwrap();
            assert_eq!(content.lines().last(), Some("\"next\""));
            assert_eq!(content.lines().count(), partial.written + usize::from(partial.torn) + 1);
        }
    }

    #[test]
    fn failures_in_a_row_leave_the_whole_length_alone() {
        for first in 0..LINES.len() {
            for second in 0..6 {
                let mut lines = lines_to(disk("", first, 1000, false), false);
                lines.write_all(&page(&TEXTS)).unwrap_err();
                let whole = lines.whole_length().unwrap();
                lines.medium.room = second;
                lines.write_all(&page(&["again"])).unwrap_err();
                assert_eq!(lines.whole_length().unwrap(), whole, "{first} {second}");
                lines.medium.room = 100;
                lines.write_line(b"{}").unwrap();
                let all = lines.medium.content.len() as u64;
                assert_eq!(lines.whole_length().unwrap(), Some(all));
                assert!(lines.medium.content.ends_with(b"\n{}\n") || all == 3);
            }
        }
    }

    #[test]
    fn large_pages_go_in_several_writes_and_are_counted_together() {
        let text = "x".repeat(WRITE / 2);
        let texts = [text.as_str(); 9];
        let line = text.len() + 3;
        let mut lines = lines_to(disk("", line * 5 + 10, usize::MAX, true), false);
        let partial = lines.write_all(&page(&texts)).unwrap_err();
        assert_eq!((partial.written, lines.medium.content.len()), (5, line * 5));
        assert!(lines.buffer.capacity() <= KEPT);
        lines.medium.room = usize::MAX;
        lines.write_all(&page(&texts[5..])).unwrap();
        assert_eq!(lines.medium.content.len(), line * 9);
    }

    #[test]
    fn a_page_that_ends_with_the_record_that_fills_it_goes_in_one_write() {
        let text = "x".repeat(1000);
        let texts = vec![text.as_str(); WRITE / 1000 + 1];
        let mut lines = lines_to(disk("", usize::MAX, usize::MAX, true), false);
        lines.write_all(&page(&texts)).unwrap();
        lines.write_all(&page(&texts)).unwrap();
        assert_eq!((lines.medium.writes, lines.medium.content.len()), (2, texts.len() * 2 * 1003));
    }

    #[test]
    fn small_records_beside_large_ones_are_written_in_order() {
        let (small, large) = ("s".repeat(10), "l".repeat(WRITE / 4));
        let texts: Vec<&str> =
            (0..3000).map(|n| if n % 500 < 10 { large.as_str() } else { &small }).collect();
        let expected: String = texts.iter().map(|text| format!("\"{text}\"\n")).collect();
        let mut lines = lines_to(disk("", usize::MAX, usize::MAX, true), false);
        lines.write_all(&page(&texts)).unwrap();
        assert!(lines.medium.content == expected.as_bytes());
        assert!(lines.buffer.capacity() <= KEPT);
    }

    #[test]
    fn an_empty_page_writes_nothing() {
        let mut lines = lines_to(disk("\"old\"", 0, 1, true), true);
        lines.write_all(&page(&[])).unwrap();
        assert_eq!(lines.medium.content, b"\"old\"");
    }
}
