//! Scripts in a folder, and the command as a child.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The built command: cargo builds the examples of a crate with its tests, beside them.
pub(crate) fn command() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let command = folder.join("examples").join(format!("faucet{}", std::env::consts::EXE_SUFFIX));
    assert!(command.is_file(), "`cargo test -p faucet-sql` builds {}", command.display());
    command
}

/// What a child left that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the command to its end.
pub(crate) fn faucet<const N: usize>(arguments: [&str; N]) -> Ran {
    let mut child = Command::new(command());
    let output = child.args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Ran {
    /// Checks the exit code and that `words` are on stderr.
    #[track_caller]
    pub(crate) fn failed_with(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for words in words {
            assert!(self.stderr.contains(words), "{words:?} is not in {self:#?}");
        }
    }

    /// Checks that it ended well.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }
}

/// A folder with scripts.
#[derive(Debug)]
pub(crate) struct Scripts(TempDir);

impl Scripts {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn name(&self, file: &str) -> String {
        self.0.path().join(file).display().to_string()
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> String {
        std::fs::write(self.0.path().join(file), text).unwrap();
        self.name(file)
    }
}
