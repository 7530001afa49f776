//! When heartbeats are sent, and what their answers prove.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faucet_core::select::{Match, Message};

use crate::keys::BeatWhen;

/// The bounds of an interval that the server dictates.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

/// The most heartbeats whose answers are awaited at a time.
const MOST_AWAITED: usize = 64;

/// The most answers that may still come late.
const MOST_LATE: usize = 8;

/// The heartbeat of one connection. Pure.
#[derive(Debug)]
pub(crate) struct Beat {
    interval: Duration,
    timeout: Duration,
    when: BeatWhen,
    /// The interval counts from here.
    from: Instant,
    /// The wait before the first heartbeat.
    first: Option<Duration>,
    awaited: VecDeque<Awaited>,
    /// The last answer that came, and those that it came before: an answer that is repeated or late is no data
    /// either.
    answered: VecDeque<Match>,
}

#[derive(Debug)]
struct Awaited {
    reply: Match,
    /// When the heartbeat left; `None` while it waits for the limit.
    since: Option<Instant>,
}

impl Beat {
    /// Begins at `now`; the first heartbeat follows after `first`.
    pub(crate) fn new(
        interval: Duration,
        timeout: Duration,
        when: BeatWhen,
        first: Duration,
        now: Instant,
    ) -> Self {
        Self {
            interval,
            timeout,
            when,
            from: now,
            first: Some(first),
            awaited: VecDeque::new(),
            answered: VecDeque::new(),
        }
    }

    /// When the next heartbeat is due; `heard` is the time of the last inbound message.
    pub(crate) fn due(&self, heard: Instant) -> Option<Instant> {
        let from = match self.when {
            BeatWhen::Always => self.from,
            BeatWhen::Idle => self.from.max(heard),
        };
        from.checked_add(self.first.unwrap_or(self.interval))
    }

    /// A heartbeat is made, whose answer matches `reply`.
    pub(crate) fn made(&mut self, reply: Option<Match>, now: Instant) {
        // The interval does not drift by the time that a busy machine is late.
        let next = self.from + self.first.take().unwrap_or(self.interval);
        self.from = match self.when {
            BeatWhen::Always if now.saturating_duration_since(next) < self.interval => next,
            _ => now,
        };
        let Some(reply) = reply else { return };
        self.awaited.push_back(Awaited { reply, since: None });
        if self.awaited.len() > MOST_AWAITED {
            // The deadline of the oldest stays.
            self.awaited.remove(1);
        }
    }

    /// The heartbeat leaves.
    pub(crate) fn left(&mut self, now: Instant) {
        if let Some(last) = self.awaited.back_mut() {
            last.since.get_or_insert(now);
        }
    }

    /// When the peer counts as dead.
    pub(crate) fn reply_due(&self) -> Option<Instant> {
        self.awaited.front()?.since?.checked_add(self.timeout)
    }

    /// The time that the peer has for each answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether a message is an answer. It answers all heartbeats up to its own.
    pub(crate) fn look(&mut self, message: Message<'_>) -> bool {
        if self.awaited.is_empty() && self.answered.is_empty() {
            return false;
        }
        if let Some(index) = self.awaited.iter().position(|beat| beat.reply.matches(message)) {
            // Each of them is asked about each message.
            let from = (index + 1).saturating_sub(MOST_LATE);
            self.answered.clear();
            self.answered.extend(self.awaited.drain(..=index).skip(from).map(|beat| beat.reply));
            return true;
        }
        self.answered.iter().any(|reply| reply.matches(message))
    }

    /// Reading went on after a pause, in which no answer could be seen.
    pub(crate) fn resumed(&mut self, pause: Duration, now: Instant) {
        for beat in &mut self.awaited {
            beat.since = beat.since.map(|since| now.min(since + pause));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn pong() -> Option<Match> {
        serde_json::from_str(r#"{"text":"pong"}"#).ok()
    }

    #[test]
    fn heartbeats_go_out_at_their_interval_without_drift() {
        let t0 = Instant::now();
        let mut beat = Beat::new(S(10), S(3), BeatWhen::Always, S(4), t0);
        assert_eq!(beat.due(t0 + S(3)), Some(t0 + S(4)));
        beat.made(None, t0 + S(5));
        assert_eq!(beat.due(t0), Some(t0 + S(14)));
        beat.made(None, t0 + S(99));
        assert_eq!(beat.due(t0), Some(t0 + S(109)), "late ones are not made up for");
        assert_eq!(beat.reply_due(), None);
    }

    #[test]
    fn an_idle_heartbeat_waits_for_silence() {
        let t0 = Instant::now();
        let mut beat = Beat::new(S(10), S(3), BeatWhen::Idle, S(10), t0);
        assert_eq!(beat.due(t0 + S(7)), Some(t0 + S(17)));
        beat.made(None, t0 + S(17));
        assert_eq!(beat.due(t0 + S(7)), Some(t0 + S(27)));
    }

    #[test]
    fn an_answer_clears_all_heartbeats_up_to_its_own() {
        let t0 = Instant::now();
        let mut beat = Beat::new(S(2), S(5), BeatWhen::Always, S(2), t0);
        let pong_to = |n: u32| serde_json::from_str(&format!(r#"{{"/id":{n}}}"#)).ok();
        assert!(!beat.look(Message::unchecked(b"{\"id\":1}")));
        for n in 1..=3 {
            beat.made(pong_to(n), t0 + S(2 * u64::from(n)));
            beat.left(t0 + S(2 * u64::from(n)));
        }
        assert_eq!(beat.reply_due(), Some(t0 + S(7)));
        assert!(beat.look(Message::unchecked(b"{\"id\":2}")));
        assert_eq!(beat.reply_due(), Some(t0 + S(11)));
        assert!(beat.look(Message::unchecked(b"{\"id\":2}")), "a repeated answer is no data");
        assert!(beat.look(Message::unchecked(b"{\"id\":1}")), "a late answer is no data");
        assert!(!beat.look(Message::unchecked(b"{\"id\":4}")));
        beat.resumed(S(10), t0 + S(20));
        assert_eq!(beat.reply_due(), Some(t0 + S(21)));
        assert!(beat.look(Message::unchecked(b"{\"id\":3}")));
        assert_eq!(beat.reply_due(), None);
    }

    #[test]
    fn the_heartbeats_in_flight_have_a_limit() {
        let t0 = Instant::now();
        let mut beat = Beat::new(S(1), S(1000), BeatWhen::Always, S(1), t0);
        for n in 0..1000 {
            beat.made(pong(), t0 + S(n));
            beat.left(t0 + S(n));
        }
        assert_eq!((beat.awaited.len(), beat.reply_due()), (MOST_AWAITED, Some(t0 + S(1000))));
    }
}
