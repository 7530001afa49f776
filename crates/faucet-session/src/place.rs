//! A place in the configuration of a conversation.

use std::fmt;

/// A place in the configuration of a conversation, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A call before the connect, from 0.
    Call(usize),
    /// A step of the script, from 0.
    Step(usize),
    /// The subscriptions.
    Subscribe,
    /// The messages of `subscribe_messages` or `connect_messages`.
    Greeting,
    /// The heartbeat.
    Heartbeat,
    /// A control rule, from 0.
    Control(usize),
    /// The messages before our Close.
    Goodbye,
    /// The URL, the query and the headers.
    Connect,
    /// The numbers of messages.
    Sequence,
    /// The session program.
    Program,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(index) => write!(f, "before_connect[{index}]"),
            Self::Step(index) => write!(f, "session[{index}]"),
            Self::Subscribe => f.write_str("subscribe"),
            Self::Greeting => f.write_str("a message after the connect"),
            Self::Heartbeat => f.write_str("heartbeat"),
            Self::Control(index) => write!(f, "control[{index}]"),
            Self::Goodbye => f.write_str("goodbye"),
            Self::Connect => f.write_str("url, query and headers"),
            Self::Sequence => f.write_str("sequence"),
            Self::Program => f.write_str("the session program"),
        }
    }
}
