//! A configured pipeline.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{Scope, Sink, Source};

use crate::graph::builder::PipelineBuilder;
use crate::graph::flush::Flush;
use crate::graph::node::Component;
use crate::graph::report::Report;
use crate::graph::run::Run;

/// How long a run may take after a shutdown, unless a pipeline says otherwise: what leaves a process
/// the time to end within two seconds.
pub const GRACE: Duration = Duration::from_millis(1800);

/// What a pipeline is told beside its components.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) context: Arc<BTreeMap<String, String>>,
    pub(crate) flush: Flush,
    pub(crate) state: Option<PathBuf>,
    pub(crate) grace: Duration,
    pub(crate) parallel: bool,
}

/// Named components and what flows between them. Immutable; each [`start`](Self::start) makes a run.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

struct Inner {
    /// Each stands behind all that it takes pages from.
    components: Vec<Component>,
    settings: Settings,
}

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

    pub(crate) fn of(components: Vec<Component>, settings: Settings) -> Self {
        Self(Arc::new(Inner { components, settings }))
    }

    /// The components. Each stands behind all that it takes pages from.
    pub fn components(&self) -> &[Component] {
        &self.0.components
    }

    /// The component of this name.
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components().iter().find(|component| &*component.id == id)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The scope of the component `id` outside of a run: its placeholders have values.
    pub fn scope(&self, id: &str) -> Scope {
        Scope::new(id).with_values(Arc::clone(&self.0.settings.context))
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

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("components", &self.components()).finish_non_exhaustive()
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
