//! What is wrong, where, and what to do.

use faucet_core::{Code, ComponentKind, KeyPath, Problem, ProblemKind, Registry, SchemaView, Step};

use crate::diagnostic::advice::Advice;
use crate::diagnostic::position::{Position, Span};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The pipeline does not run.
    Error,
    /// The pipeline runs, and probably not as it was meant.
    Warning,
}

impl Severity {
    /// The severity in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong with a text that configures a pipeline: the facts, and the sentences made
/// of them. `Display` shows it in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, at a path from the root of the file.
    pub problem: Problem,
    /// The part of the text that is wrong: a value, or a key where the key is wrong. `None` where it
    /// does not come from the text, such as a value of `--set`.
    pub span: Option<Span>,
    /// Where that part begins.
    pub start: Option<Position>,
    /// Where it ends: the place behind its last character.
    pub end: Option<Position>,
    /// Other parts of the text that it is about, such as the first of two equal keys.
    pub others: Vec<Span>,
    /// A few words for these parts, where the kind of the problem does not say enough.
    pub other_label: Option<&'static str>,
    /// What stands in the text, where it may be shown: a variable by its name, no secret.
    pub value: Option<String>,
    /// Which slip probably brought it about.
    pub advice: Option<Advice>,
    /// The component that the key belongs to.
    pub owner: Option<Owner>,
    /// Whether the key itself is not known.
    pub is_unknown_key: bool,
}

/// The component that a key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owner {
    /// Where the component stands in the file.
    pub place: KeyPath,
    /// `source`, `transform` or `sink`.
    pub kind: &'static str,
    /// The name of the component.
    pub id: String,
    /// The connector, if it is known.
    pub connector: Option<String>,
}

impl Owner {
    /// The schema of its connector.
    pub(crate) fn schema<'a>(&self, registry: &'a Registry) -> Option<SchemaView<'a>> {
        let name = self.connector.as_deref()?;
        let schema = match self.kind {
            kind if kind == ComponentKind::Source.as_str() => registry.sources.find(name)?.schema(),
            kind if kind == ComponentKind::Sink.as_str() => registry.sinks.find(name)?.schema(),
            _ => registry.transforms.find(name)?.schema(),
        };
        Some(SchemaView::new(schema))
    }
}

impl Diagnostic {
    /// A diagnostic without a place.
    pub fn new(severity: Severity, problem: Problem) -> Self {
        Self {
            severity,
            problem,
            span: None,
            start: None,
            end: None,
            others: Vec::new(),
            other_label: None,
            value: None,
            advice: None,
            owner: None,
            is_unknown_key: false,
        }
    }

    /// The code, which stays as it is when words change.
    pub fn code(&self) -> Code {
        self.problem.kind.code()
    }

    /// The key that it is about, as a path from the root of the file.
    pub fn key(&self) -> &KeyPath {
        &self.problem.path
    }

    /// The topic of `faucet explain` that says more.
    pub fn topic(&self) -> String {
        let code = || self.code().as_str().to_owned();
        let Some(owner) = &self.owner else {
            return match self.problem.path.first_key() {
                Some("flush" | "state" | "grace" | "parallel" | "context") => {
                    let path = match self.is_unknown_key {
                        true => self.problem.path.parent().unwrap_or_default(),
                        false => self.problem.path.clone(),
                    };
                    format!("pipeline.{path}")
                }
                _ => code(),
            };
        };
        let key = self.problem.path.relative_to(&owner.place);
        let is_own = key == self.problem.path || self.is_unknown_key;
        match (&owner.connector, is_own) {
            (Some(connector), true) => format!("{}.{connector}", owner.kind),
            _ if matches!(self.problem.kind, ProblemKind::Misplaced { .. }) => code(),
            (Some(connector), false) if key.first_key() != Some("type") => {
                let keys = key.steps().iter().filter_map(|step| match step {
                    Step::Key(key) => Some(&**key),
                    _ => None,
                });
                // A place in a record is no key of a connector.
                let keys: Vec<&str> = keys.take_while(|key| !key.starts_with('/')).collect();
                format!("{}.{connector}.{}", owner.kind, keys.join("."))
            }
            _ => code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_is_one_that_is_known() {
        let invalid = || ProblemKind::Invalid { why: "x".into() };
        let path = |keys: &[&str]| keys.iter().fold(KeyPath::root(), |path, key| path.then(*key));
        for (keys, is_unknown_key, connector, topic) in [
            (&["flush", "interval"][..], false, None, "pipeline.flush.interval"),
            (&["flush", "intervall"], true, None, "pipeline.flush"),
            (&["sink", "match", "/size", "gt"], false, Some("k"), "sink.k.match"),
            (&["sink", "url"], true, Some("k"), "sink.k"),
            (&["sink", "url"], false, None, "invalid-value"),
        ] {
            let mut found = Diagnostic::new(Severity::Error, Problem::new(path(keys), invalid()));
            found.is_unknown_key = is_unknown_key;
            found.owner = keys.starts_with(&["sink"]).then(|| Owner {
                place: KeyPath::key("sink"),
                kind: "sink",
                id: "sink".into(),
                connector: connector.map(str::to_owned),
            });
            assert_eq!(found.topic(), topic);
        }
    }
}
