//! Pings, what their pongs prove, and the deadline for them (RFC 6455 §5.5.2, §5.5.3).

use std::time::Duration;

use tokio::time::Instant;

/// The next action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepaliveAction {
    /// No action before this instant; `None` disables the timer.
    Wait(Option<Instant>),
    /// Send this Ping.
    Ping(PingPayload),
    /// The peer did not answer in time.
    Dead,
}

/// What a Ping of ours carries: the session's token, the Ping's number and the latest mark.
pub type PingPayload = [u8; 24];

/// What a Pong proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pong {
    /// The mark that its Ping carried.
    pub mark: u64,
    /// Whether its Ping was no earlier than the latest [barrier](Keepalive::barrier).
    pub latest: bool,
}

/// Decides when to ping and when the peer is dead. Pure: it takes `now`.
///
/// Every Ping carries the latest *mark* of its owner, such as the number of the last record sent
/// before it. A peer answers in order, and may answer only the latest Ping (RFC 6455 §5.5.3): a
/// Pong proves that everything up to its mark was read, whichever Ping it answers.
#[derive(Debug)]
pub struct Keepalive {
    interval: Option<Duration>,
    timeout: Duration,
    token: u64,
    /// The number of the latest Ping, over all connections.
    sent: u64,
    /// The number of the first Ping of this connection.
    first: u64,
    mark: u64,
    /// The number of the latest Ping that was a barrier.
    barrier: u64,
    next: Option<Instant>,
    /// The Ping whose pong is awaited, and until when.
    awaited: Option<(u64, Instant)>,
}

impl Keepalive {
    /// Pings every `interval` and waits `timeout` for each pong; without an interval it does
    /// nothing. `token` tells our pongs from others.
    pub fn new(interval: Option<Duration>, timeout: Duration, token: u64) -> Self {
        let (sent, first, mark, barrier) = (0, 1, 0, 0);
        Self { interval, timeout, token, sent, first, mark, barrier, next: None, awaited: None }
    }

    /// A connection was made at `now`.
    pub fn connected(&mut self, now: Instant) {
        (self.first, self.mark) = (self.sent + 1, 0);
        self.awaited = None;
        self.next = self.interval.and_then(|interval| now.checked_add(interval));
    }

    /// The action at `now`. `drained` says that all bytes that have arrived were read: only then does
    /// a missing Pong prove that the peer is dead.
    pub fn care(&mut self, now: Instant, drained: bool) -> KeepaliveAction {
        if let Some((_, deadline)) = self.awaited {
            return if deadline <= now && drained {
                KeepaliveAction::Dead
            } else {
                KeepaliveAction::Wait(Some(deadline))
            };
        }
        match self.next {
            Some(next) if next <= now => {
                let payload = self.ping();
                self.awaited = now.checked_add(self.timeout).map(|at| (self.sent, at));
                self.next = self.interval.and_then(|interval| now.checked_add(interval));
                KeepaliveAction::Ping(payload)
            }
            next => KeepaliveAction::Wait(next),
        }
    }

    /// A Ping to be sent behind everything up to `mark`, beside those of the interval. Marks never
    /// decrease on a connection, and start from 0 on each.
    pub fn barrier(&mut self, mark: u64) -> PingPayload {
        self.mark = mark;
        let payload = self.ping();
        self.barrier = self.sent;
        payload
    }

    /// A pong came in at `now`: what it proves, if it answers a ping of ours on this connection. If
    /// that is an earlier one than the awaited, the peer lives all the same, and has its time once
    /// more.
    pub fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Pong> {
        let payload: &PingPayload = payload.try_into().ok()?;
        let (words, _) = payload.as_chunks::<8>();
        let [token, number, mark] = [0, 1, 2].map(|n| u64::from_be_bytes(words[n]));
        if token != self.token || !(self.first..=self.sent).contains(&number) {
            return None;
        }
        self.awaited = self.awaited.filter(|(awaited, _)| number < *awaited);
        self.lives(now);
        Some(Pong { mark, latest: number >= self.barrier })
    }

    /// The peer showed at `now` that it lives, or could not have answered before.
    pub fn lives(&mut self, now: Instant) {
        let until = now.checked_add(self.timeout);
        self.awaited = self.awaited.and_then(|(n, at)| Some((n, at.max(until?))));
    }

    /// Reading went on after a pause. Its timers were paused meanwhile.
    pub fn resumed(&mut self, pause: Duration) {
        self.awaited = self.awaited.and_then(|(n, at)| Some((n, at.checked_add(pause)?)));
    }

