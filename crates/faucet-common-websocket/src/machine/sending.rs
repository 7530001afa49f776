//! The bytes of a connection on their way to the socket.

use std::io;
use std::time::Instant;

use crate::machine::control::ControlPayload;
use crate::machine::machine::{Machine, State};
use crate::machine::outbox::Outbox;

impl Machine {
    /// The bytes that the driver writes next.
    pub(crate) fn pending(&self) -> &[u8] {
        self.line.as_ref().map_or(&[], |line| line.outbox.pending())
    }

    /// The socket has taken `n` bytes.
    pub(crate) fn wrote(&mut self, n: usize, now: Instant) {
        let Some(line) = &mut self.line else { return };
        line.outbox.wrote(n);
        self.pings.wrote(line.outbox.written(), now);
        self.clocks.outbound = now;
    }

    /// Writing has failed. Everything that has arrived is read before the connection ends.
    pub(crate) fn write_failed(&mut self, error: io::Error) {
        let Some(line) = &mut self.line else { return };
        line.outbox.clear();
        line.write_failed = true;
        // The first failure is the reason of the next ones.
        line.write_error.get_or_insert(error);
        if matches!(self.state, State::Closing { listens: false, .. }) {
            self.closed();
        }
    }

    /// Whether the socket has taken everything. A failed write leaves something for ever.
    pub(crate) fn is_flushed(&self) -> bool {
        self.line.as_ref().is_none_or(|line| !line.write_failed && line.outbox.pending().is_empty())
    }

    /// How many bytes the socket has taken on this connection.
    pub(crate) fn written(&self) -> u64 {
        self.line.as_ref().map_or(0, |line| line.outbox.written())
    }

    /// Whether there is a connection that takes frames.
    pub(crate) fn sends(&self) -> bool {
        self.is_up() && self.line.as_ref().is_some_and(|line| !line.write_failed)
    }

    /// The frames to send, while there is a connection that takes any.
    pub(crate) fn outbox(&mut self) -> Option<&mut Outbox> {
        let sends = self.sends() && self.is_ready();
        self.line.as_mut().filter(|_| sends).map(|line| &mut line.outbox)
    }

    /// Sends a Ping whose Pong proves that everything up to `mark` was read.
    pub(crate) fn barrier(&mut self, mark: u64) {
        let sends = self.sends();
        if let Some(line) = self.line.as_mut().filter(|_| sends) {
            line.outbox.ping(&self.pings.barrier(mark));
        }
    }

    /// Sends a Pong that nobody has asked for, so that the peer does not take us for dead. A socket
    /// that takes nothing gets none: the bytes that wait are a sign of life, and a Pong among them
    /// may be an answer.
    pub(crate) fn unsolicited_pong(&mut self, now: Instant) {
        self.clocks.outbound = now;
        let sends = self.sends();
        let outbox = self.line.as_mut().filter(|_| sends).map(|line| &mut line.outbox);
        if let Some(outbox) = outbox.filter(|outbox| outbox.pending().is_empty()) {
            outbox.pong(ControlPayload::EMPTY);
            self.count_frames(1, now);
        }
    }
}
