//! Everything that is wrong with a pipeline file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use faucet_core::Error;

use crate::diagnostic::{Diagnostic, Format, Severity, SourceText, render};

/// Everything that is wrong with a pipeline file, or a text of another language: the diagnostics and the text that they are about.
/// `Display` shows each in a line.
///
/// [`Error`] takes it over with `?`: the error is of the kind
/// [`Config`](faucet_core::ErrorKind::Config), shows these lines, and has this value as its
/// [`source`](std::error::Error::source).
#[derive(Debug, Clone)]
pub struct SpecErrors {
    text: SourceText,
    diagnostics: Vec<Diagnostic>,
    cause: Option<Arc<std::io::Error>>,
}

impl SpecErrors {
    /// The diagnostics of `text`, at least one of them an error.
    pub fn new(text: SourceText, diagnostics: Vec<Diagnostic>) -> Self {
        Self { text, diagnostics, cause: None }
    }

    /// The failure behind a file that cannot be read.
    #[must_use]
    pub fn because(self, cause: std::io::Error) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// The file, unless the text came from elsewhere.
    pub fn file(&self) -> Option<&Path> {
        self.text.name().map(Path::new)
    }

    /// The text, which knows its secrets.
    pub fn text(&self) -> &SourceText {
        &self.text
    }

    /// What was found, in the order of the places: at least one error, and warnings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let errors: Vec<Diagnostic> = errors.cloned().collect();
        if let [_, _, ..] = errors[..] {
            writeln!(f, "{} problems:", errors.len())?;
        }
        f.write_str(render(&[(&self.text, &errors)], Format::Short).trim_end())
    }
}

impl std::error::Error for SpecErrors {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}

impl From<SpecErrors> for Error {
    fn from(errors: SpecErrors) -> Self {
        Self::usage(errors.to_string()).with_source(errors)
    }
}
