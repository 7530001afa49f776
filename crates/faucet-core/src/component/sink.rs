//! Where pages go to.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::component::check::CheckReport;
use crate::component::error::Result;
use crate::component::flushed::Flushed;
use crate::component::info::Info;
use crate::component::scope::Scope;
use crate::stream::{Mark, StreamPage};

/// A configured destination. Immutable; each [`open`](Self::open) starts a run that owns its state.
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// Describes the connector. Does no I/O; may be called at any time.
    fn info(&self) -> Info;

    /// Starts a run. Called after every source has opened. Leaves what is at the far end as it is
    /// until the first page. [`Scope::saved`] has the bytes of the last committed flush.
    ///
    /// Cancel safe: a dropped future leaves nothing behind.
    ///
    /// # Errors
    /// The run ends, and the sources are closed.
    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>>;

    /// Reaches the far end step by step and changes nothing there. `scope` fills placeholders.
    async fn check(&self, scope: &Scope) -> CheckReport;

    /// [`check`](Self::check) without a context, as pass or fail. Not to be overridden.
    ///
    /// # Errors
    /// The first step that failed.
    async fn validate_connectivity(&self) -> Result<()> {
        self.check(&Scope::default()).await.into_result()
    }
}

/// One run of a sink. The runner awaits one call at a time and drops a call only when it gives the
/// run up: its grace is over, or the caller dropped it.
///
/// | method | called | after | an error means |
/// |---|---|---|---|
/// | `write_page` | one at a time, never without a record | `open`, `write_page`, `mark`, `flush` | the sink is over: sources drain, other sinks get the rest, nothing more is committed |
/// | `flush` | on the pipeline's cadence, at the end, and after a failure that says how much was written | anything but a failure that does not | as `write_page` |
/// | `mark` | for each gap, and when the watermark of all inputs rises | anything | as `write_page` |
/// | `close` | once, last | anything, also an error, never a panic | the run fails, unless it has before |
#[async_trait]
pub trait PageWriter: Send {
    /// Takes a page of at least one record, in order. A record need not be delivered before `flush`.
    /// Waiting here is back-pressure.
    ///
    /// # Errors
    /// Say with [`Error::with_written`](crate::Error::with_written) how many of the page's records
    /// were taken: the runner counts them, and one `flush` follows before `close`. Without it the
    /// page counts as not written and only `close` follows. An error of kind
    /// [`Cancelled`](crate::ErrorKind::Cancelled) says that the consumer wants no more (a closed
    /// pipe): the run ends well.
    async fn write_page(&mut self, page: StreamPage) -> Result<()>;

    /// Returns when everything taken so far is delivered as [`Info::delivery`] promises, and says
    /// what is not. Called about once a second while records come (the pipeline's `flush`), and
    /// before the end; also with nothing taken. A sink with transactions commits here.
    ///
    /// The runner counts `delivered` from the answer and then commits the sources' positions: an
    /// answer that comes too early loses records at a crash.
    ///
    /// # Errors
    /// What was taken since the last flush counts as unconfirmed.
    async fn flush(&mut self) -> Result<Flushed>;

    /// Takes a mark that stands between pages. Ignoring it is right.
    ///
    /// # Errors
    /// The run ends with the error.
    async fn mark(&mut self, _mark: &Mark) -> Result<()> {
        Ok(())
    }

    /// Ends the run politely, with a time limit: the future may be dropped. Delivers nothing that
    /// `flush` has not delivered.
    ///
    /// # Errors
    /// The far end did not end well.
    async fn close(&mut self) -> Result<()> {
        Ok(())
    }
}
