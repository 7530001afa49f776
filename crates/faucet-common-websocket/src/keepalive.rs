//! Pings and the deadline for their pongs (RFC 6455 §5.5.2, §5.5.3).

use std::time::Duration;

use tokio::time::Instant;

/// What is to be done at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Care {
    /// Nothing, until this moment (`None`: ever).
    Wait(Option<Instant>),
    /// Send a Ping with this payload.
    Ping([u8; 12]),
    /// The peer did not answer in time.
    Dead,
}

/// Decides when to ping and when the peer is dead. Pure: it takes `now`.
#[derive(Debug)]
pub struct Keepalive {
    interval: Option<Duration>,
    timeout: Duration,
    token: u32,
    sent: u64,
    next: Option<Instant>,
    /// The pong that is awaited, and until when.
    awaited: Option<Instant>,
}

impl Keepalive {
    /// Pings every `interval` and waits `timeout` for each pong; without an interval it does
    /// nothing. `token` tells our pongs from others.
    pub fn new(interval: Option<Duration>, timeout: Duration, token: u32) -> Self {
        Self { interval, timeout, token, sent: 0, next: None, awaited: None }
    }

    /// A connection was made at `now`.
    pub fn connected(&mut self, now: Instant) {
        self.awaited = None;
        self.next = self.interval.and_then(|interval| now.checked_add(interval));
    }

    /// What to do at `now`. `drained` says that nothing more is waiting to be read: only then can
    /// a missing pong be held against the peer.
    pub fn care(&mut self, now: Instant, drained: bool) -> Care {
        if let Some(deadline) = self.awaited {
            return if deadline <= now && drained {
                Care::Dead
            } else {
                Care::Wait(Some(deadline))
            };
        }
        match self.next {
            Some(next) if next <= now => {
                self.sent += 1;
                self.awaited = now.checked_add(self.timeout);
                self.next = self.interval.and_then(|interval| now.checked_add(interval));
                Care::Ping(self.payload())
            }
            next => Care::Wait(next),
        }
    }

    /// A pong came in; whether it answers a ping of ours.
    pub fn pong(&mut self, payload: &[u8]) -> bool {
        let ours = payload.len() == 12 && payload[..4] == self.token.to_be_bytes();
        if ours && payload == self.payload() {
            self.awaited = None;
        }
        ours
    }

    /// Reading went on after a pause, whose time is not held against the peer.
    pub fn resumed(&mut self, pause: Duration) {
        self.awaited = self.awaited.and_then(|deadline| deadline.checked_add(pause));
    }

    fn payload(&self) -> [u8; 12] {
        let mut payload = [0; 12];
        payload[..4].copy_from_slice(&self.token.to_be_bytes());
        payload[4..].copy_from_slice(&self.sent.to_be_bytes());
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn started(interval: u64, timeout: u64) -> (Keepalive, Instant) {
        let t0 = Instant::now();
        let mut keepalive = Keepalive::new(Some(S(interval)), S(timeout), 7);
        keepalive.connected(t0);
        (keepalive, t0)
    }

    fn ping(keepalive: &mut Keepalive, now: Instant) -> [u8; 12] {
        match keepalive.care(now, true) {
            Care::Ping(payload) => payload,
            other => panic!("expected a ping, got {other:?}"),
        }
    }

    #[test]
    fn pings_on_the_interval_while_pongs_come() {
        let (mut keepalive, t0) = started(10, 5);
        assert_eq!(keepalive.care(t0 + S(9), true), Care::Wait(Some(t0 + S(10))));
        let first = ping(&mut keepalive, t0 + S(10));
        assert_eq!(keepalive.care(t0 + S(11), true), Care::Wait(Some(t0 + S(15))));
        assert!(keepalive.pong(&first));
        assert_eq!(keepalive.care(t0 + S(16), true), Care::Wait(Some(t0 + S(20))));
        assert_ne!(ping(&mut keepalive, t0 + S(20)), first);
    }

    #[test]
    fn only_the_matching_pong_keeps_the_peer_alive() {
        let (mut keepalive, t0) = started(10, 5);
        let payload = ping(&mut keepalive, t0 + S(10));
        assert!(!keepalive.pong(b"heartbeat"));
        assert!(!keepalive.pong(b""));
        let mut older = payload;
        older[11] = 0;
        assert!(keepalive.pong(&older), "a late pong of ours is ours, but answers nothing");
        assert_eq!(keepalive.care(t0 + S(15), true), Care::Dead);
    }

    #[test]
    fn a_missing_pong_counts_only_when_everything_was_read() {
        let (mut keepalive, t0) = started(10, 5);
        ping(&mut keepalive, t0 + S(10));
        assert_eq!(keepalive.care(t0 + S(60), false), Care::Wait(Some(t0 + S(15))));
        keepalive.resumed(S(48));
        assert_eq!(keepalive.care(t0 + S(62), true), Care::Wait(Some(t0 + S(63))));
        assert_eq!(keepalive.care(t0 + S(63), true), Care::Dead);
    }

    #[test]
    fn without_an_interval_nothing_is_sent_and_a_reconnect_starts_anew() {
        let mut never = Keepalive::new(None, S(1), 7);
        never.connected(Instant::now());
        assert_eq!(never.care(Instant::now() + S(1 << 30), true), Care::Wait(None));
        let (mut keepalive, t0) = started(10, 5);
        ping(&mut keepalive, t0 + S(10));
        keepalive.connected(t0 + S(12));
        assert_eq!(keepalive.care(t0 + S(16), true), Care::Wait(Some(t0 + S(22))));
    }
}
