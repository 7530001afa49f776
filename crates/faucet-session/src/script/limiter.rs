//! At most so many in a time.

use std::collections::VecDeque;
use std::time::Instant;

use crate::keys::RateLimit;

/// At most `count` in any stretch of `per`. Pure.
#[derive(Debug, Clone)]
pub(crate) struct Limiter {
    limit: RateLimit,
    /// The last `count` moments at which something happened.
    times: VecDeque<Instant>,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, times: VecDeque::new() }
    }

    /// When the next may happen; `None`: at once.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        self.free_at().filter(|next| *next > now)
    }

    /// From when on the next may happen, which may have passed; `None`: at any time.
    pub(crate) fn free_at(&self) -> Option<Instant> {
        let full = self.times.len() >= self.limit.count as usize;
        self.times.front().filter(|_| full)?.checked_add(self.limit.per)
    }

    /// One has happened, whether it was allowed or not.
    pub(crate) fn happened(&mut self, now: Instant) {
        self.times.push_back(now);
        if self.times.len() > self.limit.count as usize {
            self.times.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_stretch_of_time_has_more_than_the_count() {
        let t0 = Instant::now();
        let ms = Duration::from_millis;
        let mut limiter = Limiter::new(RateLimit { count: 2, per: ms(1000) });
        for (at, next) in
            [(0, None), (300, None), (400, Some(1000)), (1000, None), (1100, Some(1300))]
        {
            let found = limiter.next(t0 + ms(at));
            assert_eq!(found, next.map(|next| t0 + ms(next)), "{at}");
            if found.is_none() {
                limiter.happened(t0 + ms(at));
            }
        }
        limiter.happened(t0 + ms(1200));
        assert_eq!(limiter.next(t0 + ms(1300)), Some(t0 + ms(2000)));
    }
}
