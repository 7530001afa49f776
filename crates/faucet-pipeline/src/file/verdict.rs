//! The result of looking at a pipeline file.

use crate::diagnostic::{Diagnostic, Severity, SourceText};
use crate::file::errors::SpecErrors;
use crate::graph::Pipeline;

/// What was found in a pipeline file, or in a text of another language, and the pipeline where nothing is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The pipeline. `None` where there are errors, or variables without a value.
    pub pipeline: Option<Pipeline>,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that they are about.
    pub text: SourceText,
    /// The variables that are not set, where they are [accepted](crate::PipelineSpec::accept_unset).
    pub unset: Vec<String>,
}

impl Verdict {
    /// What was found in `text`, and the pipeline where nothing is wrong: for another language than
    /// that of pipeline files. [`locate`](crate::diagnostic::locate) puts the diagnostics in order.
    pub fn new(pipeline: Option<Pipeline>, diagnostics: Vec<Diagnostic>, text: SourceText) -> Self {
        Self { pipeline, diagnostics, text, unset: Vec::new() }
    }

    /// Whether the file has errors.
    pub fn is_refused(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }

    /// Makes errors of warnings.
    #[must_use]
    pub fn strict(mut self) -> Self {
        for found in &mut self.diagnostics {
            found.severity = Severity::Error;
        }
        if !self.diagnostics.is_empty() {
            self.pipeline = None;
        }
        self
    }

    /// The pipeline and the warnings.
    ///
    /// # Errors
    /// Everything that was found, where there are errors.
    pub fn into_result(self) -> Result<(Pipeline, Vec<Diagnostic>), SpecErrors> {
        match self.pipeline {
            Some(pipeline) => Ok((pipeline, self.diagnostics)),
            None => Err(SpecErrors::new(self.text, self.diagnostics)),
        }
    }
}
