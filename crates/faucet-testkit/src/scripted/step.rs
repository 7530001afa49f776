//! The parts of a script.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::conversation::{Matching, Reply, Saying};
use super::upgrade::Response;
use crate::Gate;

/// How a connection begins.
#[derive(Debug, Clone)]
pub(crate) enum Opening {
    Answer(Response),
    Garbage(Bytes),
    Silent,
    HangUp,
    Reset,
}

/// Makes the n-th text of a burst.
#[derive(Clone)]
pub(crate) struct Make(pub(crate) Arc<dyn Fn(u64) -> String + Send + Sync>);

/// What the client is expected to send.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    Text(String),
    Binary(Bytes),
    AnyData,
    /// A data message that matches, whatever comes before it.
    Json(Matching),
    /// A data message that matches.
    NextJson(Matching),
    Ping,
    Pong(Bytes),
    Close(Option<u16>),
}

#[derive(Clone)]
pub(crate) enum Step {
    Write(Bytes),
    Burst(u64, Make),
    Expect(Expected),
    Unordered(Vec<(Matching, Reply)>),
    Say(Saying),
    Wait(Gate),
    Ignore(Gate),
    Pause(Duration),
    SendClose(Bytes),
    Close(Bytes),
    HangUp,
    Cut,
    Reset,
    Stall,
    Pongs(bool),
    ReadTo(String),
    CloseEcho(bool),
    Pace(Duration),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(bytes) => write!(f, "write {} bytes", bytes.len()),
            Self::Burst(n, _) => write!(f, "write {n} text frames"),
            Self::Expect(expected) => write!(f, "expect {expected:?}"),
            Self::Unordered(pairs) => {
                let matches: Vec<_> = pairs.iter().map(|(matching, _)| matching).collect();
                write!(f, "expect in any order {matches:?}")
            }
            Self::Say(saying) => write!(f, "{saying:?}"),
            Self::Wait(_) => f.write_str("wait for a gate"),
            Self::Ignore(_) => f.write_str("read nothing until a gate opens"),
            Self::Pause(time) => write!(f, "pause {time:?}"),
            Self::Close(payload) | Self::SendClose(payload) => {
                write!(f, "close {:?}", super::seen::parse_close(payload))
            }
            Self::HangUp => f.write_str("hang up"),
            Self::Cut => f.write_str("cut"),
            Self::Reset => f.write_str("reset"),
            Self::Stall => f.write_str("stall"),
            Self::Pongs(on) => write!(f, "pongs: {on}"),
            Self::ReadTo(text) => write!(f, "read to {text:?}"),
            Self::CloseEcho(on) => write!(f, "close echo: {on}"),
            Self::Pace(every) => write!(f, "a byte every {every:?}"),
        }
    }
}
