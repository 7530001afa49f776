//! The Pings of a tap, and the end after the last message was sent. Pure.

use std::time::{Duration, Instant};

/// What a due moment asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    Nothing,
    /// A Ping with this mark.
    Ping(u64),
    /// The peer did not answer a Ping in this time.
    Dead(Duration),
}

/// Sends Pings and measures their round trips.
#[derive(Debug, Default)]
pub(crate) struct Pinger {
    interval: Option<Duration>,
    /// Whether one Ping is sent after each connect where there is no interval.
    once: bool,
    mark: u64,
    next: Option<Instant>,
    /// The Ping that is not answered.
    sent: Option<Instant>,
}

impl Pinger {
    pub(crate) fn new(interval: Option<Duration>, once: bool) -> Self {
        Self { interval, once, ..Self::default() }
    }

    /// A connection was made: its first Ping is due.
    pub(crate) fn connected(&mut self, now: Instant) {
        let pings = self.once || self.interval.is_some();
        (self.mark, self.sent, self.next) = (0, None, pings.then_some(now));
    }

    /// There is no connection.
    pub(crate) fn lost(&mut self) {
        (self.sent, self.next) = (None, None);
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        match self.sent {
            Some(sent) => self.interval.map(|interval| sent + interval),
            None => self.next,
        }
    }

    pub(crate) fn tick(&mut self, now: Instant) -> Tick {
        if self.due().is_none_or(|due| now < due) {
            return Tick::Nothing;
        }
        if let (Some(_), Some(interval)) = (self.sent, self.interval) {
            self.lost();
            return Tick::Dead(interval);
        }
        self.mark += 1;
        self.sent = Some(now);
        self.next = self.interval.map(|interval| now + interval);
        Tick::Ping(self.mark)
    }

    /// A Pong proves that the peer has read everything up to a mark: the round trip, if it is that of
    /// the awaited Ping.
    pub(crate) fn ponged(&mut self, upto: u64, now: Instant) -> Option<Duration> {
        let sent = self.sent.filter(|_| upto == self.mark)?;
        self.sent = None;
        Some(now.saturating_duration_since(sent))
    }
}

/// The end after the last message was sent.
#[derive(Debug)]
pub(crate) struct LastWord {
    wait: Option<Duration>,
    since: Option<Instant>,
}

impl LastWord {
    pub(crate) fn new(wait: Option<Duration>) -> Self {
        Self { wait, since: None }
    }

    /// Everything was sent.
    pub(crate) fn said(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Whether nothing ends after it.
    pub(crate) fn is_endless(&self) -> bool {
        self.wait.is_none()
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        Some(self.since? + self.wait?)
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn pings_go_out_at_once_and_then_in_their_interval() {
        let t0 = Instant::now();
        let mut pinger = Pinger::new(Some(S(20)), false);
        assert_eq!((pinger.due(), pinger.tick(t0)), (None, Tick::Nothing));
        pinger.connected(t0);
        assert_eq!((pinger.due(), pinger.tick(t0)), (Some(t0), Tick::Ping(1)));
        assert_eq!(pinger.ponged(0, t0 + S(1)), None, "that of another Ping");
        assert_eq!(pinger.ponged(1, t0 + S(2)), Some(S(2)));
        assert_eq!(pinger.ponged(1, t0 + S(2)), None, "it is answered already");
        assert_eq!((pinger.due(), pinger.tick(t0 + S(19))), (Some(t0 + S(20)), Tick::Nothing));
        assert_eq!(pinger.tick(t0 + S(20)), Tick::Ping(2));
        assert_eq!(pinger.tick(t0 + S(40)), Tick::Dead(S(20)));
        assert_eq!(pinger.due(), None);
        pinger.connected(t0 + S(50));
        assert_eq!(pinger.tick(t0 + S(50)), Tick::Ping(1), "marks begin anew");
    }

    #[test]
    fn one_ping_for_the_statistics_never_ends_a_connection() {
        let t0 = Instant::now();
        let mut pinger = Pinger::new(None, true);
        pinger.connected(t0);
        assert_eq!(pinger.tick(t0), Tick::Ping(1));
        assert_eq!((pinger.due(), pinger.tick(t0 + S(999))), (None, Tick::Nothing));
        let mut silent = Pinger::new(None, false);
        silent.connected(t0);
        assert_eq!(silent.tick(t0 + S(999)), Tick::Nothing);
    }

    #[test]
    fn the_wait_counts_from_the_last_word() {
        let t0 = Instant::now();
        let mut last = LastWord::new(Some(S(2)));
        assert!(!last.is_over(t0 + S(9)));
        last.said(t0);
        last.said(t0 + S(1));
        assert_eq!(last.due(), Some(t0 + S(2)));
        assert!(!last.is_over(t0 + S(1)) && last.is_over(t0 + S(2)));
        let mut never = LastWord::new(None);
        assert!(never.is_endless() && !last.is_endless());
        never.said(t0);
        assert!(!never.is_over(t0 + S(999)));
    }
}
