//! The leaves of a plan: they read what an execution is fed.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// The leaves of one execution. It travels in the context of the execution, so that a plan is the same for all
/// of them.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<Leaves>);

#[derive(Debug, Default)]
struct Leaves {
    /// By the name of their stream.
    queues: HashMap<String, Vec<Queue>>,
    /// How many leaves have not begun yet: a step of the plan may begin one when it has read another to its end.
    missing: usize,
    /// What these have to read from the beginning on.
    early: Vec<(String, RecordBatch)>,
    closed: bool,
}

impl Feed {
    /// The feed of a plan with so many leaves.
    pub(crate) fn new(leaves: usize) -> Self {
        Self(Mutex::new(Leaves { missing: leaves, ..Leaves::default() }))
    }

    /// Hands a batch to all leaves that read the stream `name`.
    pub(crate) fn push(&self, name: &str, batch: &RecordBatch) {
        let mut leaves = self.leaves();
        if leaves.missing > 0 {
            leaves.early.push((name.to_owned(), batch.clone()));
        }
        for queue in leaves.queues.get_mut(name).into_iter().flatten() {
            queue.batches.push_back(batch.clone());
            queue.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// No batch follows.
    pub(crate) fn close(&self) {
        let mut leaves = self.leaves();
        leaves.closed = true;
        for queue in leaves.queues.values_mut().flatten() {
            queue.closed = true;
            queue.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// The number of leaves, and of batches that no leaf has taken.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let leaves = self.leaves();
        let all = leaves.queues.values().flatten();
        (all.clone().count() + leaves.missing, all.map(|queue| queue.batches.len()).sum())
    }

    /// The streams that the leaves read.
    pub(crate) fn streams(&self) -> BTreeSet<String> {
        self.leaves().queues.keys().cloned().collect()
    }

    /// A leaf begins. Returns its number among those of the stream.
    fn begin(&self, name: &str) -> usize {
        let mut leaves = self.leaves();
        leaves.missing = leaves.missing.saturating_sub(1);
        let early = leaves.early.iter().filter(|(of, _)| of == name);
        let batches = early.map(|(_, batch)| batch.clone()).collect();
        let queue = Queue { batches, closed: leaves.closed, waker: None };
        if leaves.missing == 0 {
            leaves.early = Vec::new();
        }
        let queues = leaves.queues.entry(name.to_owned()).or_default();
        queues.push(queue);
        queues.len() - 1
    }

    fn leaves(&self) -> MutexGuard<'_, Leaves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let number = feed.begin(&self.name);
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
        let mut leaves = self.feed.leaves();
        let queues = leaves.queues.get_mut(&self.name);
        let Some(queue) = queues.and_then(|queues| queues.get_mut(self.number)) else {
            return Poll::Ready(None);
        };
        match queue.batches.pop_front() {
            Some(batch) => Poll::Ready(Some(Ok(batch))),
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl RecordBatchStream for Leaf {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
