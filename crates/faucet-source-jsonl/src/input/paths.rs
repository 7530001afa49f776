//! The files that a path names.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The path of standard input.
pub(crate) const STDIN: &str = "-";

/// Why a path names no files.
#[derive(Debug, Error)]
pub(crate) enum PathsError {
    #[error("is no pattern: {0}")]
    Pattern(glob::PatternError),
    #[error("matches no file")]
    NoFile,
}

/// The files that a path names: one, or those that match a pattern, in the order of their names.
#[derive(Debug)]
pub(crate) struct Paths {
    path: PathBuf,
    /// Whether the path is a pattern.
    is_pattern: bool,
    waiting: VecDeque<PathBuf>,
    /// The last file that was taken.
    last: Option<PathBuf>,
}

impl Paths {
    /// # Errors
    /// The path is no pattern, or no file matches and none may come.
    pub(crate) fn new(path: &Path, may_come: bool) -> Result<Self, PathsError> {
        let is_pattern = path.to_str().is_some_and(is_pattern) && !path.exists();
        let mut paths =
            Self { path: path.to_owned(), is_pattern, waiting: VecDeque::new(), last: None };
        if is_pattern {
            paths.look()?;
            if paths.waiting.is_empty() && !may_come {
                return Err(PathsError::NoFile);
            }
        } else {
            paths.waiting.push_back(path.to_owned());
        }
        Ok(paths)
    }

    /// Whether several files may be read.
    pub(crate) fn is_pattern(&self) -> bool {
        self.is_pattern
    }

    /// Leaves out the files before `file`. A file that is gone is left out too.
    pub(crate) fn go_on_at(&mut self, file: &Path) {
        self.waiting.retain(|path| path.as_path() >= file);
        self.last = Some(file.to_owned());
    }

    /// The next file, which stays the next one.
    pub(crate) fn peek(&self) -> Option<PathBuf> {
        self.waiting.front().cloned()
    }

    /// The next file.
    pub(crate) fn next(&mut self) -> Option<PathBuf> {
        let next = self.waiting.pop_front();
        if let Some(next) = &next {
            self.last = Some(next.clone());
        }
        next
    }

    /// Looks for files that have come since, behind the last one in the order of names.
    pub(crate) fn look(&mut self) -> Result<(), PathsError> {
        if !self.is_pattern || !self.waiting.is_empty() {
            return Ok(());
        }
        let pattern = self.path.to_str().unwrap_or_default();
        let found = glob::glob(pattern).map_err(PathsError::Pattern)?;
        // A directory that may not be read has no files for us.
        let found = found.filter_map(Result::ok).filter(|path| !path.is_dir());
        let mut found: Vec<PathBuf> =
            found.filter(|path| self.last.as_ref().is_none_or(|last| path > last)).collect();
        found.sort();
        self.waiting = found.into();
        Ok(())
    }
}

/// Whether the text has a character of patterns.
fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a-2.x", "a-1.x", "b.x", "a-3.y", "[odd].x"] {
            fs::write(at(name), "").unwrap();
        }
        let all = |paths: &mut Paths| std::iter::from_fn(|| paths.next()).collect::<Vec<_>>();
        for (path, expected) in [
            ("a-*.x", vec!["a-1.x", "a-2.x"]),
            ("a-?.*", vec!["a-1.x", "a-2.x", "a-3.y"]),
            ("b.x", vec!["b.x"]),
            // A file of this very name is meant.
            ("[odd].x", vec!["[odd].x"]),
        ] {
            let mut paths = Paths::new(&at(path), false).unwrap();
            assert_eq!(all(&mut paths), expected.into_iter().map(at).collect::<Vec<_>>());
        }
        assert!(matches!(Paths::new(&at("c*"), false), Err(PathsError::NoFile)));
        assert!(matches!(Paths::new(&at("***"), false), Err(PathsError::Pattern(_))));
        let mut coming = Paths::new(&at("c*"), true).unwrap();
        assert_eq!(coming.next(), None);
        fs::write(at("c1"), "").unwrap();
        coming.look().unwrap();
        assert_eq!(all(&mut coming), [at("c1")]);
        coming.look().unwrap();
        assert_eq!(coming.next(), None);
    }

    #[test]
    fn a_later_run_begins_with_the_file_of_its_position() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["1", "3", "5"] {
            fs::write(at(name), "").unwrap();
        }
        for (position, next) in [("1", "1"), ("2", "3"), ("5", "5")] {
            let mut paths = Paths::new(&at("*"), false).unwrap();
            paths.go_on_at(&at(position));
            assert_eq!(paths.next(), Some(at(next)), "{position}");
        }
    }
}
