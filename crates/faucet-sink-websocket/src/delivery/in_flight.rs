//! The records that were accepted and are not confirmed, and what follows from a loss.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faucet_common_websocket::Outgoing;

use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::outbound::Outbound;
use crate::delivery::quarantine::{Quarantine, Turn};
use crate::delivery::window::Window;

/// With `at_most_once`: most Pings on their way to a peer that may answer none.
const MOST_BARRIERS: usize = 64;

/// A Ping on its way.
#[derive(Debug)]
struct Barrier {
    /// The last record before it.
    upto: u64,
    since: Instant,
}

/// Which of the records on their way the peer rejected.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// This one. It is not sent again.
    Record(u64, Outbound),
    /// One of these, or one that was confirmed before. With `at_least_once` the next connection
    /// may show which.
    OneOf(u64, u64),
    /// Nothing was on its way; records up to this one were sent on this connection.
    Before(u64),
    /// No record was sent on this connection.
    None,
}

/// The records of a run, numbered from 1.
///
/// Records up to `settled` are done with, those up to `sent` went out on this connection, and
/// `queue` holds what may have to go out (again).
#[derive(Debug)]
pub(crate) struct InFlight {
    mode: DeliveryMode,
    window: Window,
    queue: VecDeque<Outbound>,
    queued_bytes: usize,
    accepted: u64,
    sent: u64,
    settled: u64,
    /// The last record before this connection.
    begin: u64,
    /// The last record that was ever sent.
    highest: u64,
    /// The Pings on their way on this connection.
    barriers: VecDeque<Barrier>,
    /// The last record behind which a Ping was sent on this connection.
    barrier: u64,
    /// Bytes sent since.
    bytes_since: usize,
    /// Bytes on their way, with `at_least_once`.
    bytes_in_flight: usize,
    quarantine: Quarantine,
    /// When the wait for a Pong began.
    waiting_since: Option<Instant>,
    confirmed: u64,
    unconfirmed: u64,
    report: FlushReport,
    resent: u64,
}

/// What the next flush has to say.
#[derive(Debug, Default)]
struct FlushReport {
    /// The last record that a flush has spoken of.
    upto: u64,
    /// Records behind it that may be lost.
    unconfirmed: u64,
    /// Records that a flush has called delivered, and that were lost on their way afterwards.
    late: u64,
}

impl InFlight {
    pub(crate) fn new(mode: DeliveryMode, window: Window) -> Self {
        Self {
            mode,
            window,
            queue: VecDeque::new(),
            queued_bytes: 0,
            accepted: 0,
            sent: 0,
            settled: 0,
            begin: 0,
            highest: 0,
            barriers: VecDeque::new(),
            barrier: 0,
            bytes_since: 0,
            bytes_in_flight: 0,
            quarantine: Quarantine::new(),
            waiting_since: None,
            confirmed: 0,
            unconfirmed: 0,
            report: FlushReport::default(),
            resent: 0,
        }
    }

    /// Whether another record may be accepted.
    pub(crate) fn has_room(&self, outbound: &Outbound) -> bool {
        self.mode == DeliveryMode::AtMostOnce
            || self.window.has_room(self.queue.len(), self.queued_bytes, outbound.size())
    }

    /// Takes the next record.
    pub(crate) fn accept(&mut self, outbound: Outbound) {
        self.accepted += 1;
        self.queued_bytes += outbound.size();
        self.queue.push_back(outbound);
    }

