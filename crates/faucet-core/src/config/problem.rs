//! What is wrong with a configuration, as data. `Display` makes the sentences; nothing else does.

use std::fmt;

use crate::config::path::KeyPath;
use crate::config::problem_kind::{NoEffect, ProblemKind};

/// One thing that is wrong with a configuration, and where. `Display` shows it in a line; the
/// alternate form `{:#}` adds what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where.
    pub path: KeyPath,
    /// In which way.
    pub kind: ProblemKind,
    /// What the key takes, such as `a whole number`.
    pub expected: Option<String>,
    /// Advice for the user.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<KeyPath>, kind: ProblemKind) -> Self {
        Self { path: path.into(), kind, expected: None, help: None }
    }

    /// A required key is missing.
    pub fn missing(path: impl Into<KeyPath>) -> Self {
        Self::new(path, ProblemKind::Missing)
    }

    /// One of these keys is required.
    pub fn missing_one_of<K: Into<KeyPath>>(keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(Into::into).collect();
        Self::new(KeyPath::root(), ProblemKind::MissingOneOf { keys, or: None })
    }

    /// A value is too small, too large or empty; `expected` says what is allowed.
    pub fn out_of_range(path: impl Into<KeyPath>, expected: impl Into<String>) -> Self {
        Self::new(path, ProblemKind::OutOfRange).expected(expected)
    }

    /// A value has the wrong content; `why` says in which way and does not repeat the value.
    pub fn invalid(path: impl Into<KeyPath>, why: impl Into<String>) -> Self {
        Self::new(path, ProblemKind::Invalid { why: why.into() })
    }

    /// The key at `path` may not stand beside the key `with`.
    pub fn conflict(path: impl Into<KeyPath>, with: impl Into<KeyPath>) -> Self {
        Self::new(path, ProblemKind::Conflict { with: with.into() })
    }

    /// The key at `path` has a meaning only beside the key `key`.
    pub fn needs(path: impl Into<KeyPath>, key: impl Into<KeyPath>) -> Self {
        Self::new(path, ProblemKind::Needs { key: key.into() })
    }

    /// The value at `path` may not be below that of the key `key`.
    pub fn below(path: impl Into<KeyPath>, key: impl Into<KeyPath>) -> Self {
        Self::new(path, ProblemKind::Below { key: key.into() })
    }

    /// A rule of a connector's own; `what` says in a line what is wrong.
    pub fn custom(path: impl Into<KeyPath>, what: impl Into<String>) -> Self {
        Self::new(path, ProblemKind::Custom(what.into()))
    }

    /// Says what the key takes.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The advice that the line of `Display` does not have.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref().filter(|_| !self.is_advice())
    }

    /// Whether the advice says all: to a key that there is not.
    fn is_advice(&self) -> bool {
        self.help.is_some() && matches!(self.kind, ProblemKind::UnknownKey { .. })
    }

    /// The same problem in a tree that has this one at `outer`.
    #[must_use]
    pub fn under(self, outer: &KeyPath) -> Self {
        self.map_paths(|path| path.under(outer))
    }

    /// The same problem with other names for the keys that it is about.
    #[must_use]
    pub fn map_paths(mut self, map: impl Fn(KeyPath) -> KeyPath) -> Self {
        let apply = |path: &mut KeyPath| *path = map(std::mem::take(path));
        match &mut self.kind {
            ProblemKind::Conflict { with: path }
            | ProblemKind::Needs { key: path }
            | ProblemKind::Below { key: path }
            | ProblemKind::Duplicate { of: path }
            | ProblemKind::NoEffect { reason: NoEffect::Without { key: path, .. } }
            | ProblemKind::NoEffect { reason: NoEffect::Overtaken { by: path } }
            | ProblemKind::SameFile { source: path }
            | ProblemKind::TakenLater { by: path, .. }
            | ProblemKind::Misplaced { to: Some(path) } => apply(path),
            ProblemKind::MissingOneOf { keys, or } => keys.iter_mut().chain(or).for_each(apply),
            _ => {}
        }
        let apply = |path: &mut KeyPath| *path = map(std::mem::take(path));
        apply(&mut self.path);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        match &self.kind {
            ProblemKind::UnknownKey { .. } if self.is_advice() => {
                self.help.iter().try_for_each(|help| f.write_str(help))?;
            }
            // The keys stand below the problem's own place, which is named already.
            ProblemKind::MissingOneOf { keys, or } => {
                let below = |key: &KeyPath| key.relative_to(&self.path);
                let (keys, or) = (keys.iter().map(below).collect(), or.as_ref().map(below));
                write!(f, "{}", ProblemKind::MissingOneOf { keys, or })?;
            }
            kind => write!(f, "{kind}")?,
        }
        self.expected.iter().try_for_each(|expected| write!(f, ", expected {expected}"))?;
        match self.hint() {
            Some(help) if f.alternate() => write!(f, " (hint: {help})"),
            _ => Ok(()),
        }
    }
}

