//! A connection that nobody reads from for a while, and must not be taken for dead.

use std::task::Context;
use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::Alarm;

/// How often a connection that is not read from sends an unsolicited Pong (RFC 6455 §5.5.3).
const INTERVAL: Duration = Duration::from_secs(10);

/// Knows since when nothing is read, and when the peer should hear from us all the same.
pub(crate) struct Hold {
    paused: Option<Instant>,
    pong_due: Instant,
    alarm: Alarm,
}

impl Hold {
    pub(crate) fn new() -> Self {
        Self { paused: None, pong_due: Instant::now(), alarm: Alarm::default() }
    }

    /// Nothing is read from now on.
    pub(crate) fn pause(&mut self) {
        self.paused.get_or_insert_with(Instant::now);
    }

    /// Reading goes on: how long it paused.
    pub(crate) fn resume(&mut self) -> Option<Duration> {
        self.paused.take().map(|since| since.elapsed())
    }

    /// The peer heard from us at `now`.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.pong_due = now + INTERVAL;
    }

    /// Whether an unsolicited Pong is due; else registers for it.
    pub(crate) fn wants_pong(&mut self, cx: &mut Context<'_>) -> bool {
        let due = self.alarm.poll(cx, Some(self.pong_due)).is_ready();
        if due {
            self.heard(Instant::now());
        }
        due
    }
}
