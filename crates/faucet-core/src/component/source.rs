//! Where pages come from.

use std::fmt::Debug;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::component::check::CheckReport;
use crate::component::error::Result;
use crate::component::info::Info;
use crate::component::scope::Scope;
use crate::stream::{Position, Record, StreamPage};

/// A configured feed. Immutable; each [`open`](Self::open) starts a run that owns its state.
///
/// A reconnect is the source's business: the runner opens a run once, and an error ends it.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// Describes the connector. Does no I/O; may be called at any time.
    fn info(&self) -> Info;

    /// Starts a run behind [`Scope::position`], or at the source's own beginning without one. The
    /// runner opens all sources of a run at once, before any transform or sink. Several runs may be
    /// open at once.
    ///
    /// Cancel safe: a dropped future leaves nothing behind.
    ///
    /// # Errors
    /// The run ends, and no sink was opened.
    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>>;

    /// Reaches the far end step by step and changes nothing there. `scope` fills placeholders.
    async fn check(&self, scope: &Scope) -> CheckReport;

    /// [`check`](Self::check) without a context, as pass or fail. Not to be overridden.
    ///
    /// # Errors
    /// The first step that failed.
    async fn validate_connectivity(&self) -> Result<()> {
        self.check(&Scope::default()).await.into_result()
    }

    /// A run as a stream of pages. An error is the last item; what was received before it has been
    /// yielded. Dropping the stream drops the connection without a close handshake. Not to be
    /// overridden.
    fn stream_pages<'a>(&'a self, scope: &'a Scope) -> BoxStream<'a, Result<StreamPage>> {
        enum State {
            Unopened,
            Open(Box<dyn PageReader>),
            Over,
        }
        stream::unfold(State::Unopened, move |state| async move {
            let mut reader = match state {
                State::Unopened => match self.open(scope).await {
                    Ok(reader) => reader,
                    Err(error) => return Some((Err(error), State::Over)),
                },
                State::Open(reader) => reader,
                State::Over => return None,
            };
            match reader.next_page().await {
                Ok(Next::Page(page)) => Some((Ok(page), State::Open(reader))),
                Ok(Next::End(_)) => {
                    let closed = reader.close().await;
                    closed.err().map(|error| (Err(error), State::Over))
                }
                Err(error) => Some((Err(error), State::Over)),
            }
        })
        .boxed()
    }

    /// All records of one run in memory. There is no limit: a feed without an end takes memory until
    /// it is stopped. Not to be overridden.
    ///
    /// # Errors
    /// The first error of the run. It discards what was received before it; use
    /// [`stream_pages`](Self::stream_pages) to keep that.
    async fn fetch_all(&self) -> Result<Vec<Record>> {
        let scope = Scope::default();
        let mut pages = self.stream_pages(&scope);
        let mut records = Vec::new();
        while let Some(page) = pages.next().await {
            records.extend(page?.into_records());
        }
        Ok(records)
    }
}

/// One run of a source.
///
/// The runner polls all methods on a tokio runtime with time and I/O. No method keeps the thread for
/// a millisecond: work that blocks belongs on a thread of its own. A task that a reader has spawned
/// ends with it ([`Scope::cancelled`], or drop).
///
/// | method | called | after | future dropped | an error means |
/// |---|---|---|---|---|
/// | `next_page` | while every buffer behind the source has room | `open`, `next_page`, `hold`, `committed` | often: loses nothing and begins nothing anew | the source is over; records before it came as a page first |
/// | `hold` | while a buffer is full, sinks open, or the last commit is awaited | anything | always: loses nothing | |
/// | `position` | at each flush, and once after the end | a page, `End`, an error, `drain` | | |
/// | `committed` | after a flush was saved; never twice with one position | a flush | when the run gives up | the source is over |
/// | `drain` | at most once, when the *runner* stops the source | instead of `next_page` | when the run gives up | the rest is lost, and the run fails |
/// | `close` | once, last, after the last `committed` | anything, also an error, never a panic | when the run gives up | the run fails, unless it has before |
#[async_trait]
pub trait PageReader: Send {
    /// Returns the next page, or why there is no other. A page has a record or a mark.
    ///
    /// *Cancel safe*: a dropped future loses no record, and what it began (a dial, a timer) goes on
    /// with the next call. A future that must go on therefore lives in the reader, and the state of
    /// the reader changes after an await and not before it. After [`Next::End`] or an error only
    /// `position`, `committed`, `hold` and `close` are called.
    ///
    /// # Errors
    /// Records received before an error come as a page first, the error with the next call.
    async fn next_page(&mut self) -> Result<Next>;

    /// Stops the feed and returns what was received and not handed over. Called at most once,
    /// instead of further `next_page`s; afterwards `position`, `committed`, `hold` and `close` may
    /// follow. The connection stays open: its last acknowledgements are still to come.
    ///
    /// # Errors
    /// What could not be handed over is lost.
    async fn drain(&mut self) -> Result<Option<StreamPage>>;

    /// Returns the point behind the last page *handed over* (not: received). `None`: a run could not
    /// resume there. Called between two pages, only when a flush is due.
    fn position(&self) -> Option<Position> {
        None
    }

    /// Every sink has flushed all records up to `upto`, and the state was saved: acknowledge
    /// upstream. Positions never go back; some are left out.
    ///
    /// # Errors
    /// The run ends with the error.
    async fn committed(&mut self, _upto: &Position) -> Result<()> {
        Ok(())
    }

    /// Runs while no page is wanted: keeps a connection alive, and may read into a bounded buffer.
    /// Never completes by itself; cancel safe. A source without a connection has nothing to do.
    async fn hold(&mut self) {
        std::future::pending::<()>().await;
    }

    /// Ends the run politely. Called once, last, also after an error, with a time limit: the future
    /// may be dropped.
    ///
    /// # Errors
    /// The far end did not end well.
    async fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The next step of a source: a page, or the end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Next {
    /// A page.
    Page(StreamPage),
    /// There is no other page, and why.
    End(Ended),
}

/// Why a source has no more pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ended {
    /// The source's limit of records was reached (`max_messages`).
    MaxRecords,
    /// Nothing arrived for `idle_timeout`.
    Idle,
    /// The far end closed the connection cleanly.
    Closed,
    /// There is nothing more to read (the end of a file).
    #[default]
    Exhausted,
    /// The source was asked to stop by something that it watches itself, such as Ctrl-C.
    Shutdown,
}
