//! The tasks that a conversation hands to its caller.

use std::time::Duration;

use faucet_connect::Quote;

use crate::hooks::Work;
use crate::names::Errand;
use crate::place::Place;
use crate::plan::{ReadyCall, Sent};
use crate::script::session_end::SessionEnd;

/// A task for the caller, who does the tasks in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Send a message.
    Send(Sent),
    /// Make a call, and hand over the result. One at a time.
    Errand(Box<Errand>),
    /// Make an HTTP call for a step, and hand over the answer. One at a time.
    Call {
        /// The step, from 0.
        step: usize,
        /// The call.
        call: Box<ReadyCall>,
    },
    /// Do the work that the session program waits for, and hand over the result. One piece at a time,
    /// beside an errand or a call.
    Work(Work),
    /// The session is complete: the connection counts as good from now on.
    Complete,
    /// Connect once more, and keep the connection until the next one is up.
    HandOver {
        /// The wait before the connect.
        delay: Option<Duration>,
    },
    /// Leave the connection.
    End(SessionEnd),
    /// Tell the user.
    Note(Note),
}

/// Something that the user wants to know.
#[derive(Debug)]
#[non_exhaustive]
pub enum Note {
    /// A step is done.
    Done {
        /// The step.
        place: Place,
        /// The verb: `send`, `expect`, `request`, `subscribe`, `ready`.
        verb: &'static str,
        /// Since the step before.
        took: Duration,
    },
    /// Topics were refused and are left out.
    TopicsRefused {
        /// The topics.
        topics: Vec<String>,
        /// How many of them: fewer than all where the server answers for each topic of a message and does
        /// not say for which.
        count: usize,
        /// The beginning of the refusing message.
        words: Quote,
    },
    /// A control rule warns.
    Warned {
        /// The rule.
        rule: usize,
        /// The beginning of the message.
        words: Quote,
    },
    /// A dictated interval was out of bounds.
    Clamped {
        /// The interval that is kept.
        interval: Duration,
    },
}

impl Note {
    /// The refused topics of [`TopicsRefused`](Self::TopicsRefused), for a message.
    pub fn refused(topics: &[String], count: usize) -> String {
        match count == topics.len() {
            true => topics.join(", "),
            false => format!("{count} of {}", topics.join(", ")),
        }
    }
}
