//! The committed length of a file, and its text in a state file.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The length of a file at a flush that was committed. Saved as an object such as
/// `{"file":"out.jsonl","length":1234}`, so that a person can read it. A file's name is no secret.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Committed {
    file: String,
    length: u64,
}

/// Why a run cannot go on behind a committed length.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum CommittedError {
    #[error("the saved length is not one of this sink")]
    Malformed,
    #[error("the saved length belongs to the file {file:?}")]
    OtherFile { file: String },
    #[error("an earlier run has written a regular file, and this is a pipe or a device")]
    NotRegular,
    #[error("the file does not exist, and an earlier run has committed {committed} bytes to it")]
    Missing { committed: u64 },
    #[error("the file has only {length} bytes, and an earlier run has committed {committed}")]
    Short { length: u64, committed: u64 },
}

impl Committed {
    /// The bytes to save for a `file` of this length.
    pub(crate) fn to_bytes(file: &str, length: u64) -> Vec<u8> {
        let committed = Self { file: file.to_owned(), length };
        serde_json::to_vec(&committed).expect("names and numbers can be written")
    }

    /// The length of `file` that `saved` says.
    pub(crate) fn length_of(saved: &[u8], file: &str) -> Result<u64, CommittedError> {
        let committed: Self =
            serde_json::from_slice(saved).map_err(|_| CommittedError::Malformed)?;
        if committed.file != file {
            return Err(CommittedError::OtherFile { file: committed.file });
        }
        Ok(committed.length)
    }
}

/// Checks that a file of `length` bytes still has what was committed.
pub(crate) fn check(regular: bool, length: u64, committed: u64) -> Result<(), CommittedError> {
    match (regular, length < committed) {
        (false, _) => Err(CommittedError::NotRegular),
        (true, true) => Err(CommittedError::Short { length, committed }),
        (true, false) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_can_be_read_by_people_and_by_the_sink() {
        let saved = Committed::to_bytes("a \"b\".jsonl", 1234);
        assert_eq!(saved, br#"{"file":"a \"b\".jsonl","length":1234}"#);
        assert_eq!(Committed::length_of(&saved, "a \"b\".jsonl"), Ok(1234));
        let other = CommittedError::OtherFile { file: "a \"b\".jsonl".into() };
        assert_eq!(Committed::length_of(&saved, "b.jsonl"), Err(other));
        for text in ["", "7", "{}", "{\"file\":\"f\",\"length\":-1}", "{\"length\":1}", "\u{0}"] {
            let read = Committed::length_of(text.as_bytes(), "f");
            assert_eq!(read, Err(CommittedError::Malformed), "{text}");
        }
    }
}
