//! The events of a connection.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::Error;
use faucet_session::script::Note;

use crate::machine::end::Discarded;
use crate::machine::failure::Failure;
use crate::machine::run_failed::RunFailed;

/// Something that happened to a connection.
#[derive(Debug)]
pub enum Event {
    /// A connect succeeded; `again` after the first.
    Up {
        /// Whether the run was connected before.
        again: bool,
    },
    /// Whole messages wait to be taken, or the marks of messages that are no records. The owner takes them
    /// before it asks for the next event.
    Messages,
    /// A Pong proved that the peer has read everything up to a barrier.
    Acked {
        /// The barrier's number; 0 where none was sent before the Ping.
        upto: u64,
        /// Whether the Ping was no earlier than the latest barrier.
        latest: bool,
    },
    /// The peer sent a Ping, which is answered. Only where the owner asks for control frames.
    Ping(Box<[u8]>),
    /// The peer sent a Pong that answers no Ping of ours. Only where the owner asks for control frames.
    Pong(Box<[u8]>),
    /// Received bytes that never become a record.
    Discarded(Discarded, u64),
    /// Messages that are neither control nor begin as data: no record is made of them.
    Unmatched(u64),
    /// The connection is to be followed by another, by plan. It goes on meanwhile.
    HandOver {
        /// The wait before the next connect.
        delay: Option<Duration>,
    },
    /// The conversation wants the user to know.
    Note(Note),
    /// The connection or an attempt was lost; another attempt follows.
    Lost {
        /// Why.
        failure: Arc<Failure>,
        /// How long until the next attempt.
        wait: Duration,
        /// The number of that attempt since the last progress, from 1.
        attempt: u32,
    },
    /// The close handshake of the lost connection is over, and the next attempt is waited for.
    Waiting,
    /// Nothing came in for as long as `idle_timeout`.
    Idle,
    /// The owner's own deadline has passed.
    Due,
    /// The last event.
    Over(Over),
}

/// How a run's connection is over.
#[derive(Debug)]
pub enum Over {
    /// The peer closed cleanly and reconnecting is off.
    Closed(Arc<Failure>),
    /// No further attempt is allowed.
    Failed(RunFailed),
    /// The owner closed. A failure where the peer sent a Close frame meanwhile.
    Left(Option<Arc<Failure>>),
}

impl Over {
    /// The error of the run, if the peer refuses the client by its last Close
    /// ([`Failure::refuses_client`]). `url` is that of the endpoint, redacted.
    pub fn refusal(&self, url: &str) -> Option<Error> {
        match self {
            Self::Left(Some(failure)) if failure.refuses_client() => Some(failure.error(url)),
            Self::Failed(failed) if failed.refuses_client() => Some(failed.error(url)),
            _ => None,
        }
    }
}
