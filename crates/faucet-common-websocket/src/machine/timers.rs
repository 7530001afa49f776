//! Every time limit of a connection, in one table.

use std::time::{Duration, Instant};

use crate::machine::end::GaveUp;
use crate::machine::event::{Event, Over};
use crate::machine::line::Line;
use crate::machine::machine::{Machine, Next, State};
use crate::machine::pings::PING_SIZE;
use crate::machine::run_failed::RunFailed;

/// How often a connection that is not read from sends an unsolicited Pong (RFC 6455 §5.5.3).
const PONG_INTERVAL: Duration = Duration::from_secs(10);

/// A time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// The close handshake takes too long.
    Close,
    /// The wait before the next attempt is over.
    Retry,
    /// Nothing came in: the run ends.
    Idle,
    /// There was no connection for too long.
    Outage,
    /// No data came in.
    Stale,
    /// The peer has not answered a keepalive Ping.
    Pong,
    /// A keepalive Ping is due.
    Ping,
    /// An unsolicited Pong is due.
    Unsolicited,
    /// The conversation wants to be called.
    Talk,
}

/// All of them, in the order in which those act that are reached at the same moment.
const TIMERS: [Timer; 9] = [
    Timer::Close,
    Timer::Idle,
    Timer::Outage,
    Timer::Retry,
    Timer::Stale,
    Timer::Pong,
    Timer::Ping,
    Timer::Unsolicited,
    Timer::Talk,
];

impl Machine {
    /// The table: when each limit is reached; `None` while it does not count.
    fn deadline(&self, timer: Timer) -> Option<Instant> {
        let (times, clocks) = (&self.settings.times, &self.clocks);
        let after = |from: Instant, limit: Option<Duration>| from.checked_add(limit?);
        let (up, reads) = (self.is_up(), !clocks.is_paused());
        match (timer, &self.state) {
            (Timer::Close, State::Closing { until, .. }) => Some(*until),
            // The socket may still hold messages that the owner had no time for.
            (Timer::Close, State::Leaving { until, .. }) if reads => Some(*until),
            (Timer::Idle, _) if reads && !self.idle_reported && self.goes_on() => {
                let from = if times.idle_on_data { clocks.feed } else { clocks.inbound };
                after(from, times.idle_timeout)
            }
            (Timer::Outage, _) if reads && self.wanted && self.goes_on() => {
                after(clocks.down?, times.max_outage)
            }
            (Timer::Retry, State::Waiting(at)) if reads && self.wanted => Some(*at),
            (Timer::Stale, _) if reads && up => after(clocks.data, times.stale_timeout),
            (Timer::Pong, _) if reads && up => self.pings.pong_due(),
            (Timer::Ping, _) if reads && self.sends() => self.pings.ping_due(),
            (Timer::Talk, _) if up => self.talk_due(),
            (Timer::Unsolicited, _) if !reads && up => after(clocks.outbound, Some(PONG_INTERVAL)),
            _ => None,
        }
    }

    /// Whether the end of the run is not decided yet.
    fn goes_on(&self) -> bool {
        !matches!(self.state, State::Over | State::Closing { next: Next::Over(_), .. })
    }

    /// When the machine wants to be called, if nothing happens before.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        TIMERS.into_iter().filter_map(|timer| self.deadline(timer)).min()
    }

    /// Acts on every limit that is reached at `now`. Call it only when everything that has arrived
    /// was read.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for timer in TIMERS {
            // One limit may end what the next one is about.
            if self.deadline(timer).is_some_and(|at| at <= now) {
                self.act(timer, now);
            }
        }
    }

    fn act(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Close if matches!(self.state, State::Leaving { .. }) => self.left(now),
            Timer::Close => self.closed(),
            Timer::Retry => self.dial(),
            Timer::Idle => {
                // Once is enough: the owner ends the run.
                self.idle_reported = true;
                self.events.push_back(Event::Idle);
            }
            Timer::Outage => self.give_up_outage(),
            Timer::Stale => {
                let limit = self.settings.times.stale_timeout.unwrap_or_default();
                self.abandon(GaveUp::Stale(limit), now);
            }
            Timer::Pong => self.abandon(GaveUp::NoPong(self.pings.timeout()), now),
            Timer::Ping => {
                if let Some(Line { outbox, .. }) = self.line.as_deref_mut() {
                    let end = outbox.encoded() + outbox.size_of_control(PING_SIZE);
                    outbox.ping(&self.pings.keepalive(now, end));
                }
                self.count_frames(1, now);
            }
            Timer::Unsolicited => self.unsolicited_pong(now),
            Timer::Talk => self.talk_timeout(now),
        }
    }

    fn give_up_outage(&mut self) {
        let limit = self.settings.times.max_outage.unwrap_or_default();
        let over = Over::Failed(RunFailed::Outage { limit, last: self.last_failure.clone() });
        match &mut self.state {
            State::Closing { next, .. } => *next = Next::Over(over),
            _ => self.leave(Next::Over(over)),
        }
    }
}

#[cfg(test)]
mod tests;
