//! A configured pipeline.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use faucet_core::Scope;

use crate::graph::node::Component;
use crate::graph::plan::Plan;
use crate::graph::progress::Progress;
use crate::graph::report::Report;
use crate::graph::run::Run;

/// Named components and what flows between them. Immutable; each [`start`](Self::start) makes a run.
#[derive(Clone)]
pub struct Pipeline(Arc<Plan>);

impl Pipeline {
    pub(crate) fn of(plan: Plan) -> Self {
        Self(Arc::new(plan))
    }

    #[cfg(test)]
    pub(crate) fn settings(&self) -> &crate::graph::plan::Settings {
        &self.0.settings
    }

    /// The components. Each stands behind all that it takes pages from.
    pub fn components(&self) -> &[Component] {
        &self.0.components
    }

    /// The component of this name.
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.0.component(id)
    }

    /// The values of the placeholders.
    pub fn context(&self) -> &BTreeMap<String, String> {
        &self.0.settings.context
    }

    /// The scope of the component `id` outside of a run: its placeholders have values.
    pub fn scope(&self, id: &str) -> Scope {
        self.0.scope(id)
    }

    /// The far end of the component `id`, redacted, its placeholders filled; empty where there is none.
    pub fn target(&self, id: &str) -> String {
        self.0.target(id)
    }

    /// A run of this pipeline. It begins when it is awaited.
    pub fn start(&self) -> Run {
        Run::new(Arc::clone(&self.0))
    }

    /// The report of a run that goes on. `progress` is that of a run of this pipeline; `ended` is
    /// [`End::Running`].
    ///
    /// [`End::Running`]: crate::End::Running
    pub fn report_so_far(&self, progress: &Progress) -> Report {
        Report::so_far(&self.0, progress)
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
