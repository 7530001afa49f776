//! Writing to a sink under a rule.

use std::time::{Duration, Instant};

use faucet_core::{Flushed, PageWriter, Record, Scope, Sink, StreamPage};

use crate::suites::rule::Rule;
use crate::suites::sink::case::SinkCase;

/// A case under one rule.
pub(crate) struct Run<'c, 'a> {
    pub(crate) rule: Rule,
    pub(crate) case: &'c SinkCase<'a>,
    /// The number of records at the far end when the part began.
    base: usize,
}

impl<'c, 'a> Run<'c, 'a> {
    pub(crate) fn new(rule: &'static str, case: &'c SinkCase<'a>) -> Self {
        Self { rule: Rule(rule), case, base: 0 }
    }

    /// A part of the rule: with an empty far end, or behind what is there.
    pub(crate) async fn part(&self) -> Self {
        let mut part = Self { base: 0, ..*self };
        match &self.case.reset {
            Some(reset) => reset().await,
            // Records of the part before may still be on their way.
            None => part.base = part.settled().await.len(),
        }
        part
    }

    pub(crate) async fn sink(&self) -> Box<dyn Sink> {
        (self.case.make)().await.0
    }

    pub(crate) fn scope(&self) -> Scope {
        self.case.outside.scope().with_dead_letter()
    }

    pub(crate) async fn open(&self, sink: &dyn Sink) -> Box<dyn PageWriter> {
        self.open_in(sink, &self.scope()).await
    }

    pub(crate) async fn open_in(&self, sink: &dyn Sink, scope: &Scope) -> Box<dyn PageWriter> {
        self.rule.ok(sink.open(scope).await, "open")
    }

    pub(crate) fn records(&self, from: usize, to: usize) -> &'c [Record] {
        let records = &self.case.records;
        &records[from.min(records.len())..to.min(records.len())]
    }

    /// The payloads of these records at the far end.
    pub(crate) fn expect(&self, records: &[Record]) -> Vec<Vec<u8>> {
        records.iter().map(|record| (self.case.render)(record)).collect()
    }

    pub(crate) async fn write(&self, writer: &mut dyn PageWriter, records: &[Record]) {
        let page = StreamPage::new(records.to_vec());
        self.rule.ok(writer.write_page(page).await, "write_page");
    }

    pub(crate) async fn flush(&self, writer: &mut dyn PageWriter) -> Flushed {
        self.rule.ok(writer.flush().await, "flush")
    }

    /// The payloads at the far end since the part began.
    pub(crate) async fn read_back(&self) -> Vec<Vec<u8>> {
        let mut all = (self.case.read_back)().await.0;
        all.split_off(self.base.min(all.len()))
    }

    /// The payloads at the far end once no record is on its way any more.
    pub(crate) async fn settled(&self) -> Vec<Vec<u8>> {
        let mut last = self.read_back().await;
        let (mut since, mut calm) = (Instant::now(), 0);
        // A paused clock runs ahead of threads and sockets.
        while calm < 4 || since.elapsed() < Duration::from_millis(4) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = self.read_back().await;
            calm += 1;
            if now != last {
                (last, since, calm) = (now, Instant::now(), 0);
            }
        }
        last
    }

    /// The far end has the records, except those that a flush called unconfirmed.
    pub(crate) async fn delivered(&self, records: &[Record], flushed: &[Flushed], what: &str) {
        let (there, expected) = (self.read_back().await, self.expect(records));
        let lost: u64 = flushed.iter().map(Flushed::unconfirmed).sum();
        if lost == 0 {
            return self.rule.same(&there, &expected, what);
        }
        self.rule.check(is_within(&there, &expected), || {
            format!("{what}: the far end has records that were not written, or another order")
        });
        let (there, taken) = (there.len() as u64, expected.len() as u64);
        self.rule.check(there + lost >= taken, || {
            format!("{what}: {taken} records were taken, {there} are there, {lost} are unconfirmed")
        });
    }
}

/// Whether `some` are records of `all`, in their order, each at most once.
pub(crate) fn is_within(some: &[Vec<u8>], all: &[Vec<u8>]) -> bool {
    let mut all = all.iter();
    some.iter().all(|one| all.any(|other| other == one))
}
