//! Where pages come from.

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::template::placeholders;
use crate::{CheckReport, Record, Result, RunContext, StreamPage};

/// A connector's name, target and promise, as data.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Info {
    /// The name under which the connector is registered.
    pub connector: &'static str,
    /// The far end (URL, path), redacted.
    pub target: String,
    /// What it promises about delivery.
    pub delivery: Delivery,
    /// The `{name}` placeholders that the run's context must have values for.
    pub placeholders: Vec<String>,
}

impl Info {
    /// `target` is printed: pass it redacted.
    pub fn new(connector: &'static str, target: impl Into<String>, delivery: Delivery) -> Self {
        Self { connector, target: target.into(), delivery, placeholders: Vec::new() }
    }

    /// Names the placeholders that stand in `text`, such as a path or a URL.
    #[must_use]
    pub fn with_placeholders_of(mut self, text: &str) -> Self {
        self.placeholders.extend(placeholders(text));
        self
    }
}

/// What a connector can prove about the records that went through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// A record may be lost when the connection or the process dies.
    AtMostOnce,
    /// A record may arrive twice, never not at all.
    AtLeastOnce,
}

/// Why a source handed over its last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ended {
    /// `max_messages` records were handed over.
    MaxMessages,
    /// Nothing arrived for `idle_timeout`.
    Idle,
    /// The far end closed the connection cleanly.
    Closed,
    /// There is nothing more to read (the end of a file).
    #[default]
    Exhausted,
}

/// A configured feed. Immutable; each [`open`](Self::open) starts a run.
#[async_trait]
pub trait Source: Send + Sync {
    /// The connector's name, its redacted target and what it promises about delivery.
    fn info(&self) -> Info;

    /// Starts a run. Cancel safe: a dropped future leaves nothing behind.
    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageReader>>;

    /// Reaches the far end step by step and leaves no trace there. `run` fills placeholders.
    async fn check(&self, run: &RunContext) -> CheckReport;

    /// [`check`](Self::check) without a context, as pass or fail.
    async fn validate_connectivity(&self) -> Result<()> {
        self.check(&RunContext::default()).await.into_result()
    }

    /// The run as a stream of pages. An error is the last item; what was received before it has
    /// been yielded. Dropping the stream drops the connection without a farewell.
    fn stream_pages<'a>(&'a self, run: &'a RunContext) -> BoxStream<'a, Result<StreamPage>> {
        enum State {
            Unopened,
            Open(Box<dyn PageReader>),
            Over,
        }
        stream::unfold(State::Unopened, move |state| async move {
            let mut reader = match state {
                State::Unopened => match self.open(run).await {
                    Ok(reader) => reader,
                    Err(error) => return Some((Err(error), State::Over)),
                },
                State::Open(reader) => reader,
                State::Over => return None,
            };
            match reader.next_page().await {
                Ok(Some(page)) => Some((Ok(page), State::Open(reader))),
                Ok(None) => reader.close().await.transpose().map(|last| (last, State::Over)),
                Err(error) => Some((Err(error), State::Over)),
            }
        })
        .boxed()
    }

    /// All records of one run in memory. An error discards what was received before it; use
    /// [`stream_pages`](Self::stream_pages) to keep that.
    async fn fetch_all(&self) -> Result<Vec<Record>> {
        let run = RunContext::default();
        let mut pages = self.stream_pages(&run);
        let mut records = Vec::new();
        while let Some(page) = pages.next().await {
            records.extend(page?.into_records());
        }
        Ok(records)
    }
}

/// One run of a source.
#[async_trait]
pub trait PageReader: Send {
    /// The next page, or `None` at the end. *Cancel safe*: dropping the future loses nothing.
    ///
    /// What was received before an error is handed over as a page first; the error comes with the
    /// next call.
    async fn next_page(&mut self) -> Result<Option<StreamPage>>;

    /// Ends the run politely and hands over what was received but not yet paged.
    async fn close(&mut self) -> Result<Option<StreamPage>>;

    /// Why [`next_page`](Self::next_page) returned `None`. Meaningful only after that.
    fn ended(&self) -> Ended {
        Ended::Exhausted
    }

    /// Runs while the consumer is busy and wants no page: keeps a connection alive without
    /// reading from it. Never completes by itself; cancel safe. A source without a connection
    /// has nothing to keep alive.
    async fn hold(&mut self) {
        std::future::pending::<()>().await;
    }
}
