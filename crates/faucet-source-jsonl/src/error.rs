//! What can go wrong with a file, and the sentences about it.

use std::io;

use faucet_core::{Error, ErrorKind};

use crate::decode::BadLine;
use crate::input::PathsError;
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
    #[error("the last line is torn: {why}")]
    Torn { line: u64, why: BadLine },
    #[error("the last compressed frame is torn")]
    TornFrame { line: u64 },
    #[error("{0}")]
    Paths(PathsError),
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
            Self::BadLine { why, .. } => {
                let error =
                    error.with_hint("`on_parse_error: skip` leaves out such lines and counts them");
                match why {
                    // The decoder's own words, such as the name of a missing field.
                    BadLine::NotAString(cause)
                    | BadLine::NotAnEnvelope(cause)
                    | BadLine::NotAFrame(cause) => error.with_source(cause),
                    BadLine::NotJson(_) | BadLine::NotBase64(_) => error,
                }
            }
            Self::Torn { .. } | Self::TornFrame { .. } => error.with_hint(
                "the run that wrote the file was killed, or still writes; `on_parse_error: skip` \
                 leaves the rest out and counts it",
            ),
            Self::Paths(PathsError::NoFile) => {
                error.with_hint("check the path; with `follow: true` the source waits for files")
            }
            Self::TooLong { .. } | Self::Paths(_) => error,
        }
    }

    fn line(&self) -> Option<u64> {
        match self {
            Self::Open(_) | Self::Position(_) | Self::Paths(_) => None,
            Self::Read { line, .. }
            | Self::TooLong { line, .. }
            | Self::BadLine { line, .. }
            | Self::Torn { line, .. }
            | Self::TornFrame { line } => Some(*line),
        }
    }

    fn kind(&self) -> ErrorKind {
        use PositionError::{BehindEnd, InsideLine, Malformed, NotRegular, OtherFile};
        match self {
            Self::Open(_) | Self::Paths(PathsError::NoFile) => ErrorKind::Connect,
            Self::Paths(PathsError::Pattern(_)) => ErrorKind::Config,
            Self::Position(Malformed | OtherFile { .. } | NotRegular) => ErrorKind::Config,
            Self::Position(BehindEnd { .. } | InsideLine { .. }) | Self::Read { .. } => {
                ErrorKind::Other
            }
            Self::TooLong { .. } => ErrorKind::TooLarge,
            Self::BadLine { .. } | Self::Torn { .. } | Self::TornFrame { .. } => ErrorKind::Decode,
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
