//! What a run counts while it goes on, and what it is told at the start.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// The state of a connector's connection, for the live line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Link {
    /// The connector has no connection, or wants none (a file; nothing to send).
    None,
    /// A connect is under way.
    Connecting,
    /// Connected.
    Up,
    /// Waiting before the next attempt.
    Waiting,
}

impl Link {
    fn load(link: &AtomicU8) -> Self {
        match link.load(Relaxed) {
            1 => Self::Connecting,
            2 => Self::Up,
            3 => Self::Waiting,
            _ => Self::None,
        }
    }
}

/// Counters of one run. Connectors add to it through [`RunContext::meter`]; cheap enough for every
/// page, not meant for every record.
#[derive(Debug, Default)]
pub struct Meter {
    reconnects: AtomicU64,
    sink_reconnects: AtomicU64,
    delivered: AtomicU64,
    unconfirmed: AtomicU64,
    resent: AtomicU64,
    link: AtomicU8,
    sink_link: AtomicU8,
    skipped: Mutex<BTreeMap<&'static str, u64>>,
}

/// What a [`Meter`] said at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterReading {
    /// Connections that the source opened after its first: what a live feed sent in between is lost.
    pub reconnects: u64,
    /// Connections that the sink opened after its first.
    pub sink_reconnects: u64,
    /// Records delivered as the sink promises.
    pub delivered: u64,
    /// Records written that may have been lost.
    pub unconfirmed: u64,
    /// Records written again after a reconnect.
    pub resent: u64,
    /// Frames and records that were dropped, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// The source's connection.
    pub link: Link,
    /// The sink's connection.
    pub sink_link: Link,
}

impl Meter {
    /// Counts a connection that the source opened after its first.
    pub fn add_reconnect(&self) {
        self.reconnects.fetch_add(1, Relaxed);
    }

    /// Counts a connection that the sink opened after its first.
    pub fn add_sink_reconnect(&self) {
        self.sink_reconnects.fetch_add(1, Relaxed);
    }

    /// Counts `n` records as delivered as the sink promises.
    pub fn add_delivered(&self, n: u64) {
        self.delivered.fetch_add(n, Relaxed);
    }

    /// Counts `n` records as written but possibly lost.
    pub fn add_unconfirmed(&self, n: u64) {
        self.unconfirmed.fetch_add(n, Relaxed);
    }

    /// Counts `n` records as written once more.
    pub fn add_resent(&self, n: u64) {
        self.resent.fetch_add(n, Relaxed);
    }

    /// Counts `n` frames or records that were dropped for `reason`.
    pub fn add_skipped(&self, reason: &'static str, n: u64) {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        *skipped.entry(reason).or_default() += n;
    }

    /// Says in which state the source's connection is.
    pub fn set_link(&self, link: Link) {
        self.link.store(link as u8, Relaxed);
    }

    /// Says in which state the sink's connection is.
    pub fn set_sink_link(&self, link: Link) {
        self.sink_link.store(link as u8, Relaxed);
    }

    /// All counters now.
    pub fn read(&self) -> MeterReading {
        MeterReading {
            reconnects: self.reconnects.load(Relaxed),
            sink_reconnects: self.sink_reconnects.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            unconfirmed: self.unconfirmed.load(Relaxed),
            resent: self.resent.load(Relaxed),
            skipped: self.skipped.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            link: Link::load(&self.link),
            sink_link: Link::load(&self.sink_link),
        }
    }
}

/// What a run is told at its start, shared by its source and its sink. Cheap to clone.
#[derive(Clone, Default)]
pub struct RunContext {
    values: Arc<BTreeMap<String, String>>,
    meter: Arc<Meter>,
}

impl fmt::Debug for RunContext {
    /// Shows the names only: a value may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunContext")
            .field("names", &self.values.keys())
            .field("meter", &self.meter.read())
            .finish()
    }
}

impl RunContext {
    /// A run whose `{name}` placeholders are filled from `values`.
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Self { values: Arc::new(values), meter: Arc::default() }
    }

    /// The value of `{name}`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The names that have a value, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The run's counters.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_values() {
        let run = RunContext::new([("token".into(), "s3cret".into())].into());
        let shown = format!("{run:?}");
        assert!(shown.contains("token") && !shown.contains("s3cret"), "{shown}");
    }
}