    /// What goes out next: a record, or the Ping behind what went out.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Outgoing> {
        if self.is_quarantined() {
            return match self.quarantine.take_turn() {
                Turn::Ping => Some(self.ping(now)),
                Turn::Wait => None,
                Turn::Record => self.send(),
            };
        }
        let may_send = self.may_send();
        if self.sent > self.barrier && self.is_ping_due(may_send) {
            return Some(self.ping(now));
        }
        if may_send { self.send() } else { None }
    }

    /// Whether there is a record to send, and room for it on its way.
    fn may_send(&self) -> bool {
        match self.mode {
            DeliveryMode::AtMostOnce => !self.queue.is_empty(),
            DeliveryMode::AtLeastOnce => {
                let on_their_way = self.in_flight() as usize;
                self.queue.get(on_their_way).is_some_and(|outbound| {
                    self.window.has_room(on_their_way, self.bytes_in_flight, outbound.size())
                })
            }
        }
    }

    fn send(&mut self) -> Option<Outgoing> {
        let frame = match self.mode {
            DeliveryMode::AtMostOnce => self.queue.pop_front()?.frame,
            DeliveryMode::AtLeastOnce => self.queue.get(self.in_flight() as usize)?.frame.clone(),
        };
        let size = frame.as_bytes().len();
        self.sent += 1;
        self.bytes_since += size;
        self.bytes_in_flight += size;
        self.resent += u64::from(self.sent <= self.highest);
        self.highest = self.highest.max(self.sent);
        Some(Outgoing::Frame(frame))
    }

    fn is_ping_due(&self, may_send: bool) -> bool {
        let since = (self.sent - self.barrier) as usize;
        let wanted = self.window.wants_ping(since, self.bytes_since);
        match self.mode {
            // Only to know what was lost, and that the peer lives.
            DeliveryMode::AtMostOnce => match self.queue.is_empty() {
                true => self.waiting_since.is_none(),
                false => wanted && self.barriers.len() < MOST_BARRIERS,
            },
            // Nothing more goes out until a Pong comes.
            DeliveryMode::AtLeastOnce => wanted || !may_send,
        }
    }

    fn ping(&mut self, now: Instant) -> Outgoing {
        self.barrier = self.sent;
        self.bytes_since = 0;
        self.barriers.push_back(Barrier { upto: self.sent, since: now });
        self.window.pinged();
        self.waiting_since.get_or_insert(now);
        Outgoing::Barrier(self.sent)
    }

    /// A Pong says that the peer has read everything up to record `mark`; `latest` that its Ping was
    /// no earlier than the last one from here. Whether that is news.
    pub(crate) fn read(&mut self, mark: u64, latest: bool, now: Instant) -> bool {
        if mark > self.sent {
            return false;
        }
        while let Some(barrier) = self.barriers.front()
            && barrier.upto <= mark
        {
            let took = now.saturating_duration_since(barrier.since);
            self.window.answered(took, barrier.upto, self.sent);
            self.barriers.pop_front();
        }
        self.waiting_since = (!self.barriers.is_empty()).then_some(now);
        let accepted = match self.is_quarantined() {
            true => latest && self.quarantine.pong(),
            false => mark > self.settled,
        };
        if !accepted {
            return false;
        }
        let news = mark - self.settled;
        if self.mode == DeliveryMode::AtLeastOnce {
            for outbound in self.queue.drain(..news as usize) {
                self.queued_bytes -= outbound.size();
                self.bytes_in_flight -= outbound.size();
            }
        }
        self.settled = mark;
        self.confirmed += news;
        news > 0
    }

    /// The last of what went out was taken by the socket only now.
    pub(crate) fn flushed(&mut self, now: Instant) {
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// A Pong did not come in time.
    pub(crate) fn pong_missing(&mut self) {
        self.window.unanswered(self.sent);
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self) {
        match self.mode {
            DeliveryMode::AtMostOnce => {
                let (lost, reported) = (self.in_flight(), self.report.upto.min(self.sent));
                let late = reported.saturating_sub(self.settled);
                self.report.late += late;
                self.report.unconfirmed += lost - late;
                self.unconfirmed += lost;
                self.settled = self.sent;
            }
            DeliveryMode::AtLeastOnce => self.sent = self.settled,
        }
        self.restart();
    }

    /// What holds at the beginning of each connection.
    fn restart(&mut self) {
        self.begin = self.sent;
        self.barrier = self.sent;
        self.barriers.clear();
        (self.bytes_since, self.bytes_in_flight) = (0, 0);
        self.quarantine.restart();
        self.waiting_since = None;
        self.window.restart(self.begin);
    }

    /// There will be no connection any more: records that are not confirmed stay so.
    pub(crate) fn give_up(&mut self) {
        self.lost();
        self.report.unconfirmed += self.accepted - self.settled;
        self.unconfirmed += self.doubtful();
        self.queue.clear();
        self.queued_bytes = 0;
        self.highest = self.accepted;
        self.sent = self.accepted;
        self.settled = self.accepted;
        self.restart();
    }

    /// How many records are on their way on this connection.
    pub(crate) fn in_flight(&self) -> u64 {
        self.sent - self.settled
    }

    /// Whether records are sent one at a time, to find the one that the peer rejected.
    pub(crate) fn is_quarantined(&self) -> bool {
        self.quarantine.is_on(self.settled)
    }

    /// The peer ended this connection because of a message that it received.
    pub(crate) fn rejected(&mut self) -> Rejection {
        if self.in_flight() == 0 {
            return match self.sent > self.begin {
                true => Rejection::Before(self.sent),
                false => Rejection::None,
            };
        }
        if self.mode == DeliveryMode::AtMostOnce {
            return Rejection::OneOf(self.settled + 1, self.sent);
        }
        if !self.is_quarantined() {
            // Most peers would have answered the Ping behind it: records up to there are suspects.
            self.quarantine.begin(self.barriers.front().map_or(self.sent, |barrier| barrier.upto));
            return Rejection::OneOf(self.settled + 1, self.sent);
        }
        let Some(outbound) = self.queue.pop_front() else { return Rejection::None };
        self.queued_bytes -= outbound.size();
        self.bytes_in_flight = 0;
        self.settled = self.sent;
        // The runner counts a record that is handed back.
        self.report.unconfirmed += u64::from(outbound.record.is_none());
        Rejection::Record(self.settled, outbound)
    }

    /// Whether everything that was accepted went out on this connection.
    pub(crate) fn is_all_sent(&self) -> bool {
        self.sent == self.accepted
    }

    /// Whether everything that was accepted was read by the peer or given up.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled == self.accepted
    }

    /// When a Pong has been waited for as long as `timeout`.
    pub(crate) fn pong_due(&self, timeout: Duration) -> Option<Instant> {
        self.waiting_since?.checked_add(timeout)
    }

    /// How many records the peer has read in this run.
    pub(crate) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// How many records were sent at some time, and are neither confirmed nor given up.
    pub(crate) fn doubtful(&self) -> u64 {
        self.highest - self.settled
    }

    /// How many records were given up in this run, though they may have arrived.
    pub(crate) fn unconfirmed(&self) -> u64 {
        self.unconfirmed
    }

    /// How many accepted records were never sent.
    pub(crate) fn unsent(&self) -> u64 {
        self.accepted - self.highest
    }

    /// Everything accepted so far is flushed or given up. Returns how many of the records accepted
    /// since the last call may be lost.
    pub(crate) fn take_unconfirmed(&mut self) -> u64 {
        self.report.upto = self.accepted;
        std::mem::take(&mut self.report.unconfirmed)
    }

    /// How many records were lost since the last call although a flush had called them delivered.
    pub(crate) fn take_late_losses(&mut self) -> u64 {
        std::mem::take(&mut self.report.late)
    }

    /// How many records were sent once more since the last call.
    pub(crate) fn take_resent(&mut self) -> u64 {
        std::mem::take(&mut self.resent)
    }
}

#[cfg(test)]
mod tests;
