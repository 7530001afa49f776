//! A source of given pages.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Info, Next, PageReader, Payload, Position,
    Record, Result, Resume, Scope, Source, StreamPage, Text, Timestamp, async_trait,
};

use crate::Chaos;
use crate::doubles::make_error::MakeError;

#[derive(Clone)]
enum Then {
    End(Ended),
    Fail(MakeError),
    Hang,
}

/// The calls that a [`VecSource`] has seen.
#[derive(Debug, Default)]
struct Seen {
    committed: Vec<Position>,
    opened: usize,
    closed: usize,
}

/// A source that yields given pages and then ends, fails or hangs. Every run yields the same, or,
/// behind a position, the rest: a position is the number of pages that were handed over. Clones share
/// what the far end has seen.
#[derive(Clone)]
pub struct VecSource {
    pages: Vec<StreamPage>,
    last: Option<StreamPage>,
    then: Then,
    resume: Resume,
    chaos: Chaos,
    seen: Arc<Mutex<Seen>>,
}

impl fmt::Debug for VecSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VecSource").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl VecSource {
    /// Yields `pages`, then ends.
    pub fn new(pages: impl IntoIterator<Item = StreamPage>) -> Self {
        Self {
            pages: pages.into_iter().collect(),
            last: None,
            then: Then::End(Ended::Exhausted),
            resume: Resume::Positions,
            chaos: Chaos::none(),
            seen: Arc::default(),
        }
    }

    /// Yields text records, `page_size` to a page, received at the Unix epoch.
    ///
    /// # Panics
    /// When `page_size` is zero.
    pub fn texts<T: AsRef<str>>(texts: &[T], page_size: usize) -> Self {
        let record = |text: &T| {
            Record::new(Payload::Text(Text::from(text.as_ref())), Timestamp::from_unix_millis(0))
        };
        let pages = texts.chunks(page_size);
        Self::new(pages.map(|chunk| StreamPage::new(chunk.iter().map(record).collect())))
    }

    /// Ends for this reason.
    #[must_use]
    pub fn then_end(mut self, ended: Ended) -> Self {
        self.then = Then::End(ended);
        self
    }

    /// Fails after the pages; a closure that panics makes a source that panics.
    #[must_use]
    pub fn then_fail(mut self, error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        self.then = Then::Fail(Arc::new(error));
        self
    }

    /// Yields nothing more after the pages and does not end: a live feed that went quiet.
    #[must_use]
    pub fn then_hang(mut self) -> Self {
        self.then = Then::Hang;
        self
    }

    /// Hands `page` over when the run is drained.
    #[must_use]
    pub fn with_last_page(mut self, page: StreamPage) -> Self {
        self.last = Some(page);
        self
    }

    /// Has no positions.
    #[must_use]
    pub fn without_positions(mut self) -> Self {
        self.resume = Resume::No;
        self
    }

    /// Takes a step of `chaos` in each `open`, `next_page` and `committed`.
    #[must_use]
    pub fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = chaos;
        self
    }

    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The positions that were committed so far, in order: the numbers of pages.
    pub fn committed(&self) -> Vec<Position> {
        self.seen(|seen| seen.committed.clone())
    }

    /// How often it was opened.
    pub fn opened(&self) -> usize {
        self.seen(|seen| seen.opened)
    }

    /// How often a run was closed.
    pub fn closed(&self) -> usize {
        self.seen(|seen| seen.closed)
    }
}

#[async_trait]
impl Source for VecSource {
    fn info(&self) -> Info {
        let delivery = match self.resume {
            Resume::No => Delivery::AtMostOnce,
            _ => Delivery::AtLeastOnce,
        };
        Info::new("vec", "memory", delivery).with_resume(self.resume)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        self.chaos.step().await;
        let next = match scope.position() {
            None => 0,
            Some(position) => position.as_str().parse().map_err(|error| {
                Error::new(ErrorKind::Other, format!("{position} is no number of pages"))
                    .with_source(error)
            })?,
        };
        self.seen(|seen| seen.opened += 1);
        Ok(Box::new(VecReader { of: self.clone(), next }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("memory")
    }
}

struct VecReader {
    of: VecSource,
    /// The number of pages handed over.
    next: usize,
}

#[async_trait]
impl PageReader for VecReader {
    async fn next_page(&mut self) -> Result<Next> {
        self.of.chaos.step().await;
        if let Some(page) = self.of.pages.get(self.next) {
            self.next += 1;
            return Ok(Next::Page(page.clone()));
        }
        match &self.of.then {
            Then::End(ended) => Ok(Next::End(*ended)),
            Then::Fail(error) => Err(error()),
            Then::Hang => std::future::pending().await,
        }
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(self.of.last.take())
    }

    fn position(&self) -> Option<Position> {
        (self.of.resume != Resume::No).then(|| Position::new(self.next.to_string()))
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        self.of.chaos.step().await;
        self.of.seen(|seen| seen.committed.push(upto.clone()));
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.of.seen(|seen| seen.closed += 1);
        Ok(())
    }
}
