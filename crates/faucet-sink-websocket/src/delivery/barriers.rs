//! The Pings behind records on one connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A Ping on its way.
#[derive(Debug, Clone, Copy)]
struct Barrier {
    /// The last record before it.
    upto: u64,
    since: Instant,
}

/// The Pings on their way on one connection, and the wait for their Pongs.
#[derive(Debug, Default)]
pub(crate) struct Barriers {
    on_their_way: VecDeque<Barrier>,
    /// The last record behind which a Ping was sent.
    last: u64,
    /// Bytes sent since.
    bytes_since: usize,
    /// When the wait for a Pong began.
    waiting_since: Option<Instant>,
}

impl Barriers {
    /// The last record behind which a Ping was sent.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// How many Pings are on their way.
    pub(crate) fn len(&self) -> usize {
        self.on_their_way.len()
    }

    /// The last record before the oldest Ping on its way.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.on_their_way.front().map(|barrier| barrier.upto)
    }

    /// Bytes sent since the last Ping.
    pub(crate) fn bytes_since(&self) -> usize {
        self.bytes_since
    }

    /// By now `bytes` were sent since the last Ping.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes_since = bytes;
    }

    /// Whether a Pong is waited for.
    pub(crate) fn are_awaited(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// A Ping goes out behind record `upto`.
    pub(crate) fn ping(&mut self, upto: u64, now: Instant) {
        (self.last, self.bytes_since) = (upto, 0);
        self.on_their_way.push_back(Barrier { upto, since: now });
        self.waiting_since.get_or_insert(now);
    }

    /// Takes the oldest Ping off if a Pong for record `mark` answers it: its record, and how long it
    /// took.
    pub(crate) fn answered(&mut self, mark: u64, now: Instant) -> Option<(u64, Duration)> {
        let Barrier { upto, since } = *self.on_their_way.front()?;
        if upto > mark {
            return None;
        }
        self.on_their_way.pop_front();
        Some((upto, now.saturating_duration_since(since)))
    }

    /// A Pong came in: the wait for the others begins.
    pub(crate) fn ponged(&mut self, now: Instant) {
        self.waiting_since = (!self.on_their_way.is_empty()).then_some(now);
    }

    /// The socket has taken the last of what was sent only now.
    pub(crate) fn flushed(&mut self, now: Instant) {
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// When a Pong has been waited for as long as `timeout`.
    pub(crate) fn due(&self, timeout: Duration) -> Option<Instant> {
        self.waiting_since?.checked_add(timeout)
    }

    /// A connection begins behind record `begin`.
    pub(crate) fn restart(&mut self, begin: u64) {
        *self = Self { last: begin, ..Self::default() };
    }
}
