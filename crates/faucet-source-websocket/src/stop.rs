//! When a run stops by itself. Pure.

use std::num::NonZeroU64;
use std::time::Duration;

use tokio::time::Instant;

/// Stops after a number of records, or after a silence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StopRule {
    max_messages: Option<NonZeroU64>,
    idle_timeout: Option<Duration>,
}

impl StopRule {
    pub(crate) fn new(max_messages: Option<NonZeroU64>, idle_timeout: Option<Duration>) -> Self {
        Self { max_messages, idle_timeout }
    }

    /// Whether a run that has `records` is complete.
    pub(crate) fn is_complete(&self, records: u64) -> bool {
        self.max_messages.is_some_and(|max| records >= max.get())
    }

    /// When a run whose last inbound frame came at `last_inbound` has been idle for too long.
    pub(crate) fn idle_at(&self, last_inbound: Instant) -> Option<Instant> {
        last_inbound.checked_add(self.idle_timeout?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_exactly_and_idles_from_the_last_frame() {
        let now = Instant::now();
        let rule = StopRule::new(NonZeroU64::new(3), Some(Duration::from_secs(5)));
        assert_eq!([2, 3, 4].map(|n| rule.is_complete(n)), [false, true, true]);
        assert_eq!(rule.idle_at(now), Some(now + Duration::from_secs(5)));
        let never = StopRule::new(None, None);
        assert!(!never.is_complete(u64::MAX));
        assert_eq!(never.idle_at(now), None);
    }
}
