//! The end of a run that no attempt follows.

use std::sync::Arc;
use std::time::Duration;

use crate::machine::class::Class;
use crate::machine::failure::Failure;

/// Why no attempt follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoAttempt {
    /// Another attempt would end in the same way.
    Final,
    /// `reconnect` is off, and an attempt might help.
    ReconnectOff,
    /// Ends of one class repeated without a record or a stable connection between them.
    NoProgress {
        /// How many there were.
        times: u32,
        /// From the first to the last.
        within: Duration,
        /// `reconnect_patience`, where the ends may repeat for that long. `None`: the second such end
        /// is final.
        limit: Option<Duration>,
    },
    /// `max_reconnect_attempts` have failed; 0 allows none.
    Attempts(u32),
}

/// The end of a run that no attempt follows. [`error`](Self::error) makes the runner's error of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunFailed {
    /// No attempt follows this failure.
    After {
        /// How the last attempt or connection ended.
        failure: Arc<Failure>,
        /// Why no attempt follows.
        why: NoAttempt,
        /// The failure before it.
        before: Option<Arc<Failure>>,
    },
    /// There was no connection for as long as `max_outage`.
    Outage {
        /// `max_outage`.
        limit: Duration,
        /// How the last attempt or connection ended.
        last: Option<Arc<Failure>>,
    },
}

impl RunFailed {
    /// The kind of end that the last one was.
    pub fn class(&self) -> Class {
        match self {
            Self::After { failure, .. } => failure.class(),
            Self::Outage { .. } => Class::Transient,
        }
    }

    /// The failure that no attempt follows. `None`: no connection came about in time.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::After { failure, .. } => Some(failure),
            Self::Outage { .. } => None,
        }
    }

    /// Whether the peer refuses the client by its last Close ([`Failure::refuses_client`]).
    pub fn refuses_client(&self) -> bool {
        match self {
            Self::After { failure, .. } => failure.refuses_client(),
            Self::Outage { .. } => false,
        }
    }
}
