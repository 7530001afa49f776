//! The result of looking at a pipeline file.

use faucet_core::{KeyPath, Problem, ProblemKind, Registry, nearest};
use serde_json::Value;

use crate::diagnostic::{Advice, Diagnostic, Severity, SourceText, Span, without_secrets};
use crate::file::advise::advice;
use crate::file::errors::SpecErrors;
use crate::file::findings::Findings;
use crate::file::format::SpecFormat;
use crate::file::interpolate::Variable;
use crate::file::places::Places;
use crate::file::spec::PipelineSpec;
use crate::graph::Pipeline;

/// What was found in a pipeline file, and the pipeline where nothing is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The pipeline. `None` where there are errors, or variables without a value.
    pub pipeline: Option<Pipeline>,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that they are about.
    pub text: SourceText,
    /// The variables that are not set, where they are [accepted](PipelineSpec::accept_unset).
    pub unset: Vec<String>,
}

impl Verdict {
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

/// Looks at the text of a pipeline file, for editors and other tools: everything that is wrong with
/// it, in the order of the places. Does no I/O, and looks no environment variable up: the value of a
/// variable is not known, and the rest is looked at.
pub fn validate(registry: &Registry, text: &str, format: SpecFormat) -> Vec<Diagnostic> {
    match PipelineSpec::parse(text, format, |_| Variable::Unset) {
        Ok(spec) => spec.accept_unset().check(registry).diagnostics,
        Err(errors) => errors.diagnostics().to_vec(),
    }
}

/// Warns of values in the context that no component uses.
pub(crate) fn warn_of_context(tree: &Value, findings: &mut Findings<'_>) {
    let Some(Value::Object(context)) = tree.get("context") else { return };
    let Some(used) = findings.used().cloned() else { return };
    for name in context.keys().filter(|name| !used.contains(*name)) {
        let unfilled = used.iter().map(String::as_str).filter(|used| !context.contains_key(*used));
        let near = nearest(name, unfilled).map(str::to_owned);
        let path = KeyPath::key("context").then(name.as_str());
        if findings.concern(&path) {
            continue;
        }
        findings.warn(Problem::new(path, ProblemKind::UnusedContext { near }));
    }
}

/// Stands in advice for a value that is not shown.
const HIDDEN: &str = "…";

/// Gives each diagnostic its place in the text, and the value that stands there.
pub(crate) fn locate(found: &mut Vec<Diagnostic>, text: &SourceText, places: &Places) {
    for diagnostic in found.iter_mut() {
        let Diagnostic { problem, span, others, value, .. } = diagnostic;
        let of_key = problem.kind.is_about_key();
        if span.is_none() && others.is_empty() {
            *span = match &problem.kind {
                // A key that is missing has no place; the map does in which it belongs.
                ProblemKind::Missing => match problem.path.parent() {
                    Some(outer) if outer.is_root() => places.first_key(),
                    Some(outer) => places.find(&outer, true),
                    None => None,
                },
                _ if problem.path.is_root() => places.find(&problem.path, false),
                _ => places.find(&problem.path, of_key),
            };
            *span = span.map(|span| narrowed(span, &problem.kind, text.text()));
        }
        if !matches!(problem.kind, ProblemKind::Syntax { .. }) {
            let mentioned = problem.kind.mentions().into_iter();
            let mentioned = mentioned.filter(|_| {
                matches!(
                    problem.kind,
                    ProblemKind::Conflict { .. }
                        | ProblemKind::Duplicate { .. }
                        | ProblemKind::SameFile { .. }
                )
            });
            let found = mentioned.filter_map(|path| places.get(path)?.key);
            others.extend(found.filter(|other| Some(*other) != *span));
            others.sort();
            others.dedup();
        }
        let is_exact = places.get(&problem.path).is_some();
        *value = match span {
            Some(span) if !of_key && is_exact => text.excerpt(*span),
            _ => None,
        };
        let written = diagnostic.span.and_then(|span| text.excerpt(span));
        match (&mut diagnostic.advice, written) {
            (None, written) => {
                let written = written.as_deref().unwrap_or(HIDDEN);
                diagnostic.advice = advice(diagnostic, written);
            }
            // Advice repeats the value, which may be a secret.
            (Some(Advice::Quote { quoted, .. }), None) => *quoted = None,
            (Some(Advice::Quote { quoted: Some(quoted), .. }), Some(_)) => {
                *quoted = without_secrets(quoted);
            }
            _ => {}
        }
        diagnostic.start = diagnostic.span.map(|span| text.position(span.start));
        diagnostic.end = diagnostic.span.map(|span| text.position(span.end));
    }
    let unknown: Vec<KeyPath> = found
        .iter()
        .filter(|found| matches!(found.problem.kind, ProblemKind::UnknownKey { .. }))
        .map(|found| found.problem.path.clone())
        .collect();
    for diagnostic in found.iter_mut() {
        diagnostic.is_unknown_key =
            unknown.iter().any(|unknown| diagnostic.problem.path.is_within(unknown));
    }
    // What does not stand in the text comes last.
    found.sort_by_key(|found| (found.span.is_none(), found.span, found.severity));
    found.dedup_by(|one, other| one.problem == other.problem && one.span == other.span);
}

/// The part of a value that a problem is about.
fn narrowed(span: Span, kind: &ProblemKind, text: &str) -> Span {
    let Some(value) = text.get(span.range()) else { return span };
    let part = match kind {
        ProblemKind::Placeholder { name, .. } | ProblemKind::PlaceholderValue { name, .. } => {
            format!("{{{name}}}")
        }
        ProblemKind::Variable { name } => format!("${{{name}"),
        _ => return span,
    };
    let Some(at) = value.find(&part) else { return span };
    let len = value[at..].find('}').map_or(part.len(), |end| end + 1);
    Span::new(span.start + at, span.start + at + len)
}
