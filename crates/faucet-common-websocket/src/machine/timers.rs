//! Every time limit of a connection, in one table.

use std::time::{Duration, Instant};

use crate::error;
use crate::machine::end::GaveUp;
use crate::machine::event::{Event, Over};
use crate::machine::lifecycle::Class;
use crate::machine::machine::{Machine, Next, State};

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
}

impl Machine {
    /// The table: each limit with the moment at which it is reached.
    fn deadlines(&self) -> [(Timer, Option<Instant>); 8] {
        let (times, clocks) = (&self.settings.times, &self.clocks);
        let after = |from: Instant, limit: Option<Duration>| from.checked_add(limit?);
        let (up, paused) = (self.is_up(), clocks.is_paused());
        let reads = !paused;
        let close = match self.state {
            State::Closing { until, .. } => Some(until),
            _ => None,
        };
        let retry = match self.state {
            State::Waiting(at) if reads && self.wanted => Some(at),
            _ => None,
        };
        let alive = reads && !matches!(self.state, State::Over);
        let idle_from = if times.idle_on_data { clocks.feed } else { clocks.inbound };
        let outage = clocks.down.and_then(|down| after(down, times.max_outage));
        let when = |holds: bool, at: Option<Instant>| at.filter(|_| holds);
        [
            (Timer::Close, close),
            (Timer::Idle, when(alive, after(idle_from, times.idle_timeout))),
            (Timer::Outage, when(alive && self.wanted, outage)),
            (Timer::Retry, retry),
            (Timer::Stale, when(reads && up, after(clocks.data, times.stale_timeout))),
            (Timer::Pong, when(reads && up, self.pings.pong_due())),
            (Timer::Ping, when(reads && up, self.pings.ping_due())),
            (Timer::Unsolicited, when(paused && up, after(clocks.outbound, Some(PONG_INTERVAL)))),
        ]
    }

    /// When the machine wants to be called, if nothing happens before.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.deadlines().into_iter().filter_map(|(_, at)| at).min()
    }

    /// Acts on every limit that is reached at `now`. Call it only when everything that has arrived
    /// was read.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for (timer, at) in self.deadlines() {
            if at.is_some_and(|at| at <= now) {
                self.act(timer, now);
            }
        }
    }

    fn act(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Close => self.closed(now),
            Timer::Retry if matches!(self.state, State::Waiting(_)) => self.dial(),
            Timer::Idle => {
                // Once is enough: the owner ends the run.
                self.settings.times.idle_timeout = None;
                self.events.push_back(Event::Idle);
            }
            Timer::Outage => self.give_up_outage(),
            Timer::Stale => {
                let limit = self.settings.times.stale_timeout.unwrap_or_default();
                self.abandon(GaveUp::Stale(limit), now);
            }
            Timer::Pong => self.abandon(GaveUp::NoPong, now),
            Timer::Ping => {
                if let Some(line) = self.line.as_mut().filter(|line| !line.write_failed) {
                    // The size of the frame: header, mask key and payload.
                    let end = line.outbox.encoded() + 2 + 4 + 24;
                    line.outbox.ping(&self.pings.keepalive(now, end));
                }
            }
            Timer::Unsolicited => self.unsolicited_pong(now),
            Timer::Retry => {}
        }
    }

    fn give_up_outage(&mut self) {
        let limit = self.settings.times.max_outage.take().unwrap_or_default();
        let error = error::outage(&self.url, limit, self.last_error.as_deref());
        let over = Over::Failed { class: Class::Transient, error };
        match &mut self.state {
            State::Closing { next, .. } => *next = Next::Over(over),
            _ => self.leave(Next::Over(over)),
        }
    }
}
