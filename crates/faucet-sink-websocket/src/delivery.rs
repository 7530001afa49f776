//! What was accepted, sent and confirmed, and what follows from a loss. Pure: it takes `now`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faucet_common_websocket::{Frame, Outgoing};

use crate::config::DeliveryMode;

/// Pings on their way when the window is full.
const BARRIERS: usize = 16;

/// What may be unconfirmed at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// What happened since it was last asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Records that the peer has read.
    pub(crate) delivered: u64,
    /// Records that may be lost.
    pub(crate) unconfirmed: u64,
    /// Records sent once more.
    pub(crate) resent: u64,
}

/// The records of a run, numbered from 1.
///
/// Records up to `settled` are done with, those up to `sent` went out on this connection, and
/// `queue` holds what may have to go out (again).
#[derive(Debug)]
pub(crate) struct Ledger {
    mode: DeliveryMode,
    window: Window,
    queue: VecDeque<Frame>,
    queued_bytes: usize,
    accepted: u64,
    sent: u64,
    settled: u64,
    /// The last record that was ever sent.
    highest: u64,
    /// The last record behind which a Ping was sent on this connection.
    barrier: u64,
    /// Bytes sent since.
    bytes_since: usize,
    /// Up to this record one goes out at a time: one of them was refused, and it is to be known
    /// which.
    careful_until: u64,
    /// Since when a Pong has been owed.
    waiting_since: Option<Instant>,
    confirmed: u64,
    unconfirmed: u64,
    counts: Counts,
}

impl Ledger {
    pub(crate) fn new(mode: DeliveryMode, window: Window) -> Self {
        Self {
            mode,
            window,
            queue: VecDeque::new(),
            queued_bytes: 0,
            accepted: 0,
            sent: 0,
            settled: 0,
            highest: 0,
            barrier: 0,
            bytes_since: 0,
            careful_until: 0,
            waiting_since: None,
            confirmed: 0,
            unconfirmed: 0,
            counts: Counts::default(),
        }
    }

    /// Whether another record may be accepted.
    pub(crate) fn has_room(&self, frame: &Frame) -> bool {
        let size = frame.as_bytes().len();
        self.queue.is_empty()
            || self.mode == DeliveryMode::AtMostOnce
            || (self.queue.len() < self.window.records
                && self.queued_bytes + size <= self.window.bytes)
    }

    /// Takes the next record.
    pub(crate) fn accept(&mut self, frame: Frame) {
        self.accepted += 1;
        self.queued_bytes += frame.as_bytes().len();
        self.queue.push_back(frame);
    }

