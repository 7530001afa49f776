//! What can go wrong with a file, and the sentences about it.

use std::io;

use faucet_core::{Error, ErrorKind};

use crate::decode::BadLine;
use crate::position::PositionError;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonlError {
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    #[error("cannot be resumed: {0}")]
    Position(PositionError),
    #[error("cannot be read")]
    Read { line: u64, source: io::Error },
    #[error("longer than {limit} bytes (max_message_bytes)")]
    TooLong { line: u64, limit: usize },
    #[error("{why}{}", near(.excerpt.as_deref()))]
    BadLine { line: u64, why: BadLine, excerpt: Option<String> },
}

impl JsonlError {
    /// The error of the contract about `file`.
    pub(crate) fn about(self, file: &str) -> Error {
        let message = match self.line() {
            Some(line) => format!("jsonl source {file}, line {line}: {self}"),
            None => format!("jsonl source {file}: {self}"),
        };
        let error = Error::new(self.kind(), message);
        match self {
            Self::Open(cause) | Self::Read { source: cause, .. } => error.with_source(cause),
            Self::Position(why) => error.with_hint(hint(&why)),
            // The decoder's own words, such as the name of a missing field.
            Self::BadLine {
                why: BadLine::NotAString(cause) | BadLine::NotAnEnvelope(cause),
                ..
            } => error.with_source(cause),
            Self::TooLong { .. } | Self::BadLine { .. } => error,
        }
    }

    fn line(&self) -> Option<u64> {
        match self {
            Self::Open(_) | Self::Position(_) => None,
            Self::Read { line, .. } | Self::TooLong { line, .. } | Self::BadLine { line, .. } => {
                Some(*line)
            }
        }
    }

    fn kind(&self) -> ErrorKind {
        use PositionError::{BehindEnd, InsideLine, Malformed, NotRegular, OtherFile};
        match self {
            Self::Open(_) => ErrorKind::Connect,
            Self::Position(Malformed | OtherFile { .. } | NotRegular) => ErrorKind::Config,
            Self::Position(BehindEnd { .. } | InsideLine { .. }) | Self::Read { .. } => {
                ErrorKind::Other
            }
            Self::TooLong { .. } => ErrorKind::TooLarge,
            Self::BadLine { .. } => ErrorKind::Decode,
        }
    }
}

fn near(excerpt: Option<&str>) -> String {
    excerpt.map(|excerpt| format!(", near \"{excerpt}\"")).unwrap_or_default()
}

/// What the user can do about a position that cannot be used.
fn hint(why: &PositionError) -> &'static str {
    match why {
        PositionError::Malformed | PositionError::OtherFile { .. } | PositionError::NotRegular => {
            "give this pipeline a state file of its own, or remove the state file to read from the \
             beginning"
        }
        PositionError::BehindEnd { .. } => {
            "the file was cut or replaced: restore it, or remove the state file to read from the \
             beginning"
        }
        PositionError::InsideLine { .. } => {
            "the file was replaced, or its last line was read before it was complete: restore the \
             file, or remove the state file to read from the beginning"
        }
    }
}
