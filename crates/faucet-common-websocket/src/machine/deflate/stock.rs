//! Codecs that wait for their next user.

use std::sync::{Mutex, PoisonError};

/// The most codecs that a stock keeps.
const MOST_IDLE: usize = 8;

/// Codecs that all connections share.
pub(super) struct Stock<T> {
    idle: Mutex<Vec<T>>,
}

impl<T> Stock<T> {
    pub(super) const fn new() -> Self {
        Self { idle: Mutex::new(Vec::new()) }
    }

    /// Takes a codec that `fits`, in whatever state its last user left it.
    pub(super) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.iter().rposition(fits)?;
        Some(idle.swap_remove(at))
    }

    /// Takes a codec back. One more than the stock keeps takes the place of the oldest, which may fit
    /// nobody any more.
    pub(super) fn put(&self, codec: T) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = (idle.len() == MOST_IDLE).then(|| idle.remove(0));
        idle.push(codec);
        drop(idle);
        drop(oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_that_fits_is_taken_and_the_oldest_makes_room() {
        let stock = Stock::new();
        assert_eq!(stock.take(|_| true), None);
        (0..20).for_each(|n| stock.put(n));
        assert_eq!(stock.take(|n| n % 2 == 0), Some(18));
        let left: Vec<i32> = std::iter::from_fn(|| stock.take(|_| true)).collect();
        assert_eq!(left.len(), MOST_IDLE - 1);
        assert!(left.iter().all(|n| *n >= 12), "{left:?}");
    }
}
