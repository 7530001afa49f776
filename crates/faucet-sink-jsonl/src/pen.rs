//! Puts pages down as whole lines, whatever the medium does.

use std::io;

use faucet_core::StreamPage;

/// A write is made of whole records and at least this large, unless the page ends before.
const WRITE: usize = 1 << 20;

/// What a [`Pen`] writes to.
pub(crate) trait Medium: Send + 'static {
    /// Writes some of `bytes` and returns how many.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Takes back the last `n` bytes.
    fn take_back(&mut self, n: u64) -> io::Result<()>;
}

/// Writes pages as JSON Lines.
pub(crate) struct Pen<M> {
    medium: M,
    buffer: Vec<u8>,
    /// Where in the buffer each record ends.
    ends: Vec<usize>,
    /// The last line has no line break yet: the next write begins with one.
    unfinished: bool,
}

/// A page that was not written to its end.
#[derive(Debug)]
pub(crate) struct Cut {
    /// How many of its records were written whole.
    pub(crate) written: usize,
    /// Whether half a record stands behind them, because it could not be taken back.
    pub(crate) torn: bool,
    /// Why.
    pub(crate) cause: io::Error,
}

impl<M: Medium> Pen<M> {
    /// A pen; `unfinished` when the last line of the medium has no line break.
    pub(crate) fn new(medium: M, unfinished: bool) -> Self {
        Self { medium, buffer: Vec::new(), ends: Vec::new(), unfinished }
    }

    /// Writes a page. After an error the medium ends with a whole line, or the next page begins a
    /// new one.
    pub(crate) fn write_page(&mut self, page: &StreamPage) -> Result<(), Cut> {
        let mut records = page.iter();
        let mut written = 0;
        while records.len() > 0 {
            self.buffer.clear();
            self.ends.clear();
            if self.unfinished {
                self.buffer.push(b'\n');
            }
            while self.buffer.len() < WRITE
                && let Some(record) = records.next()
            {
                record.write_json(&mut self.buffer);
                self.buffer.push(b'\n');
                self.ends.push(self.buffer.len());
            }
            self.put().map_err(|cut| Cut { written: written + cut.written, ..cut })?;
            written += self.ends.len();
        }
        // One huge record must not cost its size for the rest of the run.
        self.buffer.shrink_to(2 * WRITE);
        Ok(())
    }

    /// Writes the buffer, or as many whole records of it as the medium takes.
    fn put(&mut self) -> Result<(), Cut> {
        let mut at = 0;
        let cause = loop {
            match self.medium.write(&self.buffer[at..]) {
                Ok(0) => break io::ErrorKind::WriteZero.into(),
                Ok(n) => at += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whoever shares our stdout may have made it non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => rest(),
                Err(error) => break error,
            }
            if at == self.buffer.len() {
                self.unfinished = false;
                return Ok(());
            }
        };
        let written = self.ends.partition_point(|end| *end <= at);
        let whole = if written == 0 { 0 } else { self.ends[written - 1] };
        let torn = at > whole && self.medium.take_back((at - whole) as u64).is_err();
        let kept = if torn { at } else { whole };
        if kept > 0 {
            self.unfinished = self.buffer[kept - 1] != b'\n';
        }
        Err(Cut { written, torn: torn && self.unfinished, cause })
    }
}

#[expect(clippy::disallowed_methods, reason = "the pen has a thread of its own")]
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
    }

    impl Medium for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
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
    }

    fn disk(content: &str, room: usize, step: usize, can_take_back: bool) -> Disk {
        Disk { content: content.into(), room, step, can_take_back }
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
                    let mut pen = Pen::new(disk(before, room, step, true), unfinished);
                    let cut = pen.write_page(&page(&TEXTS)).unwrap_err();
                    let content = String::from_utf8(pen.medium.content.clone()).unwrap();
                    assert_eq!(cut.cause.kind(), io::ErrorKind::StorageFull);
                    assert!(all.starts_with(&content) && !cut.torn, "{content:?}");
                    let old = before.lines().count();
                    assert_eq!(content.lines().count(), old + cut.written, "{content:?}");
                    assert!(content.ends_with('\n') || content == before, "{content:?}");

                    pen.medium.room = 1000;
                    pen.write_page(&page(&TEXTS[cut.written..])).unwrap();
                    assert_eq!(String::from_utf8(pen.medium.content).unwrap(), all);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_taken_back_is_never_continued_by_another_record() {
        for room in 0..LINES.len() {
            let mut pen = Pen::new(disk("", room, 1000, false), false);
            let cut = pen.write_page(&page(&TEXTS)).unwrap_err();
            assert_eq!(pen.medium.content, &LINES.as_bytes()[..room]);
            assert_eq!(cut.written, LINES[..room].matches('\n').count());
            assert_eq!(cut.torn, room > 0 && !LINES[..room].ends_with('\n'));

            pen.medium.room = 1000;
            pen.write_page(&page(&["next"])).unwrap();
            let content = String::from_utf8(pen.medium.content).unwrap();
            assert_eq!(content.lines().last(), Some("\"next\""));
            assert_eq!(content.lines().count(), cut.written + usize::from(cut.torn) + 1);
        }
    }

    #[test]
    fn large_pages_go_in_several_writes_and_are_counted_together() {
        let text = "x".repeat(WRITE / 2);
        let texts = [text.as_str(); 9];
        let line = text.len() + 3;
        let mut pen = Pen::new(disk("", line * 5 + 10, usize::MAX, true), false);
        let cut = pen.write_page(&page(&texts)).unwrap_err();
        assert_eq!((cut.written, pen.medium.content.len()), (5, line * 5));
        assert!(pen.buffer.capacity() < 4 * WRITE);
        pen.medium.room = usize::MAX;
        pen.write_page(&page(&texts[5..])).unwrap();
        assert_eq!(pen.medium.content.len(), line * 9);
    }

    #[test]
    fn an_empty_page_writes_nothing() {
        let mut pen = Pen::new(disk("\"old\"", 0, 1, true), true);
        pen.write_page(&page(&[])).unwrap();
        assert_eq!(pen.medium.content, b"\"old\"");
    }
}