/// The problems of a configuration, so that all are reported together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds the problem that `problem` makes when `wrong` holds.
    pub fn push_if(&mut self, wrong: bool, problem: impl FnOnce() -> Problem) {
        if wrong {
            self.push(problem());
        }
    }

    /// Takes over the problems of a part of the tree that stands at `outer`: only paths change.
    pub fn extend_under(&mut self, outer: &KeyPath, inner: Self) {
        self.0.extend(inner.0.into_iter().map(|problem| problem.under(outer)));
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is at `path` or below it.
    pub fn concern(&self, path: &KeyPath) -> bool {
        self.0.iter().any(|problem| problem.path.is_within(path))
    }

    /// `Ok` when there are none.
    ///
    /// # Errors
    /// All of them.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    /// One problem as it is, several as a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "{} problems:", self.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem:#}"))
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_words() {
        let near = |near: &str| ProblemKind::UnknownKey { near: Some(near.into()) };
        for (problem, words) in [
            (Problem::new("a", near("ab")), "a: unknown key (did you mean `ab`?)"),
            (Problem::missing("url"), "url: missing"),
            (
                Problem::new("count", ProblemKind::WrongType { found: "text" })
                    .expected("a whole number"),
                "count: wrong type: text, expected a whole number",
            ),
            (
                Problem::out_of_range("limit", "at least 1"),
                "limit: out of range, expected at least 1",
            ),
            (Problem::conflict("a", "b"), "a: not together with b"),
            (Problem::needs("a", "b").help("set b"), "a: needs b"),
            (Problem::new("a", near("ab")).help("use `ab`"), "a: use `ab`"),
            (Problem::below("max", "min"), "max: out of range, below min"),
            (
                Problem::new(
                    KeyPath::root(),
                    ProblemKind::MissingOneOf {
                        keys: vec!["max_messages".into(), "idle_timeout".into()],
                        or: Some("unbounded".into()),
                    },
                ),
                "at least one of max_messages or idle_timeout must be set (or unbounded: true)",
            ),
        ] {
            assert_eq!(problem.to_string(), words);
        }
        assert_eq!(
            format!("{:#}", Problem::needs("a", "b").help("set b")),
            "a: needs b (hint: set b)"
        );
        let advised = Problem::new("a", near("ab")).help("use `ab`");
        assert_eq!((format!("{advised:#}").as_str(), advised.hint()), ("a: use `ab`", None));
    }

    #[test]
    fn a_problem_moves_with_all_its_paths() {
        let mut all = Problems::new();
        all.extend_under(&KeyPath::key("source"), Problem::conflict("a", "b").into());
        assert_eq!(all.to_string(), "source.a: not together with source.b");
        assert!(all.concern(&"source".into()) && !all.concern(&"sink".into()));
        let one_of = Problem::missing_one_of(["a", "b"]).under(&"source".into());
        assert_eq!(one_of.to_string(), "source: at least one of a or b must be set");
        let one = Problem::missing_one_of(["at"]).under(&"transform".into());
        assert_eq!(one.to_string(), "transform: at must be set");
        all.push_if(false, || Problem::missing("never"));
        all.push_if(true, || Problem::missing("sink").help("add one"));
        let listed = "2 problems:\n  - source.a: not together with source.b\n  \
                      - sink: missing (hint: add one)";
        assert_eq!(all.to_string(), listed);
    }
}