    fn ping(&mut self) -> PingPayload {
        self.sent += 1;
        let mut payload = [0; 24];
        for (word, value) in payload.chunks_exact_mut(8).zip([self.token, self.sent, self.mark]) {
            word.copy_from_slice(&value.to_be_bytes());
        }
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

    fn mark(pong: Option<Pong>) -> Option<u64> {
        pong.map(|pong| pong.mark)
    }

    fn ping(keepalive: &mut Keepalive, now: Instant) -> PingPayload {
        match keepalive.care(now, true) {
            KeepaliveAction::Ping(payload) => payload,
            other => panic!("expected a ping, got {other:?}"),
        }
    }

    #[test]
    fn pings_on_the_interval_while_pongs_come() {
        let (mut keepalive, t0) = started(10, 5);
        assert_eq!(keepalive.care(t0 + S(9), true), KeepaliveAction::Wait(Some(t0 + S(10))));
        let first = ping(&mut keepalive, t0 + S(10));
        assert_eq!(keepalive.care(t0 + S(11), true), KeepaliveAction::Wait(Some(t0 + S(15))));
        assert_eq!(mark(keepalive.pong(&first, t0 + S(12))), Some(0));
        assert_eq!(keepalive.care(t0 + S(16), true), KeepaliveAction::Wait(Some(t0 + S(20))));
        assert_ne!(ping(&mut keepalive, t0 + S(20)), first);
    }

    #[test]
    fn only_the_matching_pong_keeps_the_peer_alive() {
        let (mut keepalive, t0) = started(10, 5);
        let payload = ping(&mut keepalive, t0 + S(10));
        assert_eq!(keepalive.pong(b"heartbeat", t0 + S(11)), None);
        assert_eq!(keepalive.pong(b"", t0 + S(11)), None);
        for (byte, value) in [(0, 9), (15, 2), (15, 0)] {
            let mut other = payload;
            other[byte] = value;
            let pong = keepalive.pong(&other, t0 + S(11));
            assert_eq!(pong, None, "another token, a number never sent");
        }
        assert_eq!(keepalive.care(t0 + S(15), true), KeepaliveAction::Dead);
    }

    #[test]
    fn a_pong_proves_what_its_ping_was_sent_behind_whichever_ping_it_answers() {
        let (mut keepalive, t0) = started(10, 5);
        let barrier = keepalive.barrier(70);
        let tick = ping(&mut keepalive, t0 + S(10));
        let late = keepalive.pong(&barrier, t0 + S(12));
        assert_eq!(late, Some(Pong { mark: 70, latest: true }), "a late pong of ours is ours");
        let later = KeepaliveAction::Wait(Some(t0 + S(17)));
        assert_eq!(keepalive.care(t0 + S(15), true), later, "and a sign of life");
        assert_eq!(
            keepalive.care(t0 + S(17), true),
            KeepaliveAction::Dead,
            "but not what is awaited"
        );
        let pong = keepalive.pong(&tick, t0 + S(17));
        assert_eq!(mark(pong), Some(70), "the tick has the mark of the barrier");
        let (tick, barrier) = (ping(&mut keepalive, t0 + S(20)), keepalive.barrier(99));
        let pong = keepalive.pong(&tick, t0 + S(20));
        assert_eq!(pong, Some(Pong { mark: 70, latest: false }), "it was sent before the barrier");
        keepalive.connected(t0 + S(21));
        let pong = keepalive.pong(&barrier, t0 + S(22));
        assert_eq!(pong, None, "it was sent on another connection");
        let tick = ping(&mut keepalive, t0 + S(31));
        let pong = keepalive.pong(&tick, t0 + S(31));
        assert_eq!(mark(pong), Some(0), "nothing was sent on this one");
    }

    #[test]
    fn a_later_pong_answers_earlier_pings_too() {
        let (mut keepalive, t0) = started(10, 5);
        ping(&mut keepalive, t0 + S(10));
        let barrier = keepalive.barrier(1);
        keepalive.pong(&barrier, t0 + S(11));
        assert_eq!(keepalive.care(t0 + S(15), true), KeepaliveAction::Wait(Some(t0 + S(20))));
    }

    #[test]
    fn a_missing_pong_counts_only_when_everything_was_read() {
        let (mut keepalive, t0) = started(10, 5);
        ping(&mut keepalive, t0 + S(10));
        assert_eq!(keepalive.care(t0 + S(60), false), KeepaliveAction::Wait(Some(t0 + S(15))));
        keepalive.resumed(S(48));
        assert_eq!(keepalive.care(t0 + S(62), true), KeepaliveAction::Wait(Some(t0 + S(63))));
        assert_eq!(keepalive.care(t0 + S(63), true), KeepaliveAction::Dead);
    }

    #[test]
    fn without_an_interval_nothing_is_sent_and_a_reconnect_starts_anew() {
        let mut never = Keepalive::new(None, S(1), 7);
        never.connected(Instant::now());
        assert_eq!(never.care(Instant::now() + S(1 << 30), true), KeepaliveAction::Wait(None));
        let (mut keepalive, t0) = started(10, 5);
        ping(&mut keepalive, t0 + S(10));
        keepalive.connected(t0 + S(12));
        assert_eq!(keepalive.care(t0 + S(16), true), KeepaliveAction::Wait(Some(t0 + S(22))));
    }
}
