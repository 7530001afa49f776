//! How many attempts are left, and how long to wait before the next. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::reconnect::ReconnectPolicy;

/// A connection that lasted this long was a success, even if no record arrived.
pub const STABLE: Duration = Duration::from_secs(10);

/// The next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How long to wait before it.
    pub wait: Duration,
    /// Its number since the last progress, from 1.
    pub attempt: u32,
}

/// Counts consecutive failures against a [`ReconnectPolicy`].
///
/// A received record ([`progressed`](Self::progressed)) or [`STABLE`] seconds of connection start
/// the count anew. A connect alone does not: a far end that accepts and drops would be dialled for
/// ever.
#[derive(Debug, Clone)]
pub struct Attempts {
    policy: Arc<ReconnectPolicy>,
    connected_at: Option<Instant>,
    failures: u32,
}

impl Attempts {
    /// No failure yet.
    pub fn new(policy: impl Into<Arc<ReconnectPolicy>>) -> Self {
        let policy = policy.into();
        Self { policy, connected_at: None, failures: 0 }
    }

    /// The policy that failures are counted against.
    pub fn policy(&self) -> &ReconnectPolicy {
        &self.policy
    }

    /// A connection stands since `now`.
    pub fn connected(&mut self, now: Instant) {
        self.connected_at = Some(now);
    }

    /// A record arrived, or proof that one was delivered.
    pub fn progressed(&mut self) {
        self.failures = 0;
    }

    /// The connection ended at `now` because the far end was silent: however long the connection
    /// lasted, it was not stable. Call it before [`failed`](Self::failed).
    pub fn was_silent(&mut self) {
        self.connected_at = None;
    }

    /// An attempt or the connection ended at `now`. `chance` from 0 to 1 is the jitter's. `None`: no
    /// attempt is left, or the policy allows none.
    pub fn failed(&mut self, now: Instant, chance: f64) -> Option<Retry> {
        let lasted = self.connected_at.take().is_some_and(|at| now.duration_since(at) >= STABLE);
        if lasted {
            self.failures = 0;
        }
        let spent = self.policy.max_attempts.is_some_and(|max| self.failures >= max);
        if !self.policy.reconnect || spent {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        let wait = self.policy.backoff.wait(self.failures, chance);
        Some(Retry { wait, attempt: self.failures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backoff;

    fn policy(max_attempts: Option<u32>) -> ReconnectPolicy {
        let (initial, max) = (Duration::from_secs(1), Duration::from_secs(4));
        let backoff = Backoff { initial, max, jitter: 0.0 };
        ReconnectPolicy { reconnect: true, backoff, max_attempts }
    }

    /// The waits in seconds; 0 where no attempt was left.
    fn waits(attempts: &mut Attempts, now: Instant, failures: usize) -> Vec<u64> {
        let wait = |retry: Option<Retry>| retry.map_or(0, |retry| retry.wait.as_secs());
        (0..failures).map(|_| wait(attempts.failed(now, 0.0))).collect()
    }

    #[test]
    fn attempts_are_counted_until_progress_or_a_stable_connection() {
        let t0 = Instant::now();
        let mut attempts = Attempts::new(policy(Some(3)));
        assert_eq!(waits(&mut attempts, t0, 5), [1, 2, 4, 0, 0]);
        attempts.progressed();
        assert_eq!(waits(&mut attempts, t0, 2), [1, 2]);
        // A mere connect is no progress, ten seconds of connection are.
        attempts.connected(t0);
        assert_eq!(waits(&mut attempts, t0 + Duration::from_millis(9_999), 2), [4, 0]);
        attempts.connected(t0);
        assert_eq!(waits(&mut attempts, t0 + STABLE, 1), [1]);
        attempts.connected(t0);
        attempts.was_silent();
        assert_eq!(waits(&mut attempts, t0 + STABLE, 1), [2]);
        let off = ReconnectPolicy { reconnect: false, ..policy(None) };
        assert_eq!(Attempts::new(off).failed(t0, 0.0), None);
        assert_eq!(Attempts::new(policy(Some(0))).failed(t0, 0.0), None);
    }
}
