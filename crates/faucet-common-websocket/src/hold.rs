//! A connection whose reads are paused, and that must not look dead to the peer.

use std::task::Context;
use std::time::Duration;

use tokio::time::Instant;

use crate::deadline_timer::DeadlineTimer;

/// How often a connection that is not read from sends an unsolicited Pong (RFC 6455 §5.5.3).
const INTERVAL: Duration = Duration::from_secs(10);

/// Tracks a paused read: how long it lasts and when the next unsolicited Pong is due.
pub(crate) struct Hold {
    paused: Option<Instant>,
    pong_due: Instant,
    timer: DeadlineTimer,
}

impl Hold {
    pub(crate) fn new() -> Self {
        Self { paused: None, pong_due: Instant::now(), timer: DeadlineTimer::default() }
    }

    /// The owner stops reading.
    pub(crate) fn pause(&mut self) {
        self.paused.get_or_insert_with(Instant::now);
    }

    /// The owner reads again. Returns how long the pause lasted.
    pub(crate) fn resume(&mut self) -> Option<Duration> {
        self.paused.take().map(|since| since.elapsed())
    }

    /// A frame was sent to the peer at `now`.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.pong_due = now + INTERVAL;
    }

    /// Whether an unsolicited Pong is due; else registers for it.
    pub(crate) fn wants_pong(&mut self, cx: &mut Context<'_>) -> bool {
        let due = self.timer.poll(cx, Some(self.pong_due)).is_ready();
        if due {
            self.heard(Instant::now());
        }
        due
    }
}
