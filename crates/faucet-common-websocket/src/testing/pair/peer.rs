//! A machine with a driver in virtual time.

use std::sync::Arc;
use std::time::Instant;

use faucet_connect::Secrets;
use faucet_core::{Span, Timestamp};

use crate::machine::{Event, GaveUp, Machine, Outbox, Output, Settings, Stamp, Taken};
use crate::testing::pair::link::{Link, Side};
use crate::testing::pair::pipe::Read;

/// A machine with a driver in virtual time. Its owner uses it as a [`Driver`](crate::Driver).
pub struct Peer {
    side: Side,
    pub(super) machine: Machine,
    spans: Vec<Span>,
}

impl Peer {
    pub(super) fn new(side: Side, settings: Settings, now: Instant) -> Self {
        let machine = Machine::new(Arc::new(settings), stamp(now));
        Self { side, machine, spans: Vec::new() }
    }

    pub(super) fn connected(&mut self, leftover: &[u8], now: Instant) {
        self.machine.connected(Secrets::default(), None, leftover, None, stamp(now));
    }

    /// Reads and writes as the driver does. Returns whether anything came of it.
    pub(super) fn transfer(&mut self, link: &mut Link, now: Instant) -> bool {
        let (backlog, written) = (self.machine.backlog(), self.machine.written());
        self.write(link, now);
        let mut any = false;
        while self.machine.reads() && !any {
            let Some(space) = self.machine.space() else { break };
            match link.read(self.side, space, now) {
                Read::Bytes(n) => {
                    self.machine.filled(n, stamp(now));
                    self.machine.received(stamp(now));
                    self.write(link, now);
                    any = true;
                }
                Read::Ended(error) => {
                    self.machine.read_ended(error, now);
                    any = true;
                }
                Read::Nothing => {
                    self.machine.drained(now);
                    break;
                }
            }
        }
        any || self.machine.backlog() > backlog || self.machine.written() != written
    }

    /// Writes what waits. Returns whether the socket has taken anything.
    pub(super) fn flush(&mut self, link: &mut Link, now: Instant) -> bool {
        let written = self.machine.written();
        self.write(link, now);
        self.machine.written() != written
    }

    fn write(&mut self, link: &mut Link, now: Instant) {
        while !self.machine.pending().is_empty() {
            match link.write(self.side, self.machine.pending(), now) {
                Ok(0) => return,
                Ok(n) => self.machine.wrote(n, now),
                Err(error) => self.machine.write_failed(error),
            }
        }
    }

    /// Acts on the limits that are reached. Returns whether there were any.
    ///
    /// # Panics
    /// A limit stays in the past: a driver would spin.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let is_due = self.machine.next_timeout().is_some_and(|at| at <= now);
        if is_due {
            self.machine.handle_timeout(now);
            let next = self.machine.next_timeout();
            assert!(next.is_none_or(|at| at > now), "{:?}: a limit stays in the past", self.side);
        }
        is_due
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.machine.poll_output()
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.machine.poll_event()
    }

    /// Whether there is a connection.
    pub fn is_up(&self) -> bool {
        self.machine.is_up()
    }

    /// Whether the socket has taken everything.
    pub fn is_flushed(&self) -> bool {
        self.machine.is_flushed()
    }

    /// How many bytes the socket has taken on this connection.
    pub fn written(&self) -> u64 {
        self.machine.written()
    }

    /// The frames to send, while there is a connection that takes any.
    pub fn outbox(&mut self) -> Option<&mut Outbox> {
        self.machine.outbox()
    }

    /// Sends a Ping whose Pong proves that everything up to `mark` was read.
    pub fn barrier(&mut self, mark: u64) {
        self.machine.barrier(mark);
    }

    /// Says whether a lost connection is wanted back.
    pub fn want(&mut self, wanted: bool) {
        self.machine.want(wanted);
    }

    /// Failures before now no longer count.
    pub fn progressed(&mut self) {
        self.machine.progressed();
    }

    /// The last failure is explained.
    pub fn explained(&mut self) {
        self.machine.explained();
    }

    /// Takes the messages that wait.
    pub fn take(&mut self) -> Vec<Vec<u8>> {
        let bytes = match self.machine.take(&mut self.spans) {
            Taken::Shared(bytes) => bytes.to_vec(),
            Taken::Small(bytes) => bytes.to_vec(),
        };
        self.spans.iter().map(|span| bytes[span.range()].to_vec()).collect()
    }

    pub(super) fn abandon(&mut self, why: GaveUp, now: Instant) {
        self.machine.abandon(why, now);
    }
}

fn stamp(now: Instant) -> Stamp {
    Stamp { instant: now, timestamp: Timestamp::from_unix_millis(0) }
}
