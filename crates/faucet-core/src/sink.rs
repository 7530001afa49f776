//! Where pages go to.

use async_trait::async_trait;

use crate::{CheckReport, Info, Result, RunContext, StreamPage};

/// A configured far end that takes pages. Immutable; each [`open`](Self::open) starts a run.
#[async_trait]
pub trait Sink: Send + Sync {
    /// The connector's name, its redacted target and what it promises about delivery.
    fn info(&self) -> Info;

    /// Starts a run. Cancel safe: a dropped future leaves nothing behind.
    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageWriter>>;

    /// Reaches the far end step by step and leaves no trace there. `run` fills placeholders.
    async fn check(&self, run: &RunContext) -> CheckReport;

    /// [`check`](Self::check) without a context, as pass or fail.
    async fn validate_connectivity(&self) -> Result<()> {
        self.check(&RunContext::default()).await.into_result()
    }
}

/// One run of a sink.
#[async_trait]
pub trait PageWriter: Send {
    /// Writes a page.
    ///
    /// An error says how many of the page's records were written. An error of kind
    /// [`Cancelled`](crate::ErrorKind::Cancelled) means that the consumer wants no more (a closed
    /// pipe): the run ends well.
    async fn write_page(&mut self, page: StreamPage) -> Result<()>;

    /// Returns when everything written so far is delivered as [`Info::delivery`] promises. Only
    /// then may a bookmark be committed.
    async fn flush(&mut self) -> Result<()>;

    /// Flushes and ends the run politely.
    async fn close(&mut self) -> Result<()>;
}
