//! Sinks without a far end.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faucet_core::{
    CheckReport, Delivery, Error, Flushed, Info, PageWriter, Record, Result, Scope, Sink,
    StreamPage, async_trait,
};

use crate::Gate;

#[derive(Debug, Default)]
struct Taken {
    pages: Vec<StreamPage>,
    opened: usize,
    flushes: usize,
    closes: usize,
}

/// A sink that keeps everything. Clones share it, so keep one to look into.
#[derive(Debug, Clone, Default)]
pub struct MemorySink(Arc<Mutex<Taken>>);

impl MemorySink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records written so far.
    pub fn records(&self) -> Vec<Record> {
        self.pages().into_iter().flat_map(StreamPage::into_records).collect()
    }

    /// The records written so far in their JSON rendering.
    pub fn json(&self) -> Vec<String> {
        let json = |record: &Record| String::from_utf8_lossy(&record.to_json()).into_owned();
        self.records().iter().map(json).collect()
    }

    /// The pages written so far.
    pub fn pages(&self) -> Vec<StreamPage> {
        self.taken().pages.clone()
    }

    /// How often it was opened.
    pub fn opened(&self) -> usize {
        self.taken().opened
    }

    /// How often it was flushed.
    pub fn flushes(&self) -> usize {
        self.taken().flushes
    }

    /// How often a run was closed.
    pub fn closes(&self) -> usize {
        self.taken().closes
    }
}

#[async_trait]
impl Sink for MemorySink {
    fn info(&self) -> Info {
        Info::new("memory", "memory", Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        self.taken().opened += 1;
        Ok(Box::new(MemoryWriter { sink: self.clone() }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("memory")
    }
}

struct MemoryWriter {
    sink: MemorySink,
}

#[async_trait]
impl PageWriter for MemoryWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.sink.taken().pages.push(page);
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.sink.taken().flushes += 1;
        Ok(Flushed::ALL)
    }

    async fn close(&mut self) -> Result<()> {
        self.sink.taken().closes += 1;
        Ok(())
    }
}

/// Where a [`FailingSink`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Open,
    Page(usize),
    Flush,
    Close,
}

/// A [`MemorySink`] that fails at one point, and at that point always.
#[derive(Clone)]
pub struct FailingSink {
    sink: MemorySink,
    point: Point,
    error: Arc<dyn Fn() -> Error + Send + Sync>,
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

    /// Cannot be opened.
    pub fn at_open(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Open, error)
    }

    /// Takes `n` pages and fails at the next ones; a closure that panics makes a sink that panics.
    pub fn after_pages(n: usize, error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Page(n), error)
    }

    /// Takes pages and fails to flush them.
    pub fn at_flush(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Flush, error)
    }

    /// Fails when it is closed.
    pub fn at_close(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::at(Point::Close, error)
    }

    /// What it took before it failed.
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
        Ok(Box::new(FailingWriter { config: self.clone(), inner, written: 0 }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("nowhere")
    }
}

struct FailingWriter {
    config: FailingSink,
    inner: Box<dyn PageWriter>,
    written: usize,
}

#[async_trait]
impl PageWriter for FailingWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.config.fails_at(Point::Page(self.written))?;
        self.written += 1;
        self.inner.write_page(page).await
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.config.fails_at(Point::Flush)?;
        self.inner.flush().await
    }

    async fn close(&mut self) -> Result<()> {
        self.config.fails_at(Point::Close)?;
        self.inner.close().await
    }
}

/// A [`MemorySink`] whose writes wait until a [`Gate`] is open: as slow as the test wants, or
/// blocked for ever.
#[derive(Debug, Clone)]
pub struct GatedSink {
    sink: MemorySink,
    gate: Gate,
}

impl GatedSink {
    /// Every write waits at `gate`; `gate.reached()` tells when the first does.
    pub fn new(gate: &Gate) -> Self {
        Self { sink: MemorySink::new(), gate: gate.clone() }
    }

    /// What it took.
    pub fn taken(&self) -> MemorySink {
        self.sink.clone()
    }
}

#[async_trait]
impl Sink for GatedSink {
    fn info(&self) -> Info {
        Info::new("gated", "memory", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(GatedWriter { gate: self.gate.clone(), inner: self.sink.open(scope).await? }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("memory")
    }
}

struct GatedWriter {
    gate: Gate,
    inner: Box<dyn PageWriter>,
}

#[async_trait]
impl PageWriter for GatedWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.gate.pass().await;
        self.inner.write_page(page).await
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.inner.flush().await
    }

    async fn close(&mut self) -> Result<()> {
        self.inner.close().await
    }
}
