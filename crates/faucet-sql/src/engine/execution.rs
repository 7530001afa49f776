//! One execution of a plan: for a page, or for a window.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use datafusion::arrow::array::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures_util::Stream as _;

use crate::engine::inlet::Feed;

/// One execution of a plan. Its owner feeds it and drives it in place: it has no task of its own, so that a
/// window is closed without waiting for another thread.
pub(crate) struct Execution {
    feed: Arc<Feed>,
    stream: SendableRecordBatchStream,
    /// What came out so far.
    results: Vec<RecordBatch>,
    /// The plan wants no more, such as behind a `LIMIT`.
    over: bool,
}

impl Execution {
    pub(crate) fn new(feed: Arc<Feed>, stream: SendableRecordBatchStream) -> Self {
        Self { feed, stream, results: Vec::new(), over: false }
    }

    /// The streams that the leaves read that have begun.
    pub(crate) fn streams(&self) -> BTreeSet<String> {
        self.feed.streams()
    }

    /// Feeds rows of the stream `name`, and lets the plan work on them.
    ///
    /// # Errors
    /// The plan failed. The execution is over.
    pub(crate) async fn feed(&mut self, name: &str, rows: &RecordBatch) -> Result<()> {
        if self.over {
            return Ok(());
        }
        self.feed.push(name, rows);
        poll_fn(|context| self.work(context, false)).await
    }

    /// The rest of the results: no row follows.
    ///
    /// # Errors
    /// The plan failed.
    pub(crate) async fn finish(mut self) -> Result<Vec<RecordBatch>> {
        self.feed.close();
        if !self.over {
            poll_fn(|context| self.work(context, true)).await?;
        }
        Ok(self.results)
    }

    /// Lets the plan work until it waits for more rows, or with `to_the_end` until it is over.
    fn work(&mut self, context: &mut Context<'_>, to_the_end: bool) -> Poll<Result<()>> {
        loop {
            match Pin::new(&mut self.stream).poll_next(context) {
                Poll::Ready(Some(Ok(batch))) => self.results.push(batch),
                Poll::Ready(Some(Err(error))) => {
                    self.over = true;
                    return Poll::Ready(Err(error));
                }
                Poll::Ready(None) => {
                    self.over = true;
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending if to_the_end => return Poll::Pending,
                Poll::Pending => {
                    // The plan may have given way to other tasks, and has to be asked again. A plan of several
                    // leaves may leave batches for later: a join reads one side to its end before the other.
                    let (leaves, batches) = self.feed.waiting();
                    return match leaves == 1 && batches > 0 {
                        true => Poll::Pending,
                        false => Poll::Ready(Ok(())),
                    };
                }
            }
        }
    }
}
