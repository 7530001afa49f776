//! A sink that keeps everything in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faucet_core::{
    CheckReport, Delivery, Flushed, Info, Mark, PageWriter, Record, Result, Scope, Sink,
    StreamPage, async_trait,
};

use crate::Chaos;

#[derive(Debug, Default)]
struct Taken {
    pages: Vec<StreamPage>,
    /// The pages that a flush has delivered.
    flushed: Vec<StreamPage>,
    marks: Vec<Mark>,
    opened: usize,
    flushes: usize,
    closes: usize,
}

/// A sink that keeps everything. Clones share it, so keep one to look into: it outlives the writers.
///
/// A page is taken at once ([`records`](Self::records), [`pages`](Self::pages)) and delivered by a
/// flush ([`flushed`](Self::flushed)): what is only taken dies with the process of a real sink.
#[derive(Debug, Clone, Default)]
pub struct MemorySink {
    taken: Arc<Mutex<Taken>>,
    chaos: Chaos,
}

/// The JSON rendering of records.
fn json(records: impl IntoIterator<Item = Record>) -> Vec<String> {
    let json = |record: Record| String::from_utf8_lossy(&record.to_json()).into_owned();
    records.into_iter().map(json).collect()
}

impl MemorySink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a step of `chaos` before and behind everything that it does. What it holds is shared
    /// with the sink that it is made of, so that a test can start again after a kill.
    #[must_use]
    pub fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = chaos;
        self
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.taken() = Taken::default();
    }

    /// The records written so far.
    pub fn records(&self) -> Vec<Record> {
        self.pages().into_iter().flat_map(StreamPage::into_records).collect()
    }

    /// The records written so far in their JSON rendering.
    pub fn json(&self) -> Vec<String> {
        json(self.records())
    }

    /// The records that a flush has delivered, in their JSON rendering.
    pub fn flushed(&self) -> Vec<String> {
        let pages = self.taken().flushed.clone();
        json(pages.into_iter().flat_map(StreamPage::into_records))
    }

    /// The pages written so far.
    pub fn pages(&self) -> Vec<StreamPage> {
        self.taken().pages.clone()
    }

    /// The marks seen so far.
    pub fn marks(&self) -> Vec<Mark> {
        self.taken().marks.clone()
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
        self.chaos.step().await;
        self.taken().opened += 1;
        Ok(Box::new(MemoryWriter { sink: self.clone(), held: Vec::new() }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("memory")
    }
}

struct MemoryWriter {
    sink: MemorySink,
    /// Pages that wait for a flush.
    held: Vec<StreamPage>,
}

#[async_trait]
impl PageWriter for MemoryWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.sink.chaos.step().await;
        self.held.push(page.clone());
        self.sink.taken().pages.push(page);
        self.sink.chaos.step().await;
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.sink.chaos.step().await;
        // Page by page, so that a kill leaves half a flush.
        for page in std::mem::take(&mut self.held) {
            self.sink.taken().flushed.push(page);
            self.sink.chaos.step().await;
        }
        self.sink.taken().flushes += 1;
        Ok(Flushed::ALL)
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        self.sink.taken().marks.push(mark.clone());
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.sink.taken().closes += 1;
        Ok(())
    }
}
