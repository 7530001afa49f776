//! The records that may have to go out (again), as the pages that they came in.

use std::collections::VecDeque;
use std::ops::Range;

use faucet_core::{Record, StreamPage};

/// A run of neighbouring records of one page.
#[derive(Debug)]
pub(crate) struct RunOfRecords<'a> {
    pub(crate) page: &'a StreamPage,
    pub(crate) range: Range<usize>,
}

/// Records in order: first those that are on their way, then those that wait. No record is copied:
/// the backlog shares the pages.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    pages: VecDeque<StreamPage>,
    /// How many records of the first page are done with.
    done: usize,
    /// The next record to send: the number of its page, and its place in it.
    page: usize,
    at: usize,
    /// How many records are on their way.
    out: usize,
    /// How many records there are, and their payloads' bytes.
    len: usize,
    bytes: usize,
}

impl Backlog {
    /// Appends a page, at least of one record.
    pub(crate) fn push(&mut self, page: StreamPage) {
        self.len += page.len();
        self.bytes += page.payload_bytes();
        self.pages.push_back(page);
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The payloads' bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many records wait to be sent.
    pub(crate) fn waiting(&self) -> usize {
        self.len - self.out
    }

    /// Whether no record waits to be sent.
    pub(crate) fn is_all_out(&self) -> bool {
        self.out == self.len
    }

    /// The payload size of the next record to send.
    pub(crate) fn next_size(&self) -> Option<usize> {
        let page = self.pages.get(self.page)?;
        page.payload_lens(self.at..page.len()).next()
    }

    /// Sends the next record, and those behind it in the same page while `more` says so. `more` gets
    /// each record's payload size, and the size of the record behind it.
    pub(crate) fn send(
        &mut self,
        mut more: impl FnMut(usize, Option<usize>) -> bool,
    ) -> Option<RunOfRecords<'_>> {
        let page = self.pages.get(self.page)?;
        let begin = self.at;
        let mut sizes = page.payload_lens(begin..page.len());
        let behind = self.pages.get(self.page + 1).and_then(|next| next.payload_lens(0..1).next());
        let mut size = sizes.next();
        while let Some(sent) = size {
            self.at += 1;
            size = sizes.next();
            if !more(sent, size.or(behind)) {
                break;
            }
        }
        let range = begin..self.at;
        self.out += range.len();
        let number = self.page;
        if self.at == page.len() {
            (self.page, self.at) = (self.page + 1, 0);
        }
        Some(RunOfRecords { page: &self.pages[number], range })
    }

    /// The first `records` are done with. Returns their payloads' bytes.
    pub(crate) fn settle(&mut self, records: usize) -> usize {
        let mut left = records;
        let mut freed = 0;
        while let Some(first) = self.pages.front()
            && left > 0
        {
            let until = (self.done + left).min(first.len());
            freed += match self.done..until {
                // The page knows the size of all its payloads.
                all if all == (0..first.len()) => first.payload_bytes(),
                some => first.payload_lens(some).sum(),
            };
            left -= until - self.done;
            self.done = until;
            if self.done == first.len() {
                self.pages.pop_front();
                self.done = 0;
                self.page = self.page.saturating_sub(1);
            }
        }
        self.len -= records;
        self.out = self.out.saturating_sub(records);
        self.bytes -= freed;
        freed
    }

    /// Takes the first record out.
    pub(crate) fn pop(&mut self) -> Option<Record> {
        let record = self.pages.front()?.range(self.done..self.done + 1).next()?.to_owned_record();
        self.settle(1);
        Some(record)
    }

    /// The first record is the next to send: nothing is on its way.
    pub(crate) fn rewind(&mut self) {
        (self.page, self.at, self.out) = (0, self.done, 0);
    }

    /// Drops all records.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::{Payload, Timestamp};

    use super::*;

    /// A page of records of these sizes.
    fn page(sizes: &[usize]) -> StreamPage {
        let record = |size: &usize| {
            let payload = Payload::Binary(vec![0; *size].into());
            Record::new(payload, Timestamp::from_unix_millis(0))
        };
        sizes.iter().map(record).collect()
    }

    /// The sizes of the next run of at most `most` records.
    fn send(backlog: &mut Backlog, most: usize) -> Vec<usize> {
        let mut sent = 0;
        let run = backlog.send(|_, _| {
            sent += 1;
            sent < most
        });
        let sizes = |run: RunOfRecords<'_>| {
            run.page.range(run.range).map(|record| record.as_bytes().len()).collect()
        };
        run.map_or_else(Vec::new, sizes)
    }

    #[test]
    fn records_go_out_in_order_and_again_after_a_rewind() {
        let mut backlog = Backlog::default();
        backlog.push(page(&[1, 2, 3]));
        backlog.push(page(&[4, 5]));
        assert_eq!((backlog.len(), backlog.bytes(), backlog.next_size()), (5, 15, Some(1)));
        assert_eq!((send(&mut backlog, 2), send(&mut backlog, 9)), (vec![1, 2], vec![3]));
        assert_eq!(backlog.settle(2), 3);
        assert_eq!(send(&mut backlog, 1), [4]);
        assert_eq!((backlog.settle(2), backlog.len(), backlog.is_all_out()), (7, 1, false));
        backlog.rewind();
        assert_eq!((send(&mut backlog, 9), backlog.is_all_out()), (vec![5], true));
        assert_eq!((send(&mut backlog, 9), backlog.next_size()), (vec![], None));
        backlog.push(page(&[6, 7]));
        assert_eq!(send(&mut backlog, 1), [6]);
        backlog.rewind();
        assert_eq!(send(&mut backlog, 9), [5]);
        assert_eq!(backlog.pop().map(|record| record.payload().as_bytes().len()), Some(5));
        assert_eq!(send(&mut backlog, 9), [6, 7]);
        assert_eq!((backlog.settle(2), backlog.len(), backlog.bytes()), (13, 0, 0));
    }

    #[test]
    fn the_size_of_the_record_behind_is_known_across_pages() {
        let mut backlog = Backlog::default();
        backlog.push(page(&[1, 2]));
        backlog.push(page(&[3]));
        let mut seen = Vec::new();
        for _ in 0..2 {
            backlog.send(|size, behind| {
                seen.push((size, behind));
                true
            });
        }
        assert_eq!(seen, [(1, Some(2)), (2, Some(3)), (3, None)]);
    }
}
