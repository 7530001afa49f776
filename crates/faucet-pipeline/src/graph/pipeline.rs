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
