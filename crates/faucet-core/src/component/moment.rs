//! A moment that threads share without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Moments before the first use of this module are told apart as far back as this.
const BACK: Duration = Duration::from_secs(3600);

/// The moment from which all others are counted.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(BACK).unwrap_or(now)
    })
}

/// A moment or none, as nanoseconds since [`origin`] and one more; 0 is none.
#[derive(Debug, Default)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    pub(crate) fn set(&self, at: Instant) {
        let nanos = at.saturating_duration_since(origin()).as_nanos();
        self.0.store(u64::try_from(nanos).unwrap_or(u64::MAX).saturating_add(1), Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    pub(crate) fn get(&self) -> Option<Instant> {
        let nanos = self.0.load(Relaxed).checked_sub(1)?;
        origin().checked_add(Duration::from_nanos(nanos))
    }
}

/// A length of time in whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_kept_until_it_is_cleared() {
        let moment = Moment::default();
        assert_eq!(moment.get(), None);
        let now = Instant::now();
        for at in [now, now + Duration::from_secs(90), now - Duration::from_secs(5)] {
            moment.set(at);
            assert_eq!(moment.get(), Some(at));
        }
        moment.clear();
        assert_eq!(moment.get(), None);
    }
}
