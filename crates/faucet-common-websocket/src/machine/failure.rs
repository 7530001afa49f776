//! Why an attempt to connect failed, or a connection ended.

use crate::connect_failed::ConnectFailed;
use crate::machine::class::{Class, Verdict};
use crate::machine::end::End;

/// Why an attempt to connect failed, or a connection ended. `Display` says what happened, without
/// the URL. [`error`](Self::error) makes the runner's error of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] ConnectFailed),
    /// A connection that stood has ended.
    #[error(transparent)]
    End(#[from] End),
}

impl Failure {
    /// The kind of end.
    pub fn class(&self) -> Class {
        self.verdict().class
    }

    /// The meaning of the end for the next attempt.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Connect(failed) => failed.verdict(),
            Self::End(end) => end.verdict(),
        }
    }
}
