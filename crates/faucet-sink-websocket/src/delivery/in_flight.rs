//! The records that were accepted and are not confirmed, and what follows from a loss.

use std::time::{Duration, Instant};

use faucet_core::{Record, StreamPage};

use crate::delivery::backlog::{Backlog, RunOfRecords};
use crate::delivery::barriers::Barriers;
use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::flush_report::FlushReport;
use crate::delivery::quarantine::{Quarantine, Turn};
use crate::delivery::window::Window;

/// With `at_most_once`: most Pings on their way to a peer that may answer none.
const MOST_BARRIERS: usize = 64;

/// Records or a Ping, to go out next.
#[derive(Debug)]
pub(crate) enum Outgoing<'a> {
    Records(RunOfRecords<'a>),
    /// A Ping behind the records up to this one.
    Barrier(u64),
}

/// The buffer that frames are written into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Bytes that wait in it.
    pub(crate) used: usize,
    /// The most that may wait. A single frame may be larger.
    pub(crate) limit: usize,
}

impl Room {
    fn takes(self, payload: usize) -> bool {
        self.used == 0 || self.used + payload + FRAME <= self.limit
    }
}

/// Which of the records on their way the peer rejected.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// A known record, which is not sent again.
    Record(u64, Record),
    /// One of these, or one that was confirmed before. With `at_least_once` the next connection
    /// may show which.
    OneOf(u64, u64),
    /// Nothing was on its way; records up to this one were sent on this connection.
    Before(u64),
    /// No record was sent on this connection.
    None,
}

/// The numbers of records, which count from 1 over the whole run.
#[derive(Debug, Default)]
struct Numbers {
    accepted: u64,
    /// Records up to here went out on this connection.
    sent: u64,
    /// Records up to here are done with.
    settled: u64,
    /// The last record before this connection.
    begin: u64,
    /// The last record that was ever sent.
    highest: u64,
}

/// How many records had which fate.
#[derive(Debug, Default)]
struct Fates {
    confirmed: u64,
    unconfirmed: u64,
    /// Sent once more since the last look.
    resent: u64,
}

/// The records of a run: those on their way, and those that wait.
#[derive(Debug)]
pub(crate) struct InFlight {
    mode: DeliveryMode,
    /// Whether a rejected record goes back to the runner, which then counts it.
    hands_back: bool,
    window: Window,
    backlog: Backlog,
    numbers: Numbers,
    barriers: Barriers,
    /// Bytes on their way, with `at_least_once`.
    bytes_in_flight: usize,
    quarantine: Quarantine,
    fates: Fates,
    report: FlushReport,
}

impl InFlight {
    pub(crate) fn new(mode: DeliveryMode, window: Window, hands_back: bool) -> Self {
        Self {
            mode,
            hands_back,
            window,
            backlog: Backlog::default(),
            numbers: Numbers::default(),
            barriers: Barriers::default(),
            bytes_in_flight: 0,
            quarantine: Quarantine::new(),
            fates: Fates::default(),
            report: FlushReport::default(),
        }
    }

    /// Takes as many records from the front of `page` as there is room for.
    pub(crate) fn accept(&mut self, page: &mut StreamPage) {
        let room = self.room_for(page);
        if room == 0 {
            return;
        }
        // A split copies the places of a page that somebody else shares.
        let rest = if room < page.len() { page.split_off(room) } else { StreamPage::default() };
        self.numbers.accepted += room as u64;
        self.backlog.push(std::mem::replace(page, rest));
    }

    /// How many records at the front of `page` have room.
    fn room_for(&self, page: &StreamPage) -> usize {
        if self.mode == DeliveryMode::AtMostOnce {
            return page.len();
        }
        let (mut records, mut bytes) = (self.backlog.len(), self.backlog.bytes());
        let no_room = |size: usize| {
            let room = self.window.has_room(records, bytes, size);
            (records, bytes) = (records + 1, bytes + size);
            !room
        };
        let mut sizes = page.payload_lens(0..page.len());
        sizes.position(no_room).unwrap_or(page.len())
    }

