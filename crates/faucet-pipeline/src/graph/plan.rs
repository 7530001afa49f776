//! What a run is made of: components in their order, and settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{Scope, template};

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

/// Components that form a pipeline, and its settings.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Each stands behind all that it takes pages from.
    pub(crate) components: Vec<Component>,
    pub(crate) settings: Settings,
}

impl Plan {
    pub(crate) fn component(&self, id: &str) -> Option<&Component> {
        self.components.iter().find(|component| **component.id() == *id)
    }

    /// The far end of a component, its placeholders filled.
    pub(crate) fn target(&self, id: &str) -> String {
        let component = self.component(id);
        let fill = |c: &Component| template::fill_target(&c.info().target, &self.scope(id));
        component.map(fill).unwrap_or_default()
    }

    /// The scope of a component outside of a run.
    pub(crate) fn scope(&self, id: &str) -> Scope {
        let scope = Scope::new(id).with_values(Arc::clone(&self.settings.context));
        match self.component(id) {
            Some(component) => scope.with_inputs(component.from.as_slice()),
            None => scope,
        }
    }
}
