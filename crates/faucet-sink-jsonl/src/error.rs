//! Errors of the sink, with their sentences.

use std::io;
use std::path::Path;

use faucet_core::{Error, ErrorKind};

use crate::compress::TailError;
use crate::files::{CommittedError, Place};
use crate::line_writer::PartialWrite;

/// Why a sink cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonlError {
    #[error("cannot be opened")]
    Open(io::Error),
    #[error("cannot be inspected")]
    Inspect(io::Error),
    #[error("the directory cannot be written to")]
    Directory(io::Error),
    #[error("no thread could be started")]
    Thread(io::Error),
    #[error("another run writes to the file")]
    Locked,
    #[error("cannot be continued: {0}")]
    Committed(CommittedError),
    #[error("cannot be cut back to the length that an earlier run has committed")]
    CutBack(io::Error),
    #[error("only {} of {records} records of the page were written", .partial.written)]
    Page { partial: PartialWrite, records: usize },
    #[error("the line of a gap was not written")]
    Gap(PartialWrite),
    #[error("the reader of the pipe has gone")]
    ReaderGone(PartialWrite),
    #[error("the end of a compressed frame was not written")]
    Frame(io::Error),
    #[error("cannot be continued: {0}")]
    Tail(TailError),
    #[error("the file was {}", how(*.0))]
    TakenAway(Place),
    #[error("the file was deleted, and the records that no path leads to cannot be copied")]
    Rescue(io::Error),
    #[error("the list of begun files cannot be kept")]
    Journal(io::Error),
    /// In a run that writes several files: which one.
    #[error("{path}: {why}")]
    At { path: String, why: Box<JsonlError> },
    /// So many records of the page were written before.
    #[error("{why}")]
    Behind { records: usize, why: Box<JsonlError> },
    #[error("cannot be synced to the disk")]
    Sync(io::Error),
    #[error("its length cannot be read")]
    Length(io::Error),
    #[error("is closed")]
    Closed,
}

fn how(place: Place) -> &'static str {
    if place == Place::Deleted { "deleted" } else { "moved or replaced" }
}

impl JsonlError {
    /// The error of this file.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::At { .. } => self,
            why => Self::At { path: path.display().to_string(), why: Box::new(why) },
        }
    }

    /// The error behind some records of the page.
    pub(crate) fn behind(self, records: usize) -> Self {
        Self::Behind { records, why: Box::new(self) }
    }

    /// The error of the contract about the sink `name`.
    pub(crate) fn about(self, name: &str) -> Error {
        let mut error = Error::new(self.kind(), format!("{name}: {self}"));
        if let Some(hint) = self.hint() {
            error = error.with_hint(hint);
        }
        self.explain(error)
    }

    /// Adds the cause, and how many records were written.
    fn explain(self, error: Error) -> Error {
        match self {
            Self::At { why, .. } => why.explain(error),
            Self::Behind { records, why } => why.explain(error).with_written(records as u64),
            // A gap is no record: none of the page that may come next is written.
            Self::Gap(partial) => error.with_written(0).with_source(partial.cause),
            Self::Page { partial, .. } | Self::ReaderGone(partial) => {
                error.with_written(partial.written as u64).with_source(partial.cause)
            }
            Self::Open(cause)
            | Self::Inspect(cause)
            | Self::Directory(cause)
            | Self::Thread(cause)
            | Self::CutBack(cause)
            | Self::Sync(cause)
            | Self::Frame(cause)
            | Self::Rescue(cause)
            | Self::Journal(cause)
            | Self::Tail(TailError::Read(cause))
            | Self::Length(cause) => error.with_source(cause),
            Self::Locked
            | Self::Committed(_)
            | Self::Tail(_)
            | Self::TakenAway(_)
            | Self::Closed => error,
        }
    }

    fn kind(&self) -> ErrorKind {
        use CommittedError::{Malformed, OtherFile};
        match self {
            Self::At { why, .. } | Self::Behind { why, .. } => why.kind(),
            Self::Committed(Malformed | OtherFile { .. }) => ErrorKind::Config,
            // The reader of a pipe went away.
            Self::Page { partial, .. } | Self::Gap(partial)
                if partial.cause.kind() == io::ErrorKind::BrokenPipe =>
            {
                ErrorKind::Cancelled
            }
            _ => ErrorKind::Sink,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Open(cause) | Self::Inspect(cause) | Self::Directory(cause) => {
                match cause.kind() {
                    io::ErrorKind::AlreadyExists => {
                        Some("name another file, or set `mode` to append or create")
                    }
                    io::ErrorKind::NotFound => Some("create the directory first"),
                    _ => None,
                }
            }
            Self::At { why, .. } | Self::Behind { why, .. } => why.hint(),
            Self::Tail(TailError::Foreign(_)) => {
                Some("name another file, set `mode: create`, or leave `compress` out")
            }
            Self::Tail(TailError::Damaged { .. }) => Some("name another file, or repair this one"),
            Self::TakenAway(_) => Some("with `mode: append` a new file follows"),
            Self::Frame(cause) | Self::Rescue(cause) | Self::Journal(cause) if is_full(cause) => {
                Some("make room")
            }
            Self::Locked => Some("end the other run, or name another file"),
            Self::Committed(why) => Some(hint_of_committed(why)),
            Self::Page { partial, .. } | Self::Gap(partial) => hint_of_write(partial),
            Self::Sync(cause) if is_full(cause) => Some("make room"),
            _ => None,
        }
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn hint_of_write(partial: &PartialWrite) -> Option<&'static str> {
    match (is_full(&partial.cause), partial.torn) {
        _ if partial.cause.kind() == io::ErrorKind::BrokenPipe => None,
        (true, true) => Some("make room; the last line is incomplete"),
        (true, false) => {
            Some("make room; what was written ends with a whole record and can be appended to")
        }
        (false, true) => Some("the last line is incomplete"),
        (false, false) => None,
    }
}

fn hint_of_committed(why: &CommittedError) -> &'static str {
    match why {
        CommittedError::Malformed
        | CommittedError::OtherFile { .. }
        | CommittedError::NotRegular => {
            "give this pipeline a state file of its own, or remove the state file to begin anew"
        }
        CommittedError::Missing { .. } | CommittedError::Short { .. } => {
            "the file was cut or replaced: restore it, or remove the state file to begin anew"
        }
    }
}