    /// Returns what goes out next: records for which there is room, or the Ping behind those that went out.
    pub(crate) fn next(&mut self, now: Instant, room: Room) -> Option<Outgoing<'_>> {
        if self.mode == DeliveryMode::AtMostOnce {
            // Nothing is sent again: what went out is not kept.
            let out = self.backlog.len() - self.backlog.waiting();
            self.backlog.settle(out);
        }
        if self.is_quarantined() {
            return match self.quarantine.take_turn() {
                Turn::Ping => Some(self.ping(now)),
                Turn::Wait => None,
                Turn::Record => self.send(Room { limit: 0, ..room }),
            };
        }
        let may_send = self.may_send();
        if self.numbers.sent > self.barriers.last() && self.is_ping_due(may_send) {
            return Some(self.ping(now));
        }
        if may_send { self.send(room) } else { None }
    }

    /// Whether there is a record to send, and room for it on its way.
    fn may_send(&self) -> bool {
        let Some(size) = self.backlog.next_size() else { return false };
        self.mode == DeliveryMode::AtMostOnce
            || self.window.has_room(self.in_flight() as usize, self.bytes_in_flight, size)
    }

    /// Sends records up to the next Ping.
    fn send(&mut self, mut room: Room) -> Option<Outgoing<'_>> {
        let first = self.backlog.next_size().filter(|size| room.takes(*size) || room.limit == 0);
        first?;
        let Self { mode, window, barriers, .. } = self;
        let (mode, keeps) = (*mode, *mode == DeliveryMode::AtLeastOnce);
        let may_ping = keeps || barriers.len() < MOST_BARRIERS;
        let mut since = (self.numbers.sent - barriers.last()) as usize;
        let mut in_flight = (self.numbers.sent - self.numbers.settled) as usize;
        let (mut bytes, mut all_bytes) = (barriers.bytes_since(), self.bytes_in_flight);
        let run = self.backlog.send(|size, next| {
            (since, in_flight) = (since + 1, in_flight + 1);
            (bytes, all_bytes) = (bytes + size, all_bytes + size);
            room.used += size + FRAME;
            let Some(next) = next else { return false };
            room.takes(next)
                && !(may_ping && window.wants_ping(since, bytes))
                && (mode == DeliveryMode::AtMostOnce || window.has_room(in_flight, all_bytes, next))
        })?;
        barriers.sent(bytes);
        if keeps {
            self.bytes_in_flight = all_bytes;
        }
        let first = self.numbers.sent;
        self.numbers.sent += run.range.len() as u64;
        self.fates.resent += self.numbers.sent.min(self.numbers.highest).saturating_sub(first);
        self.numbers.highest = self.numbers.highest.max(self.numbers.sent);
        Some(Outgoing::Records(run))
    }

    fn is_ping_due(&self, may_send: bool) -> bool {
        let since = (self.numbers.sent - self.barriers.last()) as usize;
        let wanted = self.window.wants_ping(since, self.barriers.bytes_since());
        match self.mode {
            // Only to know what was lost, and that the peer lives.
            DeliveryMode::AtMostOnce => match self.backlog.is_all_out() {
                true => !self.barriers.are_awaited(),
                false => wanted && self.barriers.len() < MOST_BARRIERS,
            },
            // Nothing more goes out until a Pong comes.
            DeliveryMode::AtLeastOnce => wanted || !may_send,
        }
    }

    fn ping<'a>(&mut self, now: Instant) -> Outgoing<'a> {
        self.barriers.ping(self.numbers.sent, now);
        self.window.pinged();
        Outgoing::Barrier(self.numbers.sent)
    }

    /// A Pong says that the peer has read everything up to record `mark`; `latest` that its Ping was
    /// no earlier than the last one from here. Whether that is news.
    pub(crate) fn read(&mut self, mark: u64, latest: bool, now: Instant) -> bool {
        if mark > self.numbers.sent {
            return false;
        }
        while let Some((upto, took)) = self.barriers.answered(mark, now) {
            self.window.answered(took, upto, self.numbers.sent);
        }
        self.barriers.ponged(now);
        let accepted = match self.is_quarantined() {
            true => latest && self.quarantine.pong(),
            false => mark > self.numbers.settled,
        };
        if !accepted {
            return false;
        }
        let news = mark - self.numbers.settled;
        if self.mode == DeliveryMode::AtLeastOnce {
            self.bytes_in_flight -= self.backlog.settle(news as usize);
        }
        self.numbers.settled = mark;
        self.fates.confirmed += news;
        news > 0
    }

    /// The last of what went out was taken by the socket only now.
    pub(crate) fn flushed(&mut self, now: Instant) {
        self.barriers.flushed(now);
    }

    /// A Pong did not come in time.
    pub(crate) fn pong_missing(&mut self) {
        self.window.unanswered(self.numbers.sent);
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self) {
        match self.mode {
            DeliveryMode::AtMostOnce => {
                let lost = self.in_flight();
                self.report.lost(lost, self.numbers.settled, self.numbers.sent);
                self.fates.unconfirmed += lost;
                self.numbers.settled = self.numbers.sent;
                let out = self.backlog.len() - self.backlog.waiting();
                self.backlog.settle(out);
            }
            DeliveryMode::AtLeastOnce => {
                self.numbers.sent = self.numbers.settled;
                self.backlog.rewind();
            }
        }
        self.restart();
    }

    /// Sets the state with which each connection begins.
    fn restart(&mut self) {
        self.numbers.begin = self.numbers.sent;
        self.barriers.restart(self.numbers.sent);
        self.bytes_in_flight = 0;
        self.quarantine.restart();
        self.window.restart(self.numbers.begin);
    }

    /// There will be no connection any more: records that are not confirmed stay so.
    pub(crate) fn give_up(&mut self) {
        self.lost();
        let accepted = self.numbers.accepted;
        self.report.given_up(accepted - self.numbers.settled);
        self.fates.unconfirmed += self.doubtful();
        self.backlog.clear();
        let begin = self.numbers.begin;
        self.numbers =
            Numbers { accepted, sent: accepted, settled: accepted, begin, highest: accepted };
        self.restart();
    }

    /// How many records are on their way on this connection.
    pub(crate) fn in_flight(&self) -> u64 {
        self.numbers.sent - self.numbers.settled
    }

    /// Whether records are sent one at a time, to find the one that the peer rejected.
    pub(crate) fn is_quarantined(&self) -> bool {
        self.quarantine.is_on(self.numbers.settled)
    }

    /// The peer ended this connection because of a message that it received.
    pub(crate) fn rejected(&mut self) -> Rejection {
        let Numbers { sent, settled, begin, .. } = self.numbers;
        if self.in_flight() == 0 {
            return if sent > begin { Rejection::Before(sent) } else { Rejection::None };
        }
        if self.mode == DeliveryMode::AtMostOnce {
            return Rejection::OneOf(settled + 1, sent);
        }
        if !self.is_quarantined() {
            // Most peers would have answered the Ping behind it: records up to there are suspects.
            self.quarantine.begin(self.barriers.oldest().unwrap_or(sent));
            return Rejection::OneOf(settled + 1, sent);
        }
        let Some(record) = self.backlog.pop() else { return Rejection::None };
        self.bytes_in_flight = 0;
        self.numbers.settled = sent;
        // The runner counts a record that is handed back.
        self.report.given_up(u64::from(!self.hands_back));
        Rejection::Record(sent, record)
    }

    /// Whether a rejected record goes back to the runner.
    pub(crate) fn hands_back(&self) -> bool {
        self.hands_back
    }

    /// Whether everything that was accepted went out on this connection.
    pub(crate) fn is_all_sent(&self) -> bool {
        self.numbers.sent == self.numbers.accepted
    }

    /// Whether everything that was accepted was read by the peer or given up.
    pub(crate) fn is_settled(&self) -> bool {
        self.numbers.settled == self.numbers.accepted
    }

    /// When a Pong has been waited for as long as `timeout`.
    pub(crate) fn pong_due(&self, timeout: Duration) -> Option<Instant> {
        self.barriers.due(timeout)
    }

    /// How many records the peer has read in this run.
    pub(crate) fn confirmed(&self) -> u64 {
        self.fates.confirmed
    }

    /// How many records were sent at some time, and are neither confirmed nor given up.
    pub(crate) fn doubtful(&self) -> u64 {
        self.numbers.highest - self.numbers.settled
    }

    /// How many records were given up in this run, though they may have arrived.
    pub(crate) fn unconfirmed(&self) -> u64 {
        self.fates.unconfirmed
    }

    /// How many accepted records were never sent.
    pub(crate) fn unsent(&self) -> u64 {
        self.numbers.accepted - self.numbers.highest
    }

    /// Everything accepted so far is flushed or given up. Returns how many of the records accepted
    /// since the last call may be lost.
    pub(crate) fn take_unconfirmed(&mut self) -> u64 {
        self.report.take_unconfirmed(self.numbers.accepted)
    }

    /// How many records were lost since the last call although a flush had called them delivered.
    pub(crate) fn take_late_losses(&mut self) -> u64 {
        self.report.take_late()
    }

    /// How many records were sent once more since the last call.
    pub(crate) fn take_resent(&mut self) -> u64 {
        std::mem::take(&mut self.fates.resent)
    }
}

/// The bytes of a frame beside its payload, at most.
const FRAME: usize = 14;

#[cfg(test)]
mod tests;
