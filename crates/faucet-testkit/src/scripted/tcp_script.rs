//! The script of a TCP peer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::Gate;

/// Makes the n-th piece of a burst.
type Make = Arc<dyn Fn(u64) -> String + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Step {
    Expect(Bytes),
    ReadTo(Bytes),
    Send(Bytes),
    Repeat(u64, Make),
    Wait(Gate),
    Pause(Duration),
    Close,
    Reset,
    Stall,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect(bytes) => write!(f, "expect {bytes:?}"),
            Self::ReadTo(end) => write!(f, "read to {end:?}"),
            Self::Send(bytes) => write!(f, "send {} bytes", bytes.len()),
            Self::Repeat(n, _) => write!(f, "send {n} pieces"),
            Self::Wait(_) => f.write_str("wait for a gate"),
            Self::Pause(time) => write!(f, "pause {time:?}"),
            Self::Close => f.write_str("close"),
            Self::Reset => f.write_str("reset"),
            Self::Stall => f.write_str("stall"),
        }
    }
}

/// The steps of a [`ScriptedTcp`](crate::ScriptedTcp) on one connection. Behind the last step the peer
/// reads until the client ends the stream.
#[derive(Debug, Clone, Default)]
pub struct TcpScript {
    pub(crate) steps: Vec<Step>,
    pub(crate) then_refuse: bool,
}

impl TcpScript {
    /// Accepts the connection.
    pub fn accept() -> Self {
        Self::default()
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The client sends exactly these bytes next.
    #[must_use]
    pub fn expect(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Expect(bytes.into()))
    }

    /// The client sends this line next, with `\n` behind it.
    #[must_use]
    pub fn expect_line(self, line: &str) -> Self {
        self.expect(format!("{line}\n"))
    }

    /// The client sends anything, and then these bytes: `\r\n\r\n` ends a request without a body.
    #[must_use]
    pub fn read_to(self, end: impl Into<Bytes>) -> Self {
        self.step(Step::ReadTo(end.into()))
    }

    /// Sends bytes.
    #[must_use]
    pub fn send(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Send(bytes.into()))
    }

    /// Sends `n` pieces; `make` gets the number of each, from 0.
    #[must_use]
    pub fn repeat(self, n: u64, make: impl Fn(u64) -> String + Send + Sync + 'static) -> Self {
        self.step(Step::Repeat(n, Arc::new(make)))
    }

    /// Waits for the test, and reads meanwhile.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Waits on tokio's clock, and reads meanwhile.
    #[must_use]
    pub fn pause(self, time: Duration) -> Self {
        self.step(Step::Pause(time))
    }

    /// Ends the stream (FIN), and reads until the client does.
    #[must_use]
    pub fn close(self) -> Self {
        self.step(Step::Close)
    }

    /// Breaks the connection (RST). What was sent may not arrive.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    /// Neither reads nor writes any more, and keeps the connection until the server is dropped.
    #[must_use]
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }

    /// No other connection is accepted behind this one.
    #[must_use]
    pub fn then_refuse(mut self) -> Self {
        self.then_refuse = true;
        self
    }
}
