//! The chunk that a page writes for itself.

use std::ops::Range;

use crate::stream::records::Records;

/// The chunk in which a page collects the payloads that are written for it or copied into it.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
    /// The numbers of the records whose payloads stand here.
    records: Vec<Range<usize>>,
}

impl Arena {
    /// The chunk's number while the page is put together: the chunk gets its number at the end,
    /// because shared chunks may come in between.
    pub(crate) const CHUNK: u32 = u32::MAX;

    /// Copies `bytes` and a line break, and returns where the copy begins.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> usize {
        let begin = self.bytes.len();
        self.bytes.reserve(bytes.len() + 1);
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(b'\n');
        begin
    }

    /// Appends what `write` appends, and returns where that is. After an error of `check` nothing is
    /// appended.
    pub(crate) fn write<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>),
        check: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<Range<usize>, E> {
        let begin = self.bytes.len();
        write(&mut self.bytes);
        match check(&self.bytes[begin..]) {
            Ok(()) => Ok(begin..self.bytes.len()),
            Err(error) => {
                self.bytes.truncate(begin);
                Err(error)
            }
        }
    }

    /// Notes that the payloads of `count` records from the record `first` on stand here.
    pub(crate) fn holds(&mut self, first: usize, count: usize) {
        match self.records.last_mut() {
            Some(last) if last.end == first => last.end += count,
            _ => self.records.push(first..first + count),
        }
    }

    /// Becomes the last chunk of the page, if it holds a payload.
    pub(crate) fn become_chunk(self, page: &mut Records) {
        if self.records.is_empty() {
            return;
        }
        let number = Records::number(page.chunks.len());
        for records in self.records {
            page.places[records].iter_mut().for_each(|place| place.chunk = number);
        }
        page.chunks.push(self.bytes.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_noted_together() {
        let mut arena = Arena::default();
        for (first, count) in [(0, 2), (2, 1), (5, 3), (8, 1)] {
            arena.holds(first, count);
        }
        assert_eq!(arena.records, [0..3, 5..9]);
        assert_eq!((arena.copy(b"ab"), arena.copy(b""), arena.copy(b"c")), (0, 3, 4));
        assert_eq!(arena.bytes, b"ab\n\nc\n");
        let refused = arena.write(|out| out.extend(b"de"), |_| Err(7));
        assert_eq!((refused, arena.bytes.len()), (Err(7), 6));
    }
}
