//! A sink at work.

use std::sync::Arc;

use bytes::Bytes;
use faucet_core::{
    Count, Error, ErrorKind, Flushed, Mark, PageWriter, Rejected, Result, Scope, StreamPage,
    Timestamp,
};
use tokio::time::Instant;

use crate::graph::guard::{caught, discard, in_time};
use crate::graph::held::Held;
use crate::graph::inbox::{Inbox, Received};
use crate::graph::outlet::Outlet;
use crate::graph::shared::{Outcome, Shared, Why};
use crate::graph::unflushed::Unflushed;

/// A sink of a run.
pub(crate) struct SinkRun {
    pub(crate) scope: Scope,
    pub(crate) writer: Box<dyn PageWriter>,
    pub(crate) inbox: Inbox,
    /// Leads to the sink's own `dead_letter`.
    pub(crate) outlet: Outlet,
    pub(crate) shared: Arc<Shared>,
    pub(crate) taken: Taken,
}

/// Records that a sink has taken since its last flush. When the run is dropped they count as
/// unconfirmed.
pub(crate) struct Taken {
    scope: Scope,
    records: u64,
    unflushed: Unflushed,
}

impl Taken {
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, records: 0, unflushed: Unflushed::default() }
    }

    fn add(&mut self, records: u64) {
        self.records += records;
        self.scope.counters().count(Count::Records, records);
    }

    /// Counts what a flush has proved.
    fn flushed(&mut self, unconfirmed: u64, rejected: u64) {
        let taken = std::mem::take(&mut self.records);
        let rejected = rejected.min(taken);
        let unconfirmed = unconfirmed.min(taken - rejected);
        let counters = self.scope.counters();
        counters.count(Count::Flushes, 1);
        counters.count(Count::Delivered, taken - rejected - unconfirmed);
        counters.count(Count::Unconfirmed, unconfirmed);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.scope.counters().count(Count::Unconfirmed, self.records);
    }
}

impl SinkRun {
    /// Flushes and returns the bytes to save.
    async fn flush(&mut self) -> Result<Option<Bytes>> {
        let begun = Instant::now();
        self.scope.counters().set_busy(Some(begun.into_std()));
        let flushed = caught("flush", async { self.writer.flush().await }).await;
        self.scope.counters().set_busy(None);
        let mut flushed: Flushed = flushed?;
        self.scope.counters().flush_took(begun.elapsed());
        self.taken.unflushed.flushed(Timestamp::now(), self.scope.counters());
        let rejected = flushed.take_rejected();
        self.taken.flushed(flushed.unconfirmed(), rejected.len() as u64);
        self.reject(rejected).await?;
        Ok(flushed.saved().cloned())
    }

    async fn reject(&mut self, rejected: Vec<Rejected>) -> Result<()> {
        self.outlet.reject(rejected).await.map_err(|error| {
            let hint = error.hint().unwrap_or_default().to_owned();
            Error::new(ErrorKind::Sink, error.to_string()).with_hint(hint)
        })
    }

    async fn mark(&mut self, mark: Mark) -> Result<()> {
        caught("mark", async { self.writer.mark(&mark).await }).await
    }

    async fn page(&mut self, input: usize, mut page: StreamPage) -> Result<()> {
        let (gaps, watermark) = page.take_marks();
        let scope = self.scope.clone();
        let held = Held::into_component(&scope, page.len());
        scope.counters().saw_gaps(&gaps);
        for gap in gaps {
            self.mark(Mark::Gap(gap)).await?;
        }
        if !page.is_empty() {
            self.write(page, held).await?;
        }
        if let Some(at) = watermark.and_then(|at| self.inbox.watermark(input, at)) {
            self.mark(Mark::Watermark(at)).await?;
        }
        Ok(())
    }

    async fn write(&mut self, page: StreamPage, mut held: Held<'_>) -> Result<()> {
        let (records, bytes) = (page.len() as u64, page.payload_bytes() as u64);
        let first = page.iter().next().map(|record| record.received_at());
        self.shared.progress.passes(self.scope.id(), &page);
        self.scope.counters().set_busy(Some(Instant::now().into_std()));
        let written = caught("write_page", async { self.writer.write_page(page).await }).await;
        self.scope.counters().set_busy(None);
        let taken = match &written {
            Ok(()) => records,
            Err(error) => error.written().unwrap_or(0).min(records),
        };
        held.release(taken);
        self.taken.add(taken);
        if taken > 0 {
            let counters = self.scope.counters();
            counters.count(Count::Pages, 1);
            first.into_iter().for_each(|first| self.taken.unflushed.took(first));
            // Of a page that was taken in part the bytes are not known record by record here.
            counters.count(Count::Bytes, if taken == records { bytes } else { 0 });
        }
        written
    }

    /// Works until the input is over. Returns the bytes to save at the end.
    async fn pump(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.inbox.receive().await {
                Received::Page(input, page) => self.page(input, page).await?,
                Received::Barrier(epoch) => {
                    let saved = self.flush().await?;
                    // The letters of this epoch stand before the barrier.
                    self.outlet.barrier(epoch);
                    self.shared.epochs.flushed(self.scope.id(), saved);
                }
                Received::End { .. } => return self.flush().await,
            }
        }
    }

    pub(crate) async fn run(mut self) -> Outcome {
        let id = Arc::clone(self.scope.id());
        let mut broken = false;
        let mut why = match self.pump().await {
            Ok(saved) => {
                self.shared.epochs.finished(&id, saved);
                Why::Done
            }
            Err(error) => {
                broken = error.kind() == ErrorKind::Panic;
                let half = error.written().is_some() && !broken;
                let why = self.failed(error);
                if half {
                    broken = self.flush_rest().await;
                }
                self.shared.epochs.lost(&id);
                why
            }
        };
        self.outlet.end(why != Why::Done);
        if broken {
            discard(self.writer);
        } else if let Err(error) = self.close().await
            && why != Why::Unwanted
        {
            self.shared.fail(Some(&id), error);
            why = Why::Failed;
        }
        Outcome { id, why }
    }

    /// Takes nothing more. An end that the consumer wants is no failure.
    fn failed(&self, error: Error) -> Why {
        self.inbox.abandon();
        if error.kind() == ErrorKind::Cancelled {
            self.shared.stop();
            return Why::Unwanted;
        }
        self.shared.fail(Some(self.scope.id()), error);
        Why::Failed
    }

    /// Flushes what was taken before a failure, and says whether the sink panicked. The failure of
    /// this flush, if it fails too, is a consequence of the first.
    async fn flush_rest(&mut self) -> bool {
        let limit = self.shared.limit();
        let flushed = in_time("flush", "the sink did not flush", limit, self.flush()).await;
        flushed.is_err_and(|error| error.kind() == ErrorKind::Panic)
    }

    async fn close(&mut self) -> Result<()> {
        let limit = self.shared.limit();
        let closing = caught("close", async { self.writer.close().await });
        in_time("close", "the sink did not close", limit, closing).await
    }
}
