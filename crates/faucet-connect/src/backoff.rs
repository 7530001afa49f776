//! How long to wait before an attempt.

use std::time::Duration;

/// Waits that double up to a cap, with a random share on top. Pure: the caller brings the chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The first wait.
    pub initial: Duration,
    /// The longest wait, before jitter. Equal to `initial` the wait is fixed.
    pub max: Duration,
    /// The largest random share of extra wait, from 0 to 1. A wait is never shorter than without.
    pub jitter: f64,
}

impl Backoff {
    /// The wait before attempt `attempt` (the first is 1), with `chance` from 0 to 1.
    pub fn wait(&self, attempt: u32, chance: f64) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .and_then(|factor| self.initial.checked_mul(factor))
            .unwrap_or(self.max);
        let wait = doubled.min(self.max);
        wait.saturating_add(wait.mul_f64((self.jitter * chance).clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn waits_double_up_to_the_cap() {
        let backoff = Backoff { initial: MS(1000), max: MS(30_000), jitter: 0.0 };
        let waits: Vec<u128> = (1..=8).map(|n| backoff.wait(n, 0.9).as_millis()).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn an_equal_cap_makes_the_wait_fixed_and_jitter_only_adds() {
        let fixed = Backoff { initial: MS(500), max: MS(500), jitter: 0.5 };
        assert_eq!(fixed.wait(1, 0.0), MS(500));
        assert_eq!(fixed.wait(9, 1.0), MS(750));
    }

    proptest! {
        #[test]
        fn never_below_the_documented_wait_nor_above_the_cap_with_jitter(
            initial in 1u64..400_000_000, more in 0u64..400_000_000, jitter in 0.0f64..=1.0,
            attempt in any::<u32>(), chance in 0.0f64..=1.0,
        ) {
            let backoff = Backoff { initial: MS(initial), max: MS(initial + more), jitter };
            let wait = backoff.wait(attempt, chance);
            prop_assert!(wait >= backoff.initial);
            prop_assert!(wait <= backoff.max + backoff.max.mul_f64(jitter));
        }
    }
}
