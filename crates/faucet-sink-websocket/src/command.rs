//! The calls of the writer.

use faucet_core::{Flushed, Result, StreamPage};
use tokio::sync::oneshot;

/// A call of the writer.
#[derive(Debug)]
pub(crate) enum Task {
    /// Send these records.
    Write {
        /// Those that were not accepted yet.
        left: StreamPage,
        /// How many there were.
        all: u64,
    },
    /// Wait until every record is delivered as promised.
    Flush,
    /// Close the connection.
    Close,
}

impl Task {
    /// Sends the records of a page.
    pub(crate) fn write(page: StreamPage) -> Self {
        Self::Write { all: page.len() as u64, left: page }
    }

    /// How many records of it were not accepted yet.
    pub(crate) fn left(&self) -> u64 {
        match self {
            Self::Write { left, .. } => left.len() as u64,
            Self::Flush | Self::Close => 0,
        }
    }
}

/// A call, and the caller that waits for its answer.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) task: Task,
    pub(crate) done: oneshot::Sender<Result<Flushed>>,
}
