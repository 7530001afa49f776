//! One run of a pipeline.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::{RunContext, Sink, Source};

use crate::ends::{SourceEnd, caught};
use crate::flow::{Exit, Flow};
use crate::stop::Stop;
use crate::{Progress, Report};

/// One run of a [`Pipeline`](crate::Pipeline), not begun yet.
pub struct Run {
    source: Arc<dyn Source>,
    sink: Arc<dyn Sink>,
    context: RunContext,
    grace: Duration,
    progress: Progress,
}

impl Run {
    pub(crate) fn new(
        source: Arc<dyn Source>,
        sink: Arc<dyn Sink>,
        context: RunContext,
        grace: Duration,
    ) -> Self {
        let progress = Progress::new(context.clone());
        Self { source, sink, context, grace, progress }
    }

    /// The run's counters. They go on while the run does.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Runs until the source ends, something fails, or `shutdown` is ready.
    ///
    /// The source is opened before the sink: a feed that cannot be reached leaves the destination
    /// as it is. The next page is read while the last one is being written; more is not held. After
    /// `shutdown` the source is closed, what it has received is written, and the sink is flushed and
    /// closed, all within the pipeline's grace. Both ends are closed however the run ends, and what
    /// was received before an error is written first. A panic of the source or the sink is an error.
    ///
    /// Dropping the future drops both ends without a farewell. It needs a tokio runtime with a
    /// timer.
    pub async fn until(self, shutdown: impl Future<Output = ()>) -> Report {
        let mut stop = Stop::new(shutdown, self.grace);
        let opened = tokio::select! {
            biased;
            () = stop.requested() => None,
            opened = caught("open of the source", async {
                self.source.open(&self.context).await
            }) => Some(opened.flatten()),
        };
        let (exit, error) = match opened {
            None => (Exit::Shutdown, None),
            Some(Err(error)) => (Exit::Failed, Some(error)),
            Some(Ok(reader)) => {
                let flow = Flow::new(SourceEnd::new(reader), self.progress.clone());
                // Boxed: the state of a whole run would make the caller's future a large one.
                Box::pin(flow.run(&*self.sink, &self.context, &mut stop)).await
            }
        };
        Report::new(exit, error, &self.progress)
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("progress", &self.progress).finish_non_exhaustive()
    }
}
