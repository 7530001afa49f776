//! What a run has done so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use faucet_core::{MeterReading, RunContext};
use tokio::time::Instant;

/// A run's counters, readable from any task at any time, also after the run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    started: Instant,
    context: RunContext,
    read: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    pages: AtomicU64,
    /// When the last record was read, in milliseconds since the start and one more; 0 is never.
    last_read: AtomicU64,
}

impl Progress {
    pub(crate) fn new(context: RunContext) -> Self {
        Self(Arc::new(Counters {
            started: Instant::now(),
            context,
            read: AtomicU64::new(0),
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            pages: AtomicU64::new(0),
            last_read: AtomicU64::new(0),
        }))
    }

    /// Counts a page that the source handed over.
    pub(crate) fn read(&self, records: usize) {
        if records > 0 {
            self.0.read.fetch_add(records as u64, Relaxed);
            self.0.last_read.store(millis(self.elapsed()).saturating_add(1), Relaxed);
        }
    }

    /// Counts a page that the sink took.
    pub(crate) fn wrote(&self, records: usize, bytes: usize) {
        self.0.records.fetch_add(records as u64, Relaxed);
        self.0.bytes.fetch_add(bytes as u64, Relaxed);
        self.0.pages.fetch_add(1, Relaxed);
    }

    /// Records that the source handed over.
    pub fn records_read(&self) -> u64 {
        self.0.read.load(Relaxed)
    }

    /// Records that were written.
    pub fn records(&self) -> u64 {
        self.0.records.load(Relaxed)
    }

    /// Bytes of payload that were written.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Relaxed)
    }

    /// Pages that were written.
    pub fn pages(&self) -> u64 {
        self.0.pages.load(Relaxed)
    }

    /// The time since the run was made.
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// The time since the source handed over a record, in milliseconds' steps. `None` before the
    /// first.
    pub fn age_of_last_record(&self) -> Option<Duration> {
        let at = self.0.last_read.load(Relaxed).checked_sub(1)?;
        Some(self.elapsed().saturating_sub(Duration::from_millis(at)))
    }

    /// What the source and the sink counted.
    pub fn meter(&self) -> MeterReading {
        self.0.context.meter().read()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
