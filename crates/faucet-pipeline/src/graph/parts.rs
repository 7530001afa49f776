//! The components of a run, as one future or as tasks.

use std::panic::resume_unwind;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::graph::again::Again;
use crate::graph::shared::Outcome;

/// How long tasks that were dropped may take to be gone.
const TASKS: Duration = Duration::from_millis(100);

/// The components that are still at work.
pub(crate) enum Parts {
    /// Polled by the run itself: a page costs less, and dropping the run drops all at once.
    Here(FuturesUnordered<BoxFuture<'static, Outcome>>, Again),
    /// A task each, so that they use several cores.
    Tasks(JoinSet<Outcome>),
}

impl Parts {
    pub(crate) fn new(parts: Vec<BoxFuture<'static, Outcome>>, parallel: bool) -> Self {
        if !parallel {
            return Self::Here(parts.into_iter().collect(), Again::default());
        }
        let mut tasks = JoinSet::new();
        for part in parts {
            tasks.spawn(part);
        }
        Self::Tasks(tasks)
    }

    /// Drops the components that are still at work.
    pub(crate) async fn give_up(self) {
        if let Self::Tasks(mut tasks) = self {
            // A task is gone at its next await; one that keeps its thread is not waited for.
            let _ = timeout(TASKS, tasks.shutdown()).await;
        }
    }

    /// Ready with the next component that is over, and with `None` when all are.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        match self {
            Self::Here(set, again) => again.poll(cx, |cx| set.poll_next_unpin(cx)),
            Self::Tasks(set) => set.poll_join_next(cx).map(|joined| {
                // A component contains the panics of its plugin; this one would be our own.
                joined
                    .map(|joined| joined.unwrap_or_else(|error| resume_unwind(error.into_panic())))
            }),
        }
    }
}