    /// What goes out next: a record, or the Ping behind what went out.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Outgoing> {
        if self.is_barrier_due() {
            self.barrier = self.sent;
            self.bytes_since = 0;
            self.waiting_since.get_or_insert(now);
            return Some(Outgoing::Barrier(self.sent));
        }
        if self.sent <= self.careful_until && self.in_flight() > 0 {
            return None;
        }
        let frame = match self.mode {
            DeliveryMode::AtMostOnce => self.queue.pop_front()?,
            DeliveryMode::AtLeastOnce => {
                self.queue.get((self.sent - self.settled) as usize)?.clone()
            }
        };
        self.sent += 1;
        self.bytes_since += frame.as_bytes().len();
        if self.sent <= self.highest {
            self.counts.resent += 1;
        }
        self.highest = self.highest.max(self.sent);
        Some(Outgoing::Frame(frame))
    }

    fn is_barrier_due(&self) -> bool {
        let since = self.sent - self.barrier.min(self.sent);
        match self.mode {
            _ if since == 0 => false,
            // Only to know what was lost: one at a time is enough.
            DeliveryMode::AtMostOnce => self.queue.is_empty() && self.waiting_since.is_none(),
            DeliveryMode::AtLeastOnce => {
                self.is_all_sent()
                    || self.sent <= self.careful_until
                    || since >= (self.window.records / BARRIERS).max(1) as u64
                    // Half of that: the last record before a Ping may be a large one.
                    || self.bytes_since >= (self.window.bytes / (2 * BARRIERS)).max(1)
            }
        }
    }

    /// The peer has read everything up to record `mark`. Whether that is news.
    pub(crate) fn read(&mut self, mark: u64, now: Instant) -> bool {
        if mark <= self.settled || mark > self.sent {
            return false;
        }
        let news = mark - self.settled;
        if self.mode == DeliveryMode::AtLeastOnce {
            for frame in self.queue.drain(..news as usize) {
                self.queued_bytes -= frame.as_bytes().len();
            }
        }
        self.settled = mark;
        self.confirmed += news;
        self.counts.delivered += news;
        self.waiting_since = (mark < self.barrier).then_some(now);
        true
    }

    /// The last of what went out was taken by the socket only now.
    pub(crate) fn flushed(&mut self, now: Instant) {
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self) {
        match self.mode {
            DeliveryMode::AtMostOnce => {
                self.counts.unconfirmed += self.in_flight();
                self.unconfirmed += self.in_flight();
                self.settled = self.sent;
            }
            DeliveryMode::AtLeastOnce => self.sent = self.settled,
        }
        self.barrier = self.sent;
        self.bytes_since = 0;
        self.waiting_since = None;
    }

    /// There will be no connection any more: what was sent and is not confirmed stays so.
    pub(crate) fn give_up(&mut self) {
        self.lost();
        self.counts.unconfirmed += self.doubtful();
        self.unconfirmed += self.doubtful();
        self.queue.clear();
        self.queued_bytes = 0;
        self.highest = self.accepted;
        self.sent = self.accepted;
        self.settled = self.accepted;
        self.barrier = self.accepted;
    }

    /// The records that are on their way on this connection, by their numbers.
    pub(crate) fn on_their_way(&self) -> (u64, u64) {
        (self.settled + 1, self.sent)
    }

    /// How many that are.
    pub(crate) fn in_flight(&self) -> u64 {
        self.sent - self.settled
    }

    /// One of the records on their way was refused: if it is known which, its number and size, and
    /// it is not sent again; else they go out one by one next time.
    pub(crate) fn refused(&mut self) -> Option<(u64, usize)> {
        if self.mode == DeliveryMode::AtMostOnce {
            return None;
        }
        if self.sent > self.careful_until || self.in_flight() != 1 {
            self.careful_until = self.careful_until.max(self.sent);
            return None;
        }
        let size = self.queue.pop_front()?.as_bytes().len();
        self.queued_bytes -= size;
        self.settled = self.sent;
        Some((self.settled, size))
    }

    /// Whether everything that was accepted went out on this connection.
    pub(crate) fn is_all_sent(&self) -> bool {
        self.sent == self.accepted
    }

    /// Whether everything that was accepted was read by the peer or given up.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled == self.accepted
    }

    /// When the peer has owed a Pong for `timeout`.
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

    pub(crate) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn ledger(mode: DeliveryMode, window: usize) -> Ledger {
        Ledger::new(mode, Window { records: window, bytes: 1 << 20 })
    }

    /// Accepts `n` records; whether there was room for all.
    fn accept(ledger: &mut Ledger, n: u64) -> bool {
        (0..n).all(|_| {
            let frame = Frame::Text("12345678".into());
            let room = ledger.has_room(&frame);
            if room {
                ledger.accept(frame);
            }
            room
        })
    }

    /// What goes out: the number of records between two Pings, and the marks of the Pings.
    fn sent(ledger: &mut Ledger, now: Instant) -> (Vec<u64>, Vec<u64>) {
        let (mut runs, mut marks) = (vec![0], Vec::new());
        while let Some(outgoing) = ledger.next(now) {
            match outgoing {
                Outgoing::Frame(_) => *runs.last_mut().unwrap() += 1,
                Outgoing::Barrier(mark) => {
                    marks.push(mark);
                    runs.push(0);
                }
            }
        }
        (runs, marks)
    }

    fn counts(ledger: &mut Ledger) -> (u64, u64, u64) {
        let Counts { delivered, unconfirmed, resent } = ledger.take_counts();
        (delivered, unconfirmed, resent)
    }

    #[test]
    fn a_ping_follows_each_sixteenth_of_the_window_and_the_last_record() {
        let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
        assert!(accept(&mut ledger, 10));
        assert_eq!(sent(&mut ledger, now), (vec![4, 4, 2, 0], vec![4, 8, 10]));
        assert!(accept(&mut ledger, 1));
        assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![11]));
    }

    #[test]
    fn at_least_once_the_window_bounds_what_is_unconfirmed() {
        let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 8), Instant::now());
        assert!(!accept(&mut ledger, 9));
        sent(&mut ledger, now);
        assert!(ledger.read(3, now));
        assert!(!ledger.read(2, now), "that is no news");
        assert!(!ledger.read(9, now), "that was never sent");
        assert!(accept(&mut ledger, 3) && !accept(&mut ledger, 1));
        assert_eq!((ledger.in_flight(), ledger.confirmed()), (5, 3));
    }

    #[test]
    fn at_least_once_a_loss_sends_the_rest_again_in_order_and_counts_it() {
        let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
        accept(&mut ledger, 10);
        sent(&mut ledger, now);
        ledger.read(4, now);
        ledger.lost();
        accept(&mut ledger, 2);
        assert_eq!(sent(&mut ledger, now).1, [8, 12]);
        ledger.read(12, now);
        assert!(ledger.is_settled());
        assert_eq!(counts(&mut ledger), (12, 0, 6));
    }

    #[test]
    fn at_most_once_one_ping_is_on_its_way_and_a_loss_is_counted() {
        let (mut ledger, now) = (ledger(DeliveryMode::AtMostOnce, 1), Instant::now());
        assert!(accept(&mut ledger, 10), "what is not kept needs no room");
        assert_eq!(sent(&mut ledger, now), (vec![10, 0], vec![10]));
        accept(&mut ledger, 5);
        assert_eq!(sent(&mut ledger, now), (vec![5], vec![]));
        ledger.read(10, now);
        assert_eq!(sent(&mut ledger, now), (vec![0, 0], vec![15]));
        accept(&mut ledger, 3);
        ledger.lost();
        assert_eq!(sent(&mut ledger, now).1, [18], "what was not sent goes out");
        ledger.read(18, now);
        assert_eq!(counts(&mut ledger), (13, 5, 0));
    }

    #[test]
    fn a_pong_is_owed_from_the_oldest_ping_or_the_latest_pong_on() {
        let (mut ledger, t0) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
        assert_eq!(ledger.pong_due(S(30)), None);
        accept(&mut ledger, 8);
        sent(&mut ledger, t0);
        accept(&mut ledger, 4);
        sent(&mut ledger, t0 + S(10));
        assert_eq!(ledger.pong_due(S(30)), Some(t0 + S(30)));
        ledger.read(4, t0 + S(20));
        assert_eq!(ledger.pong_due(S(30)), Some(t0 + S(50)));
        ledger.read(12, t0 + S(21));
        ledger.flushed(t0 + S(22));
        assert_eq!(ledger.pong_due(S(30)), None);
        accept(&mut ledger, 1);
        sent(&mut ledger, t0 + S(23));
        ledger.flushed(t0 + S(40));
        assert_eq!(ledger.pong_due(S(30)), Some(t0 + S(70)), "the socket took it late");
    }

    #[test]
    fn a_refusal_is_traced_to_its_record_by_sending_one_at_a_time() {
        let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
        accept(&mut ledger, 5);
        sent(&mut ledger, now);
        assert_eq!(ledger.refused(), None, "any of the five");
        ledger.lost();
        accept(&mut ledger, 3);
        for number in 1..=2 {
            assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![number]));
            ledger.read(number, now);
        }
        assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![3]));
        assert_eq!(ledger.refused(), Some((3, 8)));
        ledger.lost();
        for number in 4..=5 {
            assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![number]));
            ledger.read(number, now);
        }
        // Nobody is suspected any more.
        assert_eq!(sent(&mut ledger, now), (vec![3, 0], vec![8]));
        ledger.read(8, now);
        assert_eq!(counts(&mut ledger), (7, 0, 5));
    }

    #[test]
    fn what_is_given_up_is_unconfirmed_and_what_was_never_sent_is_not() {
        let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
        accept(&mut ledger, 6);
        sent(&mut ledger, now);
        ledger.read(4, now);
        ledger.lost();
        accept(&mut ledger, 3);
        assert_eq!((ledger.doubtful(), ledger.unsent()), (2, 3));
        ledger.give_up();
        assert!(ledger.is_settled() && ledger.is_all_sent());
        assert_eq!((ledger.unconfirmed(), ledger.confirmed()), (2, 4));
        assert_eq!(counts(&mut ledger), (4, 2, 0));
    }
}
