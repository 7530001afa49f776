//! Where in the text each diagnostic stands.

use faucet_core::{KeyPath, Problem, ProblemKind, nearest};
use serde_json::Value;

use crate::diagnostic::{Advice, Diagnostic, SourceText, Span, in_order, without_secrets};
use crate::file::advise::advice;
use crate::file::findings::Findings;
use crate::file::places::Places;

/// Warns of values in the context that no component uses.
pub(crate) fn warn_of_context(tree: &Value, findings: &mut Findings<'_>) {
    let Some(Value::Object(context)) = tree.get("context") else { return };
    let Some(used) = findings.used().cloned() else { return };
    for name in context.keys().filter(|name| !used.contains(*name)) {
        let near = nearest(name, used.iter().map(String::as_str)).map(str::to_owned);
        let path = KeyPath::key("context").then(name.as_str());
        if findings.concern(&path) || findings.suggest(name) {
            continue;
        }
        findings.warn(Problem::new(path, ProblemKind::UnusedContext { near }));
    }
}

/// Stands in advice for a value that is not shown.
const HIDDEN: &str = "…";

/// Gives each diagnostic its place in the text, and the value that stands there.
pub(crate) fn locate(found: &mut Vec<Diagnostic>, text: &SourceText, places: &Places) {
    let masked = text.masked();
    for diagnostic in found.iter_mut() {
        let Diagnostic { problem, span, others, value, .. } = diagnostic;
        let of_key = problem.kind.is_about_key();
        if span.is_none() && others.is_empty() {
            *span = match &problem.kind {
                // A key that is missing has no place; the map does in which it belongs.
                ProblemKind::Missing if !problem.path.is_root() => match problem.path.parent() {
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
            Some(span) if !of_key && is_exact => text.excerpt(&masked, *span),
            _ => None,
        };
        let written = diagnostic.span.and_then(|span| text.excerpt(&masked, span));
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
    in_order(found, text);
}

/// The part of a value that a problem is about.
fn narrowed(span: Span, kind: &ProblemKind, text: &str) -> Span {
    let Some(value) = text.get(span.range()) else { return span };
    let part = match kind {
        ProblemKind::Placeholder { name, .. } | ProblemKind::PlaceholderValue { name, .. } => {
            format!("{{{name}}}")
        }
        ProblemKind::Variable { name } => format!("${{{name}"),
        ProblemKind::BadVariable => "${".to_owned(),
        _ => return span,
    };
    let is_escaped = |at: &usize| part.starts_with('$') && value[..*at].ends_with('$');
    let mut places = value.match_indices(&part).map(|(at, _)| at);
    let Some(at) = places.find(|at| !is_escaped(at)) else { return span };
    let rest = &value[at..];
    let end = rest.find('}').map(|end| end + 1);
    let len = end.unwrap_or_else(|| rest.trim_end_matches(['"', '\'', '\n', '\r', ' ']).len());
    Span::new(span.start + at, span.start + at + len)
}
