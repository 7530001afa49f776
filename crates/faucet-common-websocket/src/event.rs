//! What passes between a session and its owner.

use std::time::Duration;

use faucet_core::Error;

use crate::frame::Frame;
use crate::lifecycle::Class;

/// What happened in a session.
#[derive(Debug)]
pub enum Event {
    /// A connect succeeded; `again` after the first.
    Connected {
        /// Whether the run was connected before.
        again: bool,
    },
    /// A data message arrived.
    Message(Frame),
    /// Another sign of life: a Ping, or a Pong that answers none of our pings.
    Control,
    /// A Pong proved that the peer has read everything up to a [`Barrier`](Outgoing::Barrier).
    Read {
        /// The barrier's number; 0 where none was sent before the Ping.
        upto: u64,
        /// Whether the Ping was no earlier than the latest barrier.
        latest: bool,
    },
    /// The connection or an attempt was lost; another attempt follows.
    Lost {
        /// What kind of end it was.
        class: Class,
        /// Why.
        error: Error,
        /// How long until the next attempt.
        wait: Duration,
    },
    /// The lost connection is done with, and the next attempt is waited for.
    Waiting,
    /// The peer closed cleanly and reconnecting is off. The last event.
    Closed,
}

/// What an owner sends.
#[derive(Debug)]
pub enum Outgoing {
    /// A data message.
    Frame(Frame),
    /// A Ping whose Pong proves that everything before it was read; see [`Event::Read`]. Numbers never
    /// decrease on a connection.
    Barrier(u64),
}
