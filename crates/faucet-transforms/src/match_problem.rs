//! Mistakes in a match as problems of the configuration.

use faucet_core::select::{MatchError, MatchKey, MatchProblem};
use faucet_core::{KeyPath, Problem, ProblemKind, nearest};

const CONDITIONS: [&str; 6] = ["exists", "not", "prefix", "suffix", "min", "max"];
const PLACES: [&str; 3] = ["text", "prefix", "binary"];

/// The problem of which `error` tells, in a match that stands at the key `key`.
pub(crate) fn problem_of(error: &MatchError, key: &str) -> Problem {
    let path = error.path().iter().fold(KeyPath::key(key), |path, step| match step {
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
