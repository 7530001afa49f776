//! Where a pipeline is made and a run begins.

use faucet_core::{Sink, Source};

use crate::graph::builder::PipelineBuilder;
use crate::graph::pipeline::Pipeline;
use crate::graph::report::Report;
use crate::graph::run::Run;

impl Pipeline {
    /// Puts a pipeline together.
    pub fn builder() -> PipelineBuilder {
        PipelineBuilder::default()
    }

    /// Moves records from `source` to `sink`: a pipeline whose components have these names.
    ///
    /// # Panics
    /// When one of them panics while it describes itself.
    pub fn new(source: impl Source + 'static, sink: impl Sink + 'static) -> Self {
        let builder = Self::builder().source("source", source).sink("sink", sink, &["source"]);
        builder.build().expect("one source and one sink are a pipeline")
    }

    /// A run of this pipeline. It begins when it is awaited.
    pub fn start(&self) -> Run {
        Run::new(self.clone())
    }

    /// Runs until all sources have ended or something fails; see [`Run::until`].
    pub async fn run(&self) -> Report {
        self.run_until(std::future::pending()).await
    }

    /// Runs until all sources have ended, something fails, or `shutdown` is ready; see
    /// [`Run::until`].
    pub async fn run_until(&self, shutdown: impl Future<Output = ()> + Send) -> Report {
        self.start().until(shutdown).await
    }
}

/// Moves records from `source` to `sink` until the source ends or something fails.
pub async fn run(source: impl Source + 'static, sink: impl Sink + 'static) -> Report {
    Pipeline::new(source, sink).run().await
}

/// Moves records from `source` to `sink` until the source ends, something fails, or `shutdown` is
/// ready; see [`Run::until`].
pub async fn run_until(
    source: impl Source + 'static,
    sink: impl Sink + 'static,
    shutdown: impl Future<Output = ()> + Send,
) -> Report {
    Pipeline::new(source, sink).run_until(shutdown).await
}
