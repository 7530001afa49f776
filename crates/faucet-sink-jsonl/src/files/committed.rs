//! The committed length of a file, and its text in a state file.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The length of a file at a flush that was committed. Saved as an object such as
/// `{"file":"out.jsonl","length":1234}`, so that a person can read it. A file's name is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Committed {
    pub(crate) file: String,
    pub(crate) length: u64,
    /// When the first record of the file arrived, in Unix milliseconds, where that ends the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) begun: Option<u64>,
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
    /// The bytes to save.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names and numbers can be written")
    }

    /// Reads what a run has saved that wrote to a file for which `is_ours` holds.
    pub(crate) fn read(
        saved: &[u8],
        is_ours: impl Fn(&str) -> bool,
    ) -> Result<Self, CommittedError> {
        let committed: Self =
            serde_json::from_slice(saved).map_err(|_| CommittedError::Malformed)?;
        match is_ours(&committed.file) {
            true => Ok(committed),
            false => Err(CommittedError::OtherFile { file: committed.file }),
        }
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
        let file = "a \"b\".jsonl".to_owned();
        let committed = Committed { file: file.clone(), length: 1234, begun: None };
        let saved = committed.to_bytes();
        assert_eq!(saved, br#"{"file":"a \"b\".jsonl","length":1234}"#);
        assert_eq!(Committed::read(&saved, |name| name == file), Ok(committed.clone()));
        let other = CommittedError::OtherFile { file };
        assert_eq!(Committed::read(&saved, |_| false), Err(other));
        let begun = Committed { begun: Some(7), ..committed };
        assert_eq!(Committed::read(&begun.to_bytes(), |_| true), Ok(begun));
        for text in ["", "7", "{}", "{\"file\":\"f\",\"length\":-1}", "{\"length\":1}", "\u{0}"] {
            let read = Committed::read(text.as_bytes(), |_| true);
            assert_eq!(read, Err(CommittedError::Malformed), "{text}");
        }
    }
}
