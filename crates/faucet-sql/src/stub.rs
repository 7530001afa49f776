//! STUB of the branch `sql-cli`: the interface of `Script`, so that the command compiles. The merge
//! takes the real one.

use std::collections::BTreeMap;
use std::path::Path;

use faucet_core::{KeyPath, Problem, Problems, Registry};
use faucet_pipeline::diagnostic::SourceText;
use faucet_pipeline::{Component, Diagnostic, Severity, SpecErrors, Verdict};

/// A script.
#[derive(Debug, Clone)]
pub struct Script(SourceText);

impl Script {
    /// Loads.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(path: &Path) -> Result<Self, SpecErrors> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| {
            let problem = Problem::custom(KeyPath::root(), "there is no such file");
            let found = vec![Diagnostic::new(Severity::Error, problem)];
            SpecErrors::new(SourceText::default().with_name(&*name), found).because(cause)
        })?;
        Self::parse_bytes(&bytes, &name)
    }

    /// Parses.
    ///
    /// # Errors
    /// Never.
    pub fn parse_bytes(bytes: &[u8], name: &str) -> Result<Self, SpecErrors> {
        Ok(Self(SourceText::new(&*String::from_utf8_lossy(bytes)).with_name(name)))
    }

    /// Parses.
    pub fn parse(text: &str) -> Self {
        Self(SourceText::new(text))
    }

    /// Fills placeholders.
    #[must_use]
    pub fn with_context(self, _: BTreeMap<String, String>) -> Self {
        self
    }

    /// Checks.
    pub async fn check(&self, _: &Registry) -> Verdict {
        Verdict::new(None, Vec::new(), self.0.clone())
    }

    /// Its ends.
    pub fn ends(&self, _: &Registry) -> Vec<Component> {
        Vec::new()
    }

    /// How many streams it declares.
    pub fn streams(&self) -> usize {
        self.0.text().matches("CREATE STREAM").count()
    }

    /// How many queries it has.
    pub fn queries(&self) -> usize {
        self.0.text().matches("SELECT").count()
    }

    /// Its plan.
    ///
    /// # Errors
    /// Never.
    pub async fn plan(&self, _: &Registry) -> Result<String, SpecErrors> {
        Ok(String::from("plan\n"))
    }
}

/// Registers nothing.
///
/// # Errors
/// Never.
pub fn register(_: &mut Registry) -> Result<(), Problems> {
    Ok(())
}
