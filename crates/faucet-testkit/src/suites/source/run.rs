//! Reading a source under a rule.

use faucet_core::{Ended, Next, PageReader, Position, Resume, Scope, StreamPage};

use crate::suites::calls::Make;
use crate::suites::rule::Rule;
use crate::suites::source::case::{SourceCase, SourceSetup};

/// A case under one rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'c, 'a> {
    pub(crate) rule: Rule,
    pub(crate) case: &'c SourceCase<'a>,
}

/// The pages of a run.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) pages: Vec<StreamPage>,
    pub(crate) ended: Option<Ended>,
}

impl Read {
    /// The payloads of all records.
    pub(crate) fn payloads(&self) -> Vec<Vec<u8>> {
        self.pages.iter().flat_map(payloads).collect()
    }

    /// The number of records.
    pub(crate) fn len(&self) -> usize {
        self.pages.iter().map(StreamPage::len).sum()
    }

    /// The number of messages that were handed over as rejected.
    pub(crate) fn rejected(&self) -> u64 {
        let rejected = |page: &StreamPage| page.clone().take_rejected().len() as u64;
        self.pages.iter().map(rejected).sum()
    }
}

/// The payloads of a page.
pub(crate) fn payloads(page: &StreamPage) -> Vec<Vec<u8>> {
    page.iter().map(|record| record.as_bytes().to_vec()).collect()
}

impl<'c, 'a> Run<'c, 'a> {
    pub(crate) fn new(rule: &'static str, case: &'c SourceCase<'a>) -> Self {
        Self { rule: Rule(rule), case }
    }

    /// A source of its own.
    pub(crate) async fn setup(&self) -> SourceSetup {
        (self.case.make)().await
    }

    /// A source of its own in another situation.
    pub(crate) async fn setup_as(&self, make: &Make<'a, SourceSetup>) -> SourceSetup {
        make().await
    }

    pub(crate) fn scope(&self) -> Scope {
        self.case.outside.scope().with_dead_letter()
    }

    /// Opens a run at the source's own beginning.
    pub(crate) async fn open(&self, setup: &SourceSetup) -> Box<dyn PageReader> {
        self.open_in(setup, &self.scope()).await
    }

    pub(crate) async fn open_in(&self, setup: &SourceSetup, scope: &Scope) -> Box<dyn PageReader> {
        self.rule.ok(setup.source.open(scope).await, "open")
    }

    /// Opens a run behind `position`, as the runner does after a crash. A far end that waits for
    /// acknowledgements knows by itself where to go on.
    pub(crate) async fn resume(
        &self,
        setup: &SourceSetup,
        position: Option<&Position>,
    ) -> Box<dyn PageReader> {
        let scope = self.scope().with_state();
        match position.filter(|_| setup.source.info().resume == Resume::Positions) {
            Some(position) => self.open_in(setup, &scope.with_position(position.clone())).await,
            None => self.open_in(setup, &scope).await,
        }
    }

    /// The next page; `None` at the end.
    pub(crate) async fn next(&self, reader: &mut dyn PageReader) -> Option<StreamPage> {
        self.page(reader.next_page().await).ok()
    }

    /// A page, or why there is none.
    pub(crate) fn page(&self, next: faucet_core::Result<Next>) -> Result<StreamPage, Ended> {
        match self.rule.ok(next, "next_page") {
            Next::Page(page) => Ok(page),
            Next::End(ended) => Err(ended),
            other => self.rule.broken(format_args!("an unknown answer: {other:?}")),
        }
    }

    /// Reads to the end, or, of a live feed, until the run has all its records.
    pub(crate) async fn read(&self, reader: &mut dyn PageReader) -> Read {
        self.read_behind(reader, 0).await
    }

    /// Reads a run that begins behind `before` records to its end.
    pub(crate) async fn read_behind(&self, reader: &mut dyn PageReader, before: usize) -> Read {
        let mut read = Read::default();
        while !self.is_complete(before + read.len()) {
            match self.page(reader.next_page().await) {
                Ok(page) => read.pages.push(page),
                Err(ended) => {
                    read.ended = Some(ended);
                    break;
                }
            }
        }
        read
    }

    /// Whether `records` are all of a live feed.
    pub(crate) fn is_complete(&self, records: usize) -> bool {
        self.case.expected.live && records >= self.wanted()
    }

    /// How many records the case says that a run has.
    fn wanted(&self) -> usize {
        let expected = &self.case.expected;
        let known = expected.payloads.as_ref().map(Vec::len).or(expected.records);
        known.unwrap_or_else(|| {
            self.rule.broken("a case with `live` needs `payloads` or `records`");
        })
    }

    /// All records of a run: those of the case, or those of a run that nobody disturbs.
    pub(crate) async fn expected(&self) -> Vec<Vec<u8>> {
        if let Some(payloads) = &self.case.expected.payloads {
            return payloads.clone();
        }
        let setup = self.setup().await;
        let mut reader = self.open(&setup).await;
        self.read(&mut *reader).await.payloads()
    }

    /// Reads `pages` pages, or as many as there are.
    pub(crate) async fn read_pages(&self, reader: &mut dyn PageReader, pages: usize) -> Read {
        let mut read = Read::default();
        while read.pages.len() < pages && !self.is_complete(read.len()) {
            match self.next(reader).await {
                Some(page) => read.pages.push(page),
                None => break,
            }
        }
        read
    }

    /// The numbers of pages after which a rule stops a run: all of a short run, some of a long one.
    pub(crate) async fn cuts(&self) -> Vec<usize> {
        const MOST: usize = 24;
        let setup = self.setup().await;
        let mut reader = self.open(&setup).await;
        let pages = self.read(&mut *reader).await.pages.len();
        let step = pages.div_ceil(MOST).max(1);
        let mut cuts: Vec<usize> = (0..pages).step_by(step).collect();
        cuts.push(pages);
        cuts
    }
}
