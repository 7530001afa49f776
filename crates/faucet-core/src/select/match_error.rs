//! Mistakes in the configuration of a match, with the path to each.

use std::fmt;

use super::pointer::PointerError;

/// A mistake in the configuration of a match, with the path to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchError {
    path: Vec<MatchKey>,
    problem: MatchProblem,
}

/// One step to a place inside the configuration of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchKey {
    /// A key of a map: a place such as `/data/price`, or a condition such as `min`.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// What is wrong in the configuration of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchProblem {
    /// Neither a map nor a list of maps.
    #[error("a match is a map of JSON pointers to conditions, or a list of such maps")]
    NoMatch,
    /// A map or list without an entry, which would match everything or nothing.
    #[error("the match is empty; name a place, such as `/type: trade`")]
    Empty,
    /// A place that is no JSON pointer and no special place.
    #[error("{0}; or a place is one of `text`, `prefix`, `binary`")]
    Place(PointerError),
    /// A condition is missing.
    #[error("a condition is missing")]
    NoCondition,
    /// A map with an unknown key.
    #[error("unknown condition; write `exists`, `not`, `prefix`, `suffix`, `min` or `max`")]
    UnknownCondition,
    /// A map with keys that do not go together.
    #[error("has several conditions; only `min` and `max` stand together")]
    SeveralConditions,
    /// A list without elements, of which none can hold.
    #[error("a list needs at least one element")]
    EmptyList,
    /// A list as an element of a list.
    #[error("a list stands inside of a list; write one list")]
    ListInList,
    /// A map or list where a scalar is needed.
    #[error("must be text, a number, `true`, `false` or `null`")]
    NotScalar,
    /// Something else where text is needed.
    #[error("must be text; put quotes around a number")]
    NotText,
    /// Something else where a boolean is needed.
    #[error("must be `true` or `false`")]
    NotBoolean,
    /// Something else where a number is needed.
    #[error("must be a number")]
    NotNumber,
    /// A range that no number is in.
    #[error("`min` is above `max`, so no number is in the range")]
    EmptyRange,
    /// `exists` for the whole message.
    #[error("`exists` needs a JSON pointer: a message always has its text")]
    TextIsAlwaysThere,
}

impl MatchError {
    /// The steps from the match to the mistake.
    pub fn path(&self) -> &[MatchKey] {
        &self.path
    }

    /// What is wrong there.
    pub fn problem(&self) -> MatchProblem {
        self.problem
    }

    pub(super) fn within_key(mut self, key: &str) -> Self {
        self.path.insert(0, MatchKey::Key(key.to_owned()));
        self
    }

    pub(super) fn within_index(mut self, index: usize) -> Self {
        self.path.insert(0, MatchKey::Index(index));
        self
    }
}

impl MatchProblem {
    pub(super) fn within_key(self, key: &str) -> MatchError {
        MatchError::from(self).within_key(key)
    }

    pub(super) fn within_index(self, index: usize) -> MatchError {
        MatchError::from(self).within_index(index)
    }
}

impl From<MatchProblem> for MatchError {
    fn from(problem: MatchProblem) -> Self {
        Self { path: Vec::new(), problem }
    }
}

impl fmt::Display for MatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, key) in self.path.iter().enumerate() {
            match key {
                MatchKey::Index(index) => write!(f, "[{index}]")?,
                MatchKey::Key(key) if number == 0 => f.write_str(key)?,
                MatchKey::Key(key) => write!(f, ".{key}")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for MatchError {}
