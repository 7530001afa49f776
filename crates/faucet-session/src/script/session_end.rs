//! Why a conversation ends its connection.

use std::fmt;
use std::time::Duration;

use faucet_connect::Quote;
use faucet_core::select::Pointer;

use crate::connect::CallFailed;
use crate::names::ValueFailed;
use crate::place::Place;
use crate::reading::{DecompressFailed, DictionaryUnusable};
use crate::template::Unfilled;

/// Why a conversation ends its connection. `Display` shows no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionEnd {
    /// A step or a call was refused.
    #[error("{place} was refused: \"{words}\"")]
    Refused {
        /// The step.
        place: Place,
        /// The beginning of the refusing message.
        words: Quote,
    },
    /// A subscription was refused.
    #[error("a subscription was refused (subscribe.fail): \"{words}\"")]
    TopicRefused {
        /// The beginning of the refusing message.
        words: Quote,
    },
    /// An awaited message did not come.
    #[error("{place}: no answer for {limit:?} (timeout)")]
    NoAnswer {
        /// The step.
        place: Place,
        /// Its `timeout`.
        limit: Duration,
    },
    /// The script and its answers took too long.
    #[error("the session was not complete after {0:?} (session_timeout)")]
    TooLong(Duration),
    /// A heartbeat was not answered.
    #[error("no answer to a heartbeat for {0:?} (heartbeat.timeout)")]
    NoBeat(Duration),
    /// No message came in.
    #[error("no message for {0:?} (silence_timeout)")]
    Silent(Duration),
    /// A taken value is not there, or is of the wrong kind.
    #[error("{place}: the message has no {wanted} at {pointer}")]
    NotTaken {
        /// The step.
        place: Place,
        /// The wanted thing: `value` or `number`.
        wanted: &'static str,
        /// Where.
        pointer: Pointer,
    },
    /// A message could not be filled.
    #[error("{place}: {why}")]
    Unfilled {
        /// The step.
        place: Place,
        /// Why not.
        why: Unfilled,
    },
    /// A value could not be made.
    #[error("{place}: {why}")]
    Value {
        /// Where the value is used.
        place: Place,
        /// Why not.
        #[source]
        why: ValueFailed,
    },
    /// An HTTP call of a step brought nothing.
    #[error("{place}: {why}")]
    Call {
        /// The step.
        place: Place,
        /// Why not.
        #[source]
        why: CallFailed,
    },
    /// A planned connect.
    #[error("{by} connects again")]
    Planned {
        /// The part of the configuration, or the program, that planned the connect.
        by: PlannedBy,
        /// The wait before the next connect.
        delay: Option<Duration>,
    },
    /// A rule forgets the position and connects again.
    #[error("control[{rule}] restarts: \"{words}\"")]
    Restart {
        /// The control rule.
        rule: usize,
        /// The beginning of the message.
        words: Quote,
        /// The wait before the next connect.
        delay: Option<Duration>,
    },
    /// A rule ends the run with an error.
    #[error("control[{rule}] ends the run: \"{words}\"")]
    Failed {
        /// The control rule.
        rule: usize,
        /// The beginning of the message.
        words: Quote,
    },
    /// The run ends well.
    #[error("{0} ends the run")]
    Finished(PlannedBy),
    /// The session program has no use for the connection.
    #[error("the session program gives the connection up: \"{0}\"")]
    ProgramGaveUp(Quote),
    /// The session program ends the run with an error.
    #[error("the session program ends the run: \"{0}\"")]
    ProgramFailed(Quote),
    /// A session program, or what makes a program or a decoder, has panicked.
    #[error("a hook panicked: {0}")]
    HookPanicked(Quote),
    /// A compressed message cannot be read.
    #[error("decompress: {0}")]
    Compressed(#[source] DecompressFailed),
    /// The dictionary cannot be used.
    #[error("decompress_dictionary: {0}")]
    Dictionary(#[source] DictionaryUnusable),
    /// The server makes the client answer without end.
    #[error(
        "more than {0} answers in a second, or waiting for send_limit: the server asks without end"
    )]
    Flood(u32),
}

impl SessionEnd {
    /// The part of the script in which the session failed. `None`: it is not about one part.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Refused { place, .. }
            | Self::NoAnswer { place, .. }
            | Self::NotTaken { place, .. }
            | Self::Unfilled { place, .. }
            | Self::Value { place, .. }
            | Self::Call { place, .. } => Some(*place),
            Self::TopicRefused { .. } => Some(Place::Subscribe),
            Self::ProgramGaveUp(_) | Self::ProgramFailed(_) | Self::HookPanicked(_) => {
                Some(Place::Program)
            }
            _ => None,
        }
    }
}

/// The part of the configuration, or the program, that plans the end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedBy {
    /// A control rule, from 0.
    Rule(usize),
    /// `rotate_after`.
    Age,
    /// The session program.
    Program,
}

impl fmt::Display for PlannedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "control[{rule}]"),
            Self::Age => f.write_str("rotate_after"),
            Self::Program => f.write_str("the session program"),
        }
    }
}
