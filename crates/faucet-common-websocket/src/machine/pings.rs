//! Pings, what their Pongs prove, and the deadlines of both (RFC 6455 §5.5.2, §5.5.3).

use std::time::{Duration, Instant};

/// The payload of a Ping of ours: the run's token, the Ping's number and the latest mark.
pub(crate) type PingPayload = [u8; PING_SIZE];
/// Its size.
pub(crate) const PING_SIZE: usize = 24;
/// A pause in reading so short does not spoil a measured round trip.
const UNNOTICED: Duration = Duration::from_millis(1);

/// The proof that a Pong gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pong {
    /// The mark that its Ping carried.
    pub(crate) mark: u64,
    /// Whether its Ping was no earlier than the latest [barrier](Pings::barrier).
    pub(crate) latest: bool,
}

/// The keepalive Ping whose Pong is awaited.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    number: u64,
    /// Its last byte's position among the bytes of the connection.
    end: u64,
    /// Whether the socket has taken it. Before that no answer can be expected.
    taken: bool,
    /// The timeout counts from here.
    since: Instant,
    /// When the socket took it. `None`: a pause in reading makes the round trip unknown.
    sent: Option<Instant>,
}

/// Every Ping of a run: those of the keepalive and the owner's barriers.
///
/// Each Ping carries the latest *mark* of its owner, such as the number of the last record sent
/// before it. A peer answers in order, and may answer only the latest Ping (RFC 6455 §5.5.3): a
/// Pong proves that everything up to its mark was read, whichever Ping it answers.
#[derive(Debug)]
pub(crate) struct Pings {
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
    awaited: Option<Awaited>,
    round_trip: Option<Duration>,
}

impl Pings {
    /// Pings every `interval` and waits `timeout` for each Pong; without an interval only barriers
    /// are sent. The Pongs that carry `token` are ours.
    pub(crate) fn new(interval: Option<Duration>, timeout: Duration, token: u64) -> Self {
        let (sent, first, mark, barrier) = (0, 1, 0, 0);
        let (next, awaited, round_trip) = (None, None, None);
        Self { interval, timeout, token, sent, first, mark, barrier, next, awaited, round_trip }
    }

    /// A connection was made at `now`.
    pub(crate) fn connected(&mut self, now: Instant) {
        (self.first, self.mark) = (self.sent + 1, 0);
        self.awaited = None;
        self.next = self.interval.and_then(|interval| now.checked_add(interval));
    }

    /// When the next keepalive Ping goes out. None does while an answer is awaited.
    pub(crate) fn ping_due(&self) -> Option<Instant> {
        self.next.filter(|_| self.awaited.is_none())
    }

    /// The time that the peer has for each Pong.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// When the peer counts as dead.
    pub(crate) fn pong_due(&self) -> Option<Instant> {
        self.awaited?.since.checked_add(self.timeout)
    }

    /// The keepalive Ping of `now`. Its last byte is the connection's byte `end`.
    pub(crate) fn keepalive(&mut self, now: Instant, end: u64) -> PingPayload {
        let payload = self.ping();
        let (number, sent) = (self.sent, Some(now));
        self.awaited = Some(Awaited { number, end, taken: false, since: now, sent });
        self.next = self.interval.and_then(|interval| now.checked_add(interval));
        payload
    }

    /// A Ping to be sent behind everything up to `mark`, beside those of the keepalive. Marks never
    /// decrease on a connection, and start from 0 on each.
    pub(crate) fn barrier(&mut self, mark: u64) -> PingPayload {
        self.mark = mark;
        let payload = self.ping();
        self.barrier = self.sent;
        payload
    }

    /// The socket has taken the connection's bytes up to `written`. Until it has taken the awaited
    /// Ping, each step forward starts the timeout anew.
    pub(crate) fn wrote(&mut self, written: u64, now: Instant) {
        if let Some(awaited) = self.awaited.as_mut().filter(|awaited| !awaited.taken) {
            awaited.since = now;
            awaited.sent = awaited.sent.map(|_| now);
            awaited.taken = written >= awaited.end;
        }
    }

    /// Bytes came in at `now`: the peer lives, and a Pong may stand behind a long message.
    pub(crate) fn heard(&mut self, now: Instant) {
        if let Some(awaited) = &mut self.awaited {
            awaited.since = awaited.since.max(now);
        }
    }

    /// A Pong came in at `now`: its proof, if it answers a Ping of ours on this connection.
    pub(crate) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Pong> {
        let payload: &PingPayload = payload.try_into().ok()?;
        let (words, _) = payload.as_chunks::<8>();
        let [token, number, mark] = [0, 1, 2].map(|n| u64::from_be_bytes(words[n]));
        if token != self.token || !(self.first..=self.sent).contains(&number) {
            return None;
        }
        if let Some(awaited) = self.awaited.filter(|awaited| awaited.number == number) {
            let took = awaited.sent.map(|sent| now.saturating_duration_since(sent));
            self.round_trip = took.or(self.round_trip);
        }
        self.awaited = self.awaited.filter(|awaited| number < awaited.number);
        Some(Pong { mark, latest: number >= self.barrier })
    }

    /// Reading went on after a pause, in which no Pong could be seen.
    pub(crate) fn resumed(&mut self, pause: Duration, now: Instant) {
        if let Some(awaited) = &mut self.awaited {
            // The socket may have taken the Ping during the pause.
            awaited.since = now.min(awaited.since + pause);
            awaited.sent = awaited.sent.filter(|_| pause < UNNOTICED);
        }
    }

    /// How long the peer took to answer the last keepalive Ping, once for each answer.
    pub(crate) fn take_round_trip(&mut self) -> Option<Duration> {
        self.round_trip.take()
    }

