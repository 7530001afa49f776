//! The moments from which the time limits of a connection count.

use std::time::{Duration, Instant};

/// The moments from which the time limits of a connection count. A pause, in which the owner does
/// not read, moves all of them: it says nothing about the peer.
#[derive(Debug)]
pub(crate) struct Clocks {
    /// A byte came in.
    pub(crate) inbound: Instant,
    /// A byte of a data frame came in, or the connection began.
    pub(crate) data: Instant,
    /// A byte of a data frame came in; connects do not count.
    pub(crate) feed: Instant,
    /// The socket took a byte.
    pub(crate) outbound: Instant,
    /// There is no connection since then.
    pub(crate) down: Option<Instant>,
    paused: Option<Instant>,
}

impl Clocks {
    /// The owner does not read before it asks for the first event.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            inbound: now,
            data: now,
            feed: now,
            outbound: now,
            down: Some(now),
            paused: Some(now),
        }
    }

    /// A connection stands at `now`.
    pub(crate) fn opened(&mut self, now: Instant) {
        (self.data, self.outbound) = (now, now);
    }

    /// The connection is good.
    pub(crate) fn connected(&mut self) {
        self.down = None;
    }

    pub(crate) fn disconnected(&mut self, now: Instant) {
        self.down.get_or_insert(now);
    }

    /// Bytes came in at `now`.
    pub(crate) fn heard(&mut self, now: Instant, data: bool) {
        self.inbound = now;
        if data {
            (self.data, self.feed) = (now, now);
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// The owner stops reading.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused.get_or_insert(now);
    }

    /// The owner reads again. Returns how long it did not.
    pub(crate) fn resume(&mut self, now: Instant) -> Option<Duration> {
        let pause = now.saturating_duration_since(self.paused.take()?);
        // A dial may have succeeded, or a close handshake ended, during the pause.
        let moved = |clock: Instant| now.min(clock + pause);
        for clock in [&mut self.inbound, &mut self.data, &mut self.feed] {
            *clock = moved(*clock);
        }
        self.down = self.down.map(moved);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_moves_every_clock_of_the_peer() {
        let t0 = Instant::now();
        let second = Duration::from_secs(1);
        let mut clocks = Clocks::new(t0);
        assert_eq!(clocks.resume(t0 + second), Some(second));
        clocks.opened(t0 + second);
        clocks.connected();
        clocks.heard(t0 + 3 * second, true);
        clocks.heard(t0 + 4 * second, false);
        clocks.pause(t0 + 5 * second);
        clocks.pause(t0 + 6 * second);
        assert!(clocks.is_paused());
        assert_eq!(clocks.resume(t0 + 15 * second), Some(10 * second));
        assert_eq!((clocks.inbound, clocks.data), (t0 + 14 * second, t0 + 13 * second));
        assert_eq!(clocks.resume(t0 + 16 * second), None);
    }
}
