//! When the pages arrived that a sink has not flushed yet.

use std::time::Duration;

use faucet_core::{Counters, Timestamp};

/// The most arrivals that are told apart. Pages beyond them count with the last.
const MOST: usize = 10_000;

/// The arrivals of pages that a sink has taken since its last flush. Pages of one millisecond are
/// one entry, so that the list stays short between two flushes.
#[derive(Debug, Default)]
pub(crate) struct Unflushed(Vec<(Timestamp, u64)>);

impl Unflushed {
    /// The sink has taken a page whose first record was received at `first`.
    pub(crate) fn took(&mut self, first: Timestamp) {
        let full = self.0.len() >= MOST;
        match self.0.last_mut() {
            Some((at, pages)) if *at == first || full => *pages += 1,
            _ => self.0.push((first, 1)),
        }
    }

    /// The sink has flushed them.
    pub(crate) fn flushed(&mut self, now: Timestamp, counters: &Counters) {
        for (first, pages) in self.0.drain(..) {
            let millis = now.as_unix_millis().saturating_sub(first.as_unix_millis());
            counters.pages_took(Duration::from_millis(millis), pages);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_counts_once_from_its_arrival_to_the_flush() {
        let at = Timestamp::from_unix_millis;
        let (mut unflushed, counters) = (Unflushed::default(), Counters::default());
        for first in [100, 100, 140] {
            unflushed.took(at(first));
        }
        assert_eq!(unflushed.0.len(), 2);
        unflushed.flushed(at(200), &counters);
        unflushed.flushed(at(900), &counters);
        let latency = counters.read().activity.latency;
        assert_eq!((latency.count(), latency.sum), (3, Duration::from_millis(260)));
    }

    #[test]
    fn the_list_is_bounded() {
        let (mut unflushed, counters) = (Unflushed::default(), Counters::default());
        for first in 0..2 * MOST as u64 {
            unflushed.took(Timestamp::from_unix_millis(first));
        }
        assert_eq!(unflushed.0.len(), MOST);
        unflushed.flushed(Timestamp::from_unix_millis(0), &counters);
        assert_eq!(counters.read().activity.latency.count(), 2 * MOST as u64);
    }
}
