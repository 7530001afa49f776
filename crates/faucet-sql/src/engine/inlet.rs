//! The leaves of a plan: they read what an execution is fed.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::streaming::PartitionStream;
use futures_util::Stream;

/// Batches on their way to one leaf.
#[derive(Debug, Default)]
struct Queue {
    batches: VecDeque<RecordBatch>,
    closed: bool,
    waker: Option<Waker>,
}

/// The leaves of one execution, by the name of their stream. It travels in the context of the execution, so
/// that a plan is the same for all of them.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<HashMap<String, Vec<Queue>>>);

impl Feed {
    /// Hands a batch to all leaves that read the stream `name`.
    pub(crate) fn push(&self, name: &str, batch: &RecordBatch) {
        self.with(name, |queues| {
            for queue in queues {
                queue.batches.push_back(batch.clone());
                queue.waker.take().into_iter().for_each(Waker::wake);
            }
        });
    }

    /// No batch follows.
    pub(crate) fn close(&self) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for queue in queues.values_mut().flatten() {
            queue.closed = true;
            queue.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// The number of leaves, and of batches that no leaf has taken.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = queues.values().flatten();
        (all.clone().count(), all.map(|queue| queue.batches.len()).sum())
    }

    fn with<T>(&self, name: &str, work: impl FnOnce(&mut Vec<Queue>) -> T) -> T {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A name is allocated once for each leaf, and not for each batch.
        match queues.get_mut(name) {
            Some(queues) => work(queues),
            None => work(queues.entry(name.to_owned()).or_default()),
        }
    }
}

/// The leaf that reads the stream `name`.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
}

impl PartitionStream for Inlet {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let feed = context.session_config().get_extension::<Feed>().unwrap_or_default();
        let number = feed.with(&self.name, |queues| {
            queues.push(Queue::default());
            queues.len() - 1
        });
        let (name, schema) = (self.name.clone(), Arc::clone(&self.schema));
        Box::pin(Leaf { feed, name, number, schema })
    }
}

struct Leaf {
    feed: Arc<Feed>,
    name: String,
    number: usize,
    schema: SchemaRef,
}

impl Stream for Leaf {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.feed.with(&self.name, |queues| {
            let Some(queue) = queues.get_mut(self.number) else { return Poll::Ready(None) };
            match queue.batches.pop_front() {
                Some(batch) => Poll::Ready(Some(Ok(batch))),
                None if queue.closed => Poll::Ready(None),
                None => {
                    queue.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}

impl RecordBatchStream for Leaf {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
