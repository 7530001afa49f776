//! The files that a run has begun, where their names change with the time.
//!
//! A state file says which file was written last and how long it was. A run that was killed may have begun
//! other files since: their records come again. The journal names them, so that the next run removes what
//! stands behind the commit in every file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::name::FileName;

/// A file, and its length before the run wrote to it.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    file: String,
    length: u64,
}

/// What the state file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit<'a> {
    /// There is no state, or it is new.
    None,
    /// A run has begun, and no file of it is committed.
    Nothing,
    /// This file is the last one that was committed.
    File(&'a str),
}

/// The list of begun files. It is a hidden file beside them.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Whether the disk is awaited with each entry.
    syncs: bool,
}

impl Journal {
    pub(crate) fn new(name: &FileName, syncs: bool) -> Self {
        let directory = name.fixed_directory();
        let shown = name.shown();
        let prefix = directory.to_string_lossy();
        let own = shown.strip_prefix(&*prefix).unwrap_or(&shown).trim_start_matches('/');
        Self { path: directory.join(format!(".{}.begun", own.replace('/', "_"))), syncs }
    }

    /// Notes a file before the run writes to it.
    pub(crate) fn note(&self, file: &str, length: u64) -> io::Result<()> {
        let begun = Begun { file: file.to_owned(), length };
        let mut line = serde_json::to_vec(&begun)?;
        line.push(b'\n');
        let mut journal = OpenOptions::new().create(true).append(true).open(&self.path)?;
        journal.write_all(&line)?;
        if self.syncs { journal.sync_data() } else { Ok(()) }
    }

    /// The file that was begun last.
    pub(crate) fn last(&self) -> io::Result<Option<PathBuf>> {
        Ok(self.read()?.pop().map(|begun| begun.file.into()))
    }

    /// Every file has its end.
    pub(crate) fn clear(&self) {
        // A list that stays behind names files that are in order.
        let _ = fs::remove_file(&self.path);
    }

    fn read(&self) -> io::Result<Vec<Begun>> {
        let text = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read?,
        };
        // The last line may be half a line: then its file was not begun.
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    /// Begins the list anew with the last file.
    pub(crate) fn keep(&self, last: Option<&Path>) -> io::Result<()> {
        self.clear();
        match last {
            Some(last) => self.note(&last.to_string_lossy(), u64::MAX),
            None => Ok(()),
        }
    }

    /// Takes back what was written to the files that were begun behind the commit, and begins the list anew.
    /// Without a commit all files stay.
    pub(crate) fn take_back(&self, commit: Commit<'_>) -> io::Result<()> {
        let begun = self.read()?;
        let last = match commit {
            Commit::File(file) => begun.iter().rposition(|begun| begun.file == file),
            Commit::None | Commit::Nothing => None,
        };
        let behind = match (commit, last) {
            (_, Some(last)) => &begun[last + 1..],
            (Commit::Nothing, None) => &begun[..],
            (_, None) => &[],
        };
        for behind in behind.iter().rev() {
            cut(Path::new(&behind.file), behind.length)?;
        }
        self.clear();
        match commit {
            // A file that an earlier configuration has begun is in no list, and is never cut by one.
            Commit::File(file) => self.note(file, last.map_or(u64::MAX, |last| begun[last].length)),
            Commit::None | Commit::Nothing => Ok(()),
        }
    }
}

/// Gives a file the length that it had before; a file that the run has made is removed.
fn cut(file: &Path, length: u64) -> io::Result<()> {
    let done = match length {
        0 => fs::remove_file(file),
        length => File::options().write(true).open(file).and_then(|open| {
            if open.metadata()?.len() > length { open.set_len(length) } else { Ok(()) }
        }),
    };
    match done {
        // Somebody has taken it away since.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faucet_core::Scope;

    #[test]
    fn files_behind_the_commit_are_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("{date}/x.jsonl");
        let name = FileName::new(path.to_str().unwrap(), &Scope::default()).unwrap();
        let journal = Journal::new(&name, true);
        assert_eq!(journal.path, dir.path().join(".{date}_x.jsonl.begun"));
        let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let write = |name: &str, text: &str| fs::write(file(name), text).unwrap();
        let begin = |name: &str, length: u64| {
            journal.note(&file(name), length).unwrap();
            write(name, "1\n2\n");
        };
        begin("a", 0);
        begin("b", 0);
        begin("older", 2);
        begin("c", 0);
        let read = |name: &str| fs::read_to_string(file(name)).ok();
        journal.take_back(Commit::File(&file("b"))).unwrap();
        assert_eq!(read("a").as_deref(), Some("1\n2\n"));
        assert_eq!(read("b").as_deref(), Some("1\n2\n"));
        assert_eq!(read("older").as_deref(), Some("1\n"));
        assert_eq!(read("c"), None);
        // The committed file is the first of the new list.
        begin("d", 0);
        fs::remove_file(file("d")).unwrap();
        journal.take_back(Commit::File(&file("b"))).unwrap();
        assert_eq!(read("b").as_deref(), Some("1\n2\n"));
        // A committed file that is in no list begins one.
        journal.clear();
        journal.take_back(Commit::File(&file("a"))).unwrap();
        begin("g", 0);
        journal.take_back(Commit::File(&file("a"))).unwrap();
        assert!(read("a").is_some() && read("g").is_none());
        // Without a commit nothing is taken back.
        begin("e", 0);
        journal.take_back(Commit::None).unwrap();
        assert!(read("e").is_some() && !journal.path.exists());
        // A run that has committed no file takes all of its files back.
        begin("e", 2);
        begin("f", 0);
        journal.take_back(Commit::Nothing).unwrap();
        assert!(read("e").as_deref() == Some("1\n") && read("f").is_none());
    }
}
