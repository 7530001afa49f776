//! The text of a file.

use std::io;
use std::path::Path;

use faucet_connect::io_words;
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt as _;

use crate::values::line_end::without_line_end;

/// The longest file that is a value, in bytes: 64 KiB.
pub const LONGEST_FILE: usize = 64 * 1024;

/// Why a file brought no value. `Display` shows neither the path nor the content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFailed {
    /// The operating system did not let the file be read.
    #[error("cannot be read: {}", io_words(.0))]
    Unreadable(#[source] io::Error),
    /// The path leads to a directory, a pipe or a device. A pipe could be read once only, and a value
    /// is read anew for each connection.
    #[error("is no regular file")]
    NotAFile,
    /// The file is longer than 64 KiB.
    #[error("is longer than 64 KiB")]
    TooLong,
    /// The content is not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
}

/// Reads the bytes of the file at `path`, of at most 16 MiB. Cancel safe.
///
/// # Errors
/// The file cannot be read, or is longer.
pub async fn read_file_bytes(path: &Path) -> Result<Vec<u8>, FileFailed> {
    const LONGEST: u64 = 16 << 20;
    let found = fs::metadata(path).await.map_err(FileFailed::Unreadable)?;
    if !found.is_file() {
        return Err(FileFailed::NotAFile);
    }
    if found.len() > LONGEST {
        return Err(FileFailed::TooLong);
    }
    fs::read(path).await.map_err(FileFailed::Unreadable)
}

/// Reads the text of the file at `path`, without the line end behind it. Cancel safe.
///
/// # Errors
/// The file cannot be read, is longer than [`LONGEST_FILE`] or is not UTF-8.
pub async fn read_file(path: &Path) -> Result<String, FileFailed> {
    // The look comes before the open: to open a pipe waits for somebody who writes to it.
    let found = fs::metadata(path).await.map_err(FileFailed::Unreadable)?;
    if !found.is_file() {
        return Err(FileFailed::NotAFile);
    }
    let file = File::open(path).await.map_err(FileFailed::Unreadable)?;
    let mut bytes = Vec::new();
    let mut most = file.take(LONGEST_FILE as u64 + 1);
    most.read_to_end(&mut bytes).await.map_err(FileFailed::Unreadable)?;
    if bytes.len() > LONGEST_FILE {
        return Err(FileFailed::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| FileFailed::NotUtf8)?;
    Ok(without_line_end(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_text_comes_without_its_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("value");
        for (content, value) in
            [("t0k\n", "t0k"), ("t0k", "t0k"), ("a\nb\r\n", "a\nb"), ("", ""), ("\u{fc}", "ü")]
        {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read_file(&path).await.unwrap(), value, "{content:?}");
        }
        let longest = "x".repeat(LONGEST_FILE);
        std::fs::write(&path, &longest).unwrap();
        assert_eq!(read_file(&path).await.unwrap(), longest);
    }

    #[tokio::test]
    async fn other_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("value");
        let missing = read_file(&path).await.unwrap_err();
        assert!(matches!(&missing, FileFailed::Unreadable(_)), "{missing:?}");
        assert!(!missing.to_string().contains("os error"), "{missing}");
        let folder = read_file(directory.path()).await.unwrap_err();
        assert!(matches!(folder, FileFailed::NotAFile), "{folder:?}");
        std::fs::write(&path, "x".repeat(LONGEST_FILE + 1)).unwrap();
        let long = read_file(&path).await.unwrap_err();
        assert!(matches!(long, FileFailed::TooLong), "{long:?}");
        std::fs::write(&path, b"s3cret\xff").unwrap();
        let binary = read_file(&path).await.unwrap_err();
        assert!(matches!(binary, FileFailed::NotUtf8), "{binary:?}");
        assert!(!format!("{binary} {binary:?}").contains("s3cret"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_is_refused_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert!(matches!(read_file(&path).await, Err(FileFailed::NotAFile)));
    }
}
