//! A sink that is as slow as the test wants.

use faucet_core::{
    CheckReport, Delivery, Flushed, Info, Mark, PageWriter, Result, Scope, Sink, StreamPage,
    async_trait,
};

use crate::Gate;
use crate::doubles::memory_sink::MemorySink;

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

    /// The sink behind this one, with the records taken so far.
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

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        self.inner.mark(mark).await
    }

    async fn close(&mut self) -> Result<()> {
        self.inner.close().await
    }
}
