//! Refuses scripts in a build without SQL.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use faucet_core::{KeyPath, Problem, Registry};
use faucet_pipeline::diagnostic::SourceText;
use faucet_pipeline::{Component, Diagnostic, Severity, SpecErrors, Variable, Verdict};

/// A script, of which this build makes none.
#[derive(Debug, Clone)]
pub(crate) struct Script(Infallible);

impl Script {
    /// # Errors
    /// Always: the build has no SQL.
    pub(crate) fn load(path: &Path) -> Result<Self, SpecErrors> {
        Err(left_out(&path.display().to_string()))
    }

    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn parse_bytes(_: &[u8], name: &str) -> Result<Self, SpecErrors> {
        Err(left_out(name))
    }

    pub(crate) fn with_variables<V: Into<Variable>>(self, _: impl Fn(&str) -> V) -> Self {
        match self.0 {}
    }

    pub(crate) fn accept_unset(self) -> Self {
        match self.0 {}
    }

    pub(crate) fn with_context(self, _: BTreeMap<String, String>) -> Self {
        match self.0 {}
    }

    pub(crate) fn check(&self, _: &Registry) -> Verdict {
        match self.0 {}
    }

    pub(crate) fn ends(&self, _: &Registry) -> Vec<Component> {
        match self.0 {}
    }

    pub(crate) fn streams(&self) -> usize {
        match self.0 {}
    }
}

fn left_out(name: &str) -> SpecErrors {
    let help = "build the command with the cargo feature `sql`; a pipeline file with another ending \
                needs --input-format";
    let problem = Problem::custom(KeyPath::root(), "this build has no SQL").help(help);
    let found = vec![Diagnostic::new(Severity::Error, problem)];
    SpecErrors::new(SourceText::default().with_name(name), found)
}
