//! Mistakes in a match as problems of the configuration.

use crate::config::{KeyPath, Problem, ProblemKind, nearest};

use super::match_error::{MatchError, MatchKey, MatchProblem};

const CONDITIONS: [&str; 6] = ["exists", "not", "prefix", "suffix", "min", "max"];
const PLACES: [&str; 3] = ["text", "prefix", "binary"];

impl MatchError {
    /// The mistake as a problem of a configuration that has the match at `path`.
    pub fn problem_at(&self, path: &KeyPath) -> Problem {
        problem_of(self, path.clone())
    }
}

fn problem_of(error: &MatchError, path: KeyPath) -> Problem {
    let path = error.path().iter().fold(path, |path, step| match step {
        MatchKey::Key(name) => path.then(name.as_str()),
        MatchKey::Index(index) => path.at(*index),
    });
    let near = |known: &[&'static str]| {
        let near = nearest(path.last_key()?, known.iter().copied())?;
        Some(ProblemKind::UnknownKey { near: Some(near.to_owned()) })
    };
    let words = || ProblemKind::Invalid { why: error.problem().to_string() };
    let kind = match error.problem() {
        MatchProblem::UnknownCondition => near(&CONDITIONS)
            .unwrap_or_else(|| ProblemKind::InvalidKey { why: error.problem().to_string() }),
        MatchProblem::Place(_) => near(&PLACES).unwrap_or_else(words),
        _ => words(),
    };
    Problem::new(path, kind)
}
