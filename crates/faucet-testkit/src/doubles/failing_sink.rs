//! A sink that fails.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{
    CheckReport, Delivery, Error, Flushed, Info, Mark, PageWriter, Result, Scope, Sink,
    StepOutcome, StreamPage, async_trait,
};

use crate::doubles::make_error::MakeError;
use crate::doubles::memory_sink::MemorySink;

/// Where a [`FailingSink`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Open,
    Page(usize),
    Record(usize),
    Flush,
    Close,
}

/// A [`MemorySink`] that fails at one point, and at that point always.
#[derive(Clone)]
pub struct FailingSink {
    sink: MemorySink,
    point: Point,
    error: MakeError,
}

impl fmt::Debug for FailingSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailingSink").field("point", &self.point).finish_non_exhaustive()
    }
}

impl FailingSink {
    fn at(point: Point, error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self { sink: MemorySink::new(), point, error: Arc::new(error) }
    }

    /// Cannot be opened, and fails its check.
    pub fn at_open(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Open, error)
    }

    /// Takes `n` pages and fails at the next ones; a closure that panics makes a sink that panics.
    /// The error does not say how many records of the page were taken.
    pub fn after_pages(n: usize, error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Page(n), error)
    }

    /// Takes `n` records of a run and fails at the next one, in the middle of a page: the error says
    /// how many of its records were taken.
    pub fn after_records(n: usize, error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Record(n), error)
    }

    /// Takes pages and fails to flush them.
    pub fn at_flush(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Flush, error)
    }

    /// Fails when it is closed.
    pub fn at_close(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Close, error)
    }

    /// Puts what it takes into `sink`.
    #[must_use]
    pub fn into_sink(mut self, sink: &MemorySink) -> Self {
        self.sink = sink.clone();
        self
    }

    /// The sink behind this one, with the records taken so far.
    pub fn taken(&self) -> MemorySink {
        self.sink.clone()
    }

    fn fails_at(&self, point: Point) -> Result<()> {
        if self.point == point { Err((self.error)()) } else { Ok(()) }
    }
}

#[async_trait]
impl Sink for FailingSink {
    fn info(&self) -> Info {
        Info::new("failing", "nowhere", Delivery::AtMostOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        self.fails_at(Point::Open)?;
        let inner = self.sink.open(scope).await?;
        Ok(Box::new(FailingWriter { config: self.clone(), inner, pages: 0, records: 0 }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("nowhere");
        if let Err(error) = self.fails_at(Point::Open) {
            report.push("open", Duration::ZERO, StepOutcome::Failed(error));
        }
        report
    }
}

struct FailingWriter {
    config: FailingSink,
    inner: Box<dyn PageWriter>,
    pages: usize,
    records: usize,
}

#[async_trait]
impl PageWriter for FailingWriter {
    async fn write_page(&mut self, mut page: StreamPage) -> Result<()> {
        self.config.fails_at(Point::Page(self.pages))?;
        self.pages += 1;
        if let Point::Record(limit) = self.config.point
            && self.records + page.len() > limit
        {
            let taken = limit - self.records;
            let _rest = page.split_off(taken);
            if taken > 0 {
                self.inner.write_page(page).await?;
            }
            self.records = limit;
            return Err((self.config.error)().with_written(taken as u64));
        }
        self.records += page.len();
        self.inner.write_page(page).await
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.config.fails_at(Point::Flush)?;
        self.inner.flush().await
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        self.inner.mark(mark).await
    }

    async fn close(&mut self) -> Result<()> {
        self.config.fails_at(Point::Close)?;
        self.inner.close().await
    }
}
