//! The keys of the reconnect policy.

use std::time::Duration;

use faucet_core::{Problem, Problems, duration};

use crate::backoff::Backoff;

/// The reconnect keys as they were configured: `reconnect`, `reconnect_backoff`,
/// `reconnect_max_backoff`, `reconnect_jitter`, `max_reconnect_attempts`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconnectKeys {
    /// `reconnect`: whether to connect again at all. Default: false.
    pub reconnect: bool,
    /// `reconnect_backoff`: the wait before an attempt. Default: 1 s.
    pub backoff: Duration,
    /// `reconnect_max_backoff`: the wait doubles up to this. Default: `reconnect_backoff`, which
    /// makes the wait fixed.
    pub max_backoff: Option<Duration>,
    /// `reconnect_jitter`: the largest random share of extra wait, from 0 to 1. Default: 0.
    pub jitter: f64,
    /// `max_reconnect_attempts`: consecutive attempts. Default: unlimited.
    pub max_attempts: Option<u32>,
}

impl Default for ReconnectKeys {
    fn default() -> Self {
        Self {
            reconnect: false,
            backoff: Duration::from_secs(1),
            max_backoff: None,
            jitter: 0.0,
            max_attempts: None,
        }
    }
}

impl ReconnectKeys {
    /// Checks the keys, noting every problem under the key's name.
    pub fn check(self, problems: &mut Problems) -> ReconnectPolicy {
        let Self { reconnect, backoff, max_backoff, jitter, max_attempts } = self;
        duration::check("reconnect_backoff", Some(backoff), problems);
        duration::check("reconnect_max_backoff", max_backoff, problems);
        // A cap of zero is out of range already.
        problems.push_if(max_backoff.is_some_and(|max| max < backoff && !max.is_zero()), || {
            Problem::below("reconnect_max_backoff", "reconnect_backoff")
        });
        problems.push_if(!(0.0..=1.0).contains(&jitter), || {
            Problem::out_of_range("reconnect_jitter", "a number from 0 to 1")
        });
        let max = max_backoff.unwrap_or(backoff);
        let backoff = Backoff { initial: backoff, max, jitter };
        ReconnectPolicy { reconnect, backoff, max_attempts }
    }
}

/// When to connect again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconnectPolicy {
    /// Whether to connect again at all.
    pub reconnect: bool,
    /// How long to wait before each attempt.
    pub backoff: Backoff,
    /// Consecutive attempts; `None` is unlimited.
    pub max_attempts: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_values_are_refused_with_their_key() {
        let keys = ReconnectKeys::default;
        for (keys, expected) in [
            (keys(), ""),
            (
                ReconnectKeys { max_backoff: Some(Duration::from_millis(500)), ..keys() },
                "reconnect_max_backoff: out of range, below reconnect_backoff",
            ),
            (
                ReconnectKeys { max_backoff: Some(Duration::ZERO), ..keys() },
                "reconnect_max_backoff: out of range, expected a duration longer than zero",
            ),
            (
                ReconnectKeys { backoff: Duration::ZERO, ..keys() },
                "reconnect_backoff: out of range, expected a duration longer than zero",
            ),
            (
                ReconnectKeys { jitter: f64::NAN, ..keys() },
                "reconnect_jitter: out of range, expected a number from 0 to 1",
            ),
        ] {
            let mut problems = Problems::new();
            keys.check(&mut problems);
            let found: Vec<String> = problems.iter().map(Problem::to_string).collect();
            assert_eq!(found.join("; "), expected);
        }
    }

    #[test]
    fn without_a_cap_the_wait_is_fixed() {
        let policy = ReconnectKeys::default().check(&mut Problems::new());
        assert_eq!(policy.backoff.wait(9, 1.0), Duration::from_secs(1));
    }
}
