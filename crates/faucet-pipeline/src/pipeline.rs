//! A configured source and sink.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{RunContext, Sink, Source};

use crate::{Report, Run};

/// How long a run may take after a shutdown, unless a pipeline says otherwise: what leaves a process
/// the time to end within two seconds.
pub const GRACE: Duration = Duration::from_millis(1800);

/// A configured source and sink. Immutable; each [`start`](Self::start) makes a run.
#[derive(Clone)]
pub struct Pipeline {
    source: Arc<dyn Source>,
    sink: Arc<dyn Sink>,
    context: BTreeMap<String, String>,
    grace: Duration,
}

impl Pipeline {
    /// Moves records from `source` to `sink`.
    pub fn new(source: Box<dyn Source>, sink: Box<dyn Sink>) -> Self {
        Self { source: source.into(), sink: sink.into(), context: BTreeMap::new(), grace: GRACE }
    }

    /// Fills `{name}` placeholders of both ends from `context`.
    #[must_use]
    pub fn with_context(mut self, context: BTreeMap<String, String>) -> Self {
        self.context = context;
        self
    }

    /// How long a run may take after a shutdown: to close the source (at most three quarters of
    /// it), to write what was received, and to flush and close the sink. Then it gives up: the
    /// report counts what was read and not written as skipped. Default [`GRACE`].
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Where records come from.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// Where they go.
    pub fn sink(&self) -> &dyn Sink {
        &*self.sink
    }

    /// What a run would be told: its values, and new counters.
    pub fn context(&self) -> RunContext {
        RunContext::new(self.context.clone())
    }

    /// A run of this pipeline. It begins when it is awaited.
    pub fn start(&self) -> Run {
        Run::new(Arc::clone(&self.source), Arc::clone(&self.sink), self.context(), self.grace)
    }

    /// Runs until the source ends or something fails; see [`Run::until`].
    pub async fn run(&self) -> Report {
        self.run_until(std::future::pending()).await
    }

    /// Runs until the source ends, something fails, or `shutdown` is ready; see [`Run::until`].
    pub async fn run_until(&self, shutdown: impl Future<Output = ()>) -> Report {
        self.start().until(shutdown).await
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("source", &self.source.info())
            .field("sink", &self.sink.info())
            .finish_non_exhaustive()
    }
}

/// Moves records from `source` to `sink` until the source ends or something fails.
pub async fn run(source: impl Source + 'static, sink: impl Sink + 'static) -> Report {
    Pipeline::new(Box::new(source), Box::new(sink)).run().await
}

/// Moves records from `source` to `sink` until the source ends, something fails, or `shutdown` is
/// ready; see [`Run::until`].
pub async fn run_until(
    source: impl Source + 'static,
    sink: impl Sink + 'static,
    shutdown: impl Future<Output = ()>,
) -> Report {
    Pipeline::new(Box::new(source), Box::new(sink)).run_until(shutdown).await
}
