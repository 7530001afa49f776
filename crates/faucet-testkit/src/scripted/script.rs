//! What the scripted peer does on one connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::step::{Expected, Make, Opening, Step};
use super::upgrade::Response;
use super::wire::{Frame, close_payload, opcode};
use crate::Gate;

/// What the scripted peer does on one connection: how it answers the upgrade, then one step after
/// the other.
///
/// Unless the script says otherwise the peer reads all the time: it logs the client's frames,
/// answers its pings, and answers its Close, which ends the connection whatever step is next; a step
/// that expects more than what came by then has failed. At the end of an accepted script it goes on like that until the client leaves; everything else
/// ends with a FIN.
#[derive(Debug, Clone)]
pub struct Script {
    pub(crate) opening: Opening,
    pub(crate) steps: Vec<Step>,
    pub(crate) early: bool,
    pub(crate) pace: Option<Duration>,
    pub(crate) then_refuse: bool,
}

/// How the connection begins.
impl Script {
    fn begin(opening: Opening) -> Self {
        Self { opening, steps: Vec::new(), early: false, pace: None, then_refuse: false }
    }

    /// Accepts the upgrade.
    pub fn accept() -> Self {
        Self::begin(Opening::Answer(Response::new(101)))
    }

    /// Answers the upgrade with another status.
    pub fn reject(status: u16) -> Self {
        Self::begin(Opening::Answer(Response::new(status)))
    }

    /// Answers the client's first bytes with these instead of HTTP.
    pub fn garbage(bytes: impl Into<Bytes>) -> Self {
        Self::begin(Opening::Garbage(bytes.into()))
    }

    /// Keeps the connection open, reads, and never answers.
    pub fn silent() -> Self {
        Self::begin(Opening::Silent)
    }

    /// Reads the request and ends the stream.
    pub fn hang_up_on_request() -> Self {
        Self::begin(Opening::HangUp)
    }

    /// Reads the request and resets the connection.
    pub fn reset_on_request() -> Self {
        Self::begin(Opening::Reset)
    }
}

/// What the answer looks like.
impl Script {
    fn answer(mut self, change: impl FnOnce(&mut Response)) -> Self {
        match &mut self.opening {
            Opening::Answer(response) => change(response),
            other => panic!("{other:?} answers with no HTTP response that could be changed"),
        }
        self
    }

    /// Adds a header to the answer. It replaces one that belongs there:
    /// `.header("Connection", "keep-alive, Upgrade")`, `.header("Sec-WebSocket-Accept", "wrong")`.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.answer(|response| response.header(name, value))
    }

    /// Leaves a header out that belongs there.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        self.answer(|response| response.without(name))
    }

    /// Chooses a subprotocol, offered or not.
    #[must_use]
    pub fn subprotocol(self, name: &str) -> Self {
        self.header("Sec-WebSocket-Protocol", name)
    }

    /// Chooses extensions, offered or not: `.extensions("permessage-deflate")`. With that one the peer
    /// inflates the client's messages; [`Deflater`](crate::Deflater) compresses messages for it.
    #[must_use]
    pub fn extensions(self, value: &str) -> Self {
        self.header("Sec-WebSocket-Extensions", value)
    }

    /// Answers in HTTP/1.0.
    #[must_use]
    pub fn http10(self) -> Self {
        self.answer(Response::http10)
    }

    /// Sets the words behind the status.
    #[must_use]
    pub fn reason(self, reason: &str) -> Self {
        self.answer(|response| response.reason(reason))
    }

    /// Sets the body, and `Content-Length` to its length.
    #[must_use]
    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.answer(|response| response.body(body.as_ref()))
    }

    /// Puts the answer and the frames of the steps up to the first that waits into one write.
    #[must_use]
    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    /// From here on writes one byte at a time and `every` apart; the answer too, if no step comes
    /// before.
    #[must_use]
    pub fn dribble(mut self, every: Duration) -> Self {
        if self.steps.is_empty() {
            self.pace = Some(every);
        }
        self.step(Step::Pace(every))
    }

    /// Stops listening once this connection is accepted: later connects are refused.
    #[must_use]
    pub fn then_refuse(mut self) -> Self {
        self.then_refuse = true;
        self
    }
}

/// What is sent.
impl Script {
    pub(super) fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Writes bytes as they are. After half a frame turn the pongs off: they would land inside it.
    #[must_use]
    pub fn send_raw(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Write(bytes.into()))
    }

    /// Writes a frame, legal or not.
    #[must_use]
    pub fn send_frame(self, frame: Frame) -> Self {
        self.send_raw(frame.to_bytes())
    }

    /// Writes a text frame.
    #[must_use]
    pub fn send_text(self, text: impl Into<String>) -> Self {
        self.send_frame(Frame::text(text.into()))
    }

    /// Writes a binary frame.
    #[must_use]
    pub fn send_binary(self, bytes: impl AsRef<[u8]>) -> Self {
        self.send_frame(Frame::binary(bytes.as_ref().to_vec()))
    }

    /// Writes one message in several frames; between them, if given, a ping.
    #[must_use]
    pub fn send_fragments<P: AsRef<[u8]>>(
        mut self,
        opcode: u8,
        parts: &[P],
        ping_between: Option<&[u8]>,
    ) -> Self {
        for (index, part) in parts.iter().enumerate() {
            let opcode = if index == 0 { opcode } else { opcode::CONTINUATION };
            let frame = Frame::new(opcode, part.as_ref().to_vec());
            let last = index + 1 == parts.len();
            self = self.send_frame(if last { frame } else { frame.not_final() });
            if let (Some(payload), false) = (ping_between, last) {
                self = self.ping(payload);
            }
        }
        self
    }

    /// Writes `n` text frames, many in one write: `.repeat(1_000_000, |i| format!("{i}"))`.
    #[must_use]
    pub fn repeat(self, n: u64, make: impl Fn(u64) -> String + Send + Sync + 'static) -> Self {
        self.step(Step::Burst(n, Make(Arc::new(make))))
    }

    /// Writes a ping.
    #[must_use]
    pub fn ping(self, payload: impl AsRef<[u8]>) -> Self {
        self.send_frame(Frame::new(opcode::PING, payload.as_ref().to_vec()))
    }

    /// Writes a pong nobody asked for.
    #[must_use]
    pub fn pong(self, payload: impl AsRef<[u8]>) -> Self {
        self.send_frame(Frame::new(opcode::PONG, payload.as_ref().to_vec()))
    }

    /// Writes a Close frame and goes on; the client's answer ends the connection when the script is
    /// through.
    #[must_use]
    pub fn send_close(self, code: u16, reason: &str) -> Self {
        self.step(Step::SendClose(close_payload(code, reason)))
    }
}

