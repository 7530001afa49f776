//! A configured pipeline.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::Scope;

use crate::graph::flush::Flush;
use crate::graph::node::Component;

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
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("components", &self.components()).finish_non_exhaustive()
    }
}
