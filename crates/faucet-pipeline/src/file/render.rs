//! The lines in which a pipeline file's problems are told. No other file makes them.

use std::fmt;
use std::path::Path;

use faucet_core::Problem;

use crate::file::location::Location;

/// Writes one problem: what is wrong, what to do, and where it stands.
pub(crate) fn problem(
    f: &mut fmt::Formatter<'_>,
    problem: &Problem,
    location: Option<Location>,
) -> fmt::Result {
    write!(f, "{problem:#}")?;
    location.iter().try_for_each(|location| write!(f, " at {location}"))
}

/// Writes all problems of the file of this name: one as it is, several as a list.
pub(crate) fn problems<'a>(
    f: &mut fmt::Formatter<'_>,
    file: Option<&Path>,
    problems: impl ExactSizeIterator<Item = (&'a Problem, Option<Location>)>,
) -> fmt::Result {
    let several = problems.len() != 1;
    if several {
        write!(f, "{} problems:", problems.len())?;
    }
    for (found, location) in problems {
        if several {
            f.write_str("\n  - ")?;
        }
        file.iter().try_for_each(|file| write!(f, "{}: ", file.display()))?;
        problem(f, found, location)?;
    }
    Ok(())
}