/// What is waited for.
impl Script {
    /// Waits for the next data message, which must be this text.
    #[must_use]
    pub fn expect_text(self, text: impl Into<String>) -> Self {
        self.step(Step::Expect(Expected::Text(text.into())))
    }

    /// Waits for the next data message, which must be these bytes in binary.
    #[must_use]
    pub fn expect_binary(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::Expect(Expected::Binary(Bytes::copy_from_slice(bytes.as_ref()))))
    }

    /// Waits for `n` data messages, whatever they are.
    #[must_use]
    pub fn expect_data(mut self, n: usize) -> Self {
        for _ in 0..n {
            self = self.step(Step::Expect(Expected::AnyData));
        }
        self
    }

    /// Waits for this text message, whatever comes before it. Pings behind it are not answered: as if
    /// the peer had not read any further.
    #[must_use]
    pub fn read_to(self, text: impl Into<String>) -> Self {
        self.step(Step::ReadTo(text.into()))
    }

    /// Waits for a ping. It is answered as always, unless [`no_pongs`](Self::no_pongs).
    #[must_use]
    pub fn expect_ping(self) -> Self {
        self.step(Step::Expect(Expected::Ping))
    }

    /// Waits for the pong with this payload; others are passed over. A ping and its pong also prove
    /// that the client has read what was sent before.
    #[must_use]
    pub fn expect_pong(self, payload: impl AsRef<[u8]>) -> Self {
        self.step(Step::Expect(Expected::Pong(Bytes::copy_from_slice(payload.as_ref()))))
    }

    /// Waits for the client's Close with any code or none, answers it, and goes on.
    #[must_use]
    pub fn expect_close(self) -> Self {
        self.step(Step::Expect(Expected::Close(None)))
    }

    /// Waits for the client's Close with this code, answers it, and goes on.
    #[must_use]
    pub fn expect_close_code(self, code: u16) -> Self {
        self.step(Step::Expect(Expected::Close(Some(code))))
    }

    /// Waits until the test opens the gate.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Reads nothing until the test opens the gate.
    #[must_use]
    pub fn ignore_until(self, gate: &Gate) -> Self {
        self.step(Step::Ignore(gate.clone()))
    }

    /// Waits on tokio's clock.
    #[must_use]
    pub fn pause(self, time: Duration) -> Self {
        self.step(Step::Pause(time))
    }

    /// From here on pings are not answered.
    #[must_use]
    pub fn no_pongs(self) -> Self {
        self.step(Step::Pongs(false))
    }

    /// From here on pings are answered again.
    #[must_use]
    pub fn pongs(self) -> Self {
        self.step(Step::Pongs(true))
    }

    /// From here on the client's Close is logged but neither answered nor heeded.
    #[must_use]
    pub fn no_close_echo(self) -> Self {
        self.step(Step::CloseEcho(false))
    }

    /// From here on reads and logs, but answers neither pings nor a Close.
    #[must_use]
    pub fn mute(self) -> Self {
        self.no_pongs().no_close_echo()
    }
}

/// How it ends. No step follows these.
impl Script {
    /// Sends a Close, waits at most two seconds for the client's, and ends the stream.
    #[must_use]
    pub fn close(self, code: u16, reason: &str) -> Self {
        self.close_raw(close_payload(code, reason))
    }

    /// The same without a code.
    #[must_use]
    pub fn close_no_code(self) -> Self {
        self.close_raw(Bytes::new())
    }

    /// The same with any payload.
    #[must_use]
    pub fn close_raw(self, payload: impl Into<Bytes>) -> Self {
        self.step(Step::Close(payload.into()))
    }

    /// Ends the stream without a Close frame (FIN, after a close_notify on TLS).
    #[must_use]
    pub fn hang_up(self) -> Self {
        self.step(Step::HangUp)
    }

    /// Ends the TCP stream under TLS, without a close_notify; elsewhere the same as
    /// [`hang_up`](Self::hang_up).
    #[must_use]
    pub fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// Resets the connection (RST). What the client has not read may be lost; a ping and
    /// [`expect_pong`](Self::expect_pong) before it make sure. An in-memory stream just ends.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    /// Neither reads nor writes any more, and keeps the connection open until the test ends.
    #[must_use]
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }
}
