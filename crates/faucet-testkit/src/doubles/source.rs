//! Sources without a far end.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use faucet_core::{
    CheckReport, Delivery, Ended, Error, Info, Next, PageReader, Payload, Record, Result, Scope,
    Source, StreamPage, Text, Timestamp, async_trait,
};

/// Makes an error, each time anew.
type MakeError = Arc<dyn Fn() -> Error + Send + Sync>;

#[derive(Clone)]
enum Then {
    End(Ended),
    Fail(MakeError),
    Hang,
}

/// A source that yields given pages and then ends, fails or hangs. Every run yields the same.
#[derive(Clone)]
pub struct VecSource {
    pages: Vec<StreamPage>,
    last: Option<StreamPage>,
    then: Then,
}

impl fmt::Debug for VecSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VecSource").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl VecSource {
    /// Yields `pages`, then ends.
    pub fn new(pages: impl IntoIterator<Item = StreamPage>) -> Self {
        let then = Then::End(Ended::Exhausted);
        Self { pages: pages.into_iter().collect(), last: None, then }
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
}

#[async_trait]
impl Source for VecSource {
    fn info(&self) -> Info {
        Info::new("vec", "memory", Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        let Self { pages, last, then } = self.clone();
        Ok(Box::new(VecReader { pages: pages.into(), last, then }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("memory")
    }
}

struct VecReader {
    pages: VecDeque<StreamPage>,
    last: Option<StreamPage>,
    then: Then,
}

#[async_trait]
impl PageReader for VecReader {
    async fn next_page(&mut self) -> Result<Next> {
        if let Some(page) = self.pages.pop_front() {
            return Ok(Next::Page(page));
        }
        match &self.then {
            Then::End(ended) => Ok(Next::End(*ended)),
            Then::Fail(error) => Err(error()),
            Then::Hang => std::future::pending().await,
        }
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        self.pages.clear();
        Ok(self.last.take())
    }
}

/// A source that cannot be opened.
#[derive(Clone)]
pub struct FailingSource(MakeError);

impl fmt::Debug for FailingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailingSource")
    }
}

impl FailingSource {
    /// Fails like this whenever it is opened or checked.
    pub fn new(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

#[async_trait]
impl Source for FailingSource {
    fn info(&self) -> Info {
        Info::new("failing", "nowhere", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        Err((self.0)())
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("nowhere");
        let outcome = faucet_core::StepOutcome::Failed((self.0)());
        report.push("open", std::time::Duration::ZERO, outcome);
        report
    }
}
