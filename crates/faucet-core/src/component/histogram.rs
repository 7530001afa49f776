//! How long something took, in buckets.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::component::moment::micros;

/// How many buckets have an upper end.
const BOUNDED: usize = Distribution::BOUNDS.len();

/// Counts lengths of time in fixed buckets, without a lock.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDED + 1],
    micros: AtomicU64,
}

/// How often something took how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Distribution {
    /// How many lengths of time are at most as long as the bound of the same index in
    /// [`BOUNDS`](Self::BOUNDS), and longer than the one before. The last is for all longer ones.
    pub buckets: [u64; BOUNDED + 1],
    /// All of them together.
    pub sum: Duration,
}

impl Distribution {
    /// The upper ends of the buckets in microseconds: from half a millisecond to a minute.
    pub const BOUNDS: [u64; 15] = [
        500, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000, 30_000_000, 60_000_000,
    ];

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

impl Histogram {
    /// Counts `n` times that something took `took`.
    pub(crate) fn record(&self, took: Duration, n: u64) {
        let took = micros(took);
        let bucket = Distribution::BOUNDS.partition_point(|bound| *bound < took);
        self.buckets[bucket].fetch_add(n, Relaxed);
        self.micros.fetch_add(took.saturating_mul(n), Relaxed);
    }

    pub(crate) fn read(&self) -> Distribution {
        Distribution {
            buckets: self.buckets.each_ref().map(|bucket| bucket.load(Relaxed)),
            sum: Duration::from_micros(self.micros.load(Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_goes_into_its_bucket() {
        assert!(Distribution::BOUNDS.is_sorted());
        for (micros, bucket) in [
            (0, 0),
            (500, 0),
            (501, 1),
            (1_000, 1),
            (1_001, 2),
            (60_000_000, BOUNDED - 1),
            (60_000_001, BOUNDED),
        ] {
            let histogram = Histogram::default();
            histogram.record(Duration::from_micros(micros), 2);
            let read = histogram.read();
            assert_eq!((read.buckets[bucket], read.count()), (2, 2), "{micros}");
            assert_eq!(read.sum, Duration::from_micros(2 * micros));
        }
    }
}