    fn ping(&mut self) -> PingPayload {
        self.sent += 1;
        let mut payload = [0; PING_SIZE];
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

    fn started(interval: u64, timeout: u64) -> (Pings, Instant) {
        let t0 = Instant::now();
        let mut pings = Pings::new(Some(S(interval)), S(timeout), 7);
        pings.connected(t0);
        (pings, t0)
    }

    fn mark(pong: Option<Pong>) -> Option<u64> {
        pong.map(|pong| pong.mark)
    }

    /// The keepalive Ping of `now`, taken by the socket at once.
    fn ping(pings: &mut Pings, now: Instant) -> PingPayload {
        assert_eq!(pings.ping_due(), Some(now));
        let payload = pings.keepalive(now, 0);
        pings.wrote(0, now);
        payload
    }

    #[test]
    fn pings_go_out_on_the_interval_while_pongs_come() {
        let (mut pings, t0) = started(10, 5);
        let first = ping(&mut pings, t0 + S(10));
        assert_eq!((pings.ping_due(), pings.pong_due()), (None, Some(t0 + S(15))));
        assert_eq!(mark(pings.pong(&first, Instant::now())), Some(0));
        assert_eq!((pings.ping_due(), pings.pong_due()), (Some(t0 + S(20)), None));
        assert_ne!(ping(&mut pings, t0 + S(20)), first);
    }

    #[test]
    fn only_the_matching_pong_answers_and_any_byte_gives_more_time() {
        let (mut pings, t0) = started(10, 5);
        let payload = ping(&mut pings, t0 + S(10));
        assert_eq!(pings.pong(b"heartbeat", Instant::now()), None);
        assert_eq!(pings.pong(b"", Instant::now()), None);
        for (byte, value) in [(0, 9), (15, 2), (15, 0)] {
            let mut other = payload;
            other[byte] = value;
            assert_eq!(
                pings.pong(&other, Instant::now()),
                None,
                "another token, a number never sent"
            );
        }
        assert_eq!(pings.pong_due(), Some(t0 + S(15)));
        pings.heard(t0 + S(14));
        assert_eq!(pings.pong_due(), Some(t0 + S(19)));
        pings.resumed(S(3), t0 + S(99));
        assert_eq!(pings.pong_due(), Some(t0 + S(22)));
    }

    #[test]
    fn a_pong_proves_what_its_ping_was_sent_behind_whichever_ping_it_answers() {
        let (mut pings, t0) = started(10, 5);
        let barrier = pings.barrier(70);
        let tick = ping(&mut pings, t0 + S(10));
        let late = pings.pong(&barrier, Instant::now());
        assert_eq!(late, Some(Pong { mark: 70, latest: true }), "a late pong of ours is ours");
        assert!(pings.pong_due().is_some(), "but not the awaited one");
        assert_eq!(
            mark(pings.pong(&tick, Instant::now())),
            Some(70),
            "the tick has the mark of the barrier"
        );
        let (tick, barrier) = (ping(&mut pings, t0 + S(20)), pings.barrier(99));
        let pong = pings.pong(&tick, Instant::now());
        assert_eq!(pong, Some(Pong { mark: 70, latest: false }), "it was sent before the barrier");
        pings.connected(t0 + S(21));
        assert_eq!(pings.pong(&barrier, Instant::now()), None, "it was sent on another connection");
        let tick = ping(&mut pings, t0 + S(31));
        assert_eq!(
            mark(pings.pong(&tick, Instant::now())),
            Some(0),
            "nothing was sent on this one"
        );
    }

    #[test]
    fn a_later_pong_answers_earlier_pings_too() {
        let (mut pings, t0) = started(10, 5);
        ping(&mut pings, t0 + S(10));
        let barrier = pings.barrier(1);
        pings.pong(&barrier, Instant::now());
        assert_eq!(pings.ping_due(), Some(t0 + S(20)));
    }

    #[test]
    fn the_timeout_counts_from_when_the_socket_took_the_ping() {
        let (mut pings, t0) = started(10, 5);
        pings.keepalive(t0 + S(10), 100);
        for (written, at, due) in [(40, 12, 17), (90, 14, 19), (100, 15, 20), (500, 18, 20)] {
            pings.wrote(written, t0 + S(at));
            assert_eq!(pings.pong_due(), Some(t0 + S(due)));
        }
    }

    #[test]
    fn a_round_trip_is_measured_from_the_socket_to_the_pong() {
        let ms = Duration::from_millis;
        for (taken_at, pause, expected) in
            [(0, None, Some(ms(80))), (30, None, Some(ms(50))), (0, Some(40), None)]
        {
            let (mut pings, t0) = started(10, 5);
            let sent = t0 + S(10);
            let payload = pings.keepalive(sent, 100);
            pings.wrote(100, sent + ms(taken_at));
            if let Some(pause) = pause {
                pings.resumed(ms(pause), sent + ms(60));
            }
            pings.heard(sent + ms(70));
            pings.pong(&payload, sent + ms(80));
            assert_eq!(pings.take_round_trip(), expected, "{taken_at} {pause:?}");
            assert_eq!(pings.take_round_trip(), None);
        }
    }

    #[test]
    fn without_an_interval_no_ping_is_due_and_a_reconnect_starts_anew() {
        let mut never = Pings::new(None, S(1), 7);
        never.connected(Instant::now());
        assert_eq!((never.ping_due(), never.pong_due()), (None, None));
        let (mut pings, t0) = started(10, 5);
        ping(&mut pings, t0 + S(10));
        pings.connected(t0 + S(12));
        assert_eq!((pings.ping_due(), pings.pong_due()), (Some(t0 + S(22)), None));
    }
}
