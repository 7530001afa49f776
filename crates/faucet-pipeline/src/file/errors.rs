//! What is wrong with a pipeline file.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use faucet_core::{Error, Problem};

use crate::file::location::Location;
use crate::file::render;

/// One thing that is wrong with a pipeline file. `Display` shows the problem, what to do about it,
/// and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecProblem {
    /// What is wrong, at a path from the root of the file.
    pub problem: Problem,
    /// Where the key stands, or the innermost key around it. `None` when it does not come from the
    /// text.
    pub location: Option<Location>,
}

impl fmt::Display for SpecProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::problem(f, &self.problem, self.location)
    }
}

/// Everything that is wrong with a pipeline file. `Display` shows each problem in a line, with the
/// name of the file where it has one.
///
/// [`Error`] takes it over with `?`: the error is of the kind
/// [`Config`](faucet_core::ErrorKind::Config), shows these lines, and has this value as its
/// [`source`](std::error::Error::source).
#[derive(Debug)]
pub struct SpecErrors {
    file: Option<PathBuf>,
    problems: Vec<SpecProblem>,
    cause: Option<io::Error>,
}

impl SpecErrors {
    pub(crate) fn new(problems: Vec<SpecProblem>) -> Self {
        Self { file: None, problems, cause: None }
    }

    pub(crate) fn of_file(self, file: Option<PathBuf>) -> Self {
        Self { file, ..self }
    }

    pub(crate) fn because(self, cause: io::Error) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// The file, unless the text came from elsewhere.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The problems in the order of their places. At least one.
    pub fn problems(&self) -> &[SpecProblem] {
        &self.problems
    }

    /// The problems alone.
    pub fn into_problems(self) -> Vec<SpecProblem> {
        self.problems
    }
}

impl From<Problem> for SpecErrors {
    fn from(problem: Problem) -> Self {
        Self::new(vec![SpecProblem { problem, location: None }])
    }
}

impl From<SpecProblem> for SpecErrors {
    fn from(problem: SpecProblem) -> Self {
        Self::new(vec![problem])
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.iter().map(|found| (&found.problem, found.location));
        render::problems(f, self.file(), problems)
    }
}

impl std::error::Error for SpecErrors {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl From<SpecErrors> for Error {
    fn from(errors: SpecErrors) -> Self {
        Self::usage(errors.to_string()).with_source(errors)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn an_error_of_the_contract_shows_the_lines_and_keeps_the_problems() {
        let found = |key: &str, line| SpecProblem {
            problem: Problem::missing(key).help("add it"),
            location: Some(Location { line, column: 1 }),
        };
        let file = Some(PathBuf::from("a.yaml"));
        let one = SpecErrors::from(found("x", 1)).of_file(file.clone());
        assert_eq!(one.to_string(), "a.yaml: x: missing (hint: add it) at line 1, column 1");
        let errors = SpecErrors::new(vec![found("x", 1), found("y", 2)]).of_file(file);
        let error = Error::from(errors);
        let lines = "2 problems:\n  - a.yaml: x: missing (hint: add it) at line 1, column 1\n  - \
                     a.yaml: y: missing (hint: add it) at line 2, column 1";
        assert_eq!((error.to_string(), format!("{error:#}")), (lines.into(), lines.into()));
        let inner = error.source().and_then(|source| source.downcast_ref::<SpecErrors>()).unwrap();
        assert_eq!((inner.problems().len(), inner.file()), (2, Some(Path::new("a.yaml"))));
        let unread = SpecErrors::from(Problem::custom("x", "cannot be read"));
        let unread = Error::from(unread.because(io::Error::other("No such file")));
        assert_eq!(format!("{unread:#}"), "x: cannot be read: No such file");
    }
}
