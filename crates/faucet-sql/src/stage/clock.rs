//! The clock of windows.

use std::time::Instant;

use faucet_core::Timestamp;
use tokio::time;

/// Windows end by the system clock, and the runner wakes a stage by another clock that never jumps. This pair
/// of moments leads from one to the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    instant: Instant,
    /// Milliseconds since 1970.
    wall: i64,
}

impl Clock {
    pub(crate) fn now() -> Self {
        Self { instant: time::Instant::now().into_std(), wall: millis(Timestamp::now()) }
    }

    /// The system clock at this moment.
    pub(crate) fn wall(self) -> i64 {
        self.wall
    }

    /// The system clock at `instant`.
    pub(crate) fn wall_at(self, instant: Instant) -> i64 {
        let since = instant.saturating_duration_since(self.instant).as_millis();
        self.wall.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }

    /// When the system clock shows `wall`. Now where that was before.
    pub(crate) fn instant_at(self, wall: i64) -> Option<Instant> {
        let wait = u64::try_from(wall.saturating_sub(self.wall)).unwrap_or_default();
        self.instant.checked_add(std::time::Duration::from_millis(wait))
    }
}

/// The milliseconds since 1970.
pub(crate) fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.as_unix_millis()).unwrap_or(i64::MAX)
}

/// The moment so many milliseconds since 1970.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(millis).unwrap_or_default())
}
