//! Counters of a component during its run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of a component's connection, for the live line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
#[non_exhaustive]
pub enum ConnectionState {
    /// The component has no connection, or wants none (a file; nothing to send).
    #[default]
    None,
    /// A connect is under way.
    Connecting,
    /// Connected.
    Up,
    /// Waiting before the next attempt.
    Waiting,
}

impl ConnectionState {
    fn load(state: &AtomicU8) -> Self {
        match state.load(Relaxed) {
            1 => Self::Connecting,
            2 => Self::Up,
            3 => Self::Waiting,
            _ => Self::None,
        }
    }
}

/// A counter that the runner keeps for every component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Count {
    /// Records: handed over by a source, emitted by a transform, taken by a sink.
    Records,
    /// Bytes of their payloads.
    Bytes,
    /// Pages they came in.
    Pages,
    /// Gaps that were seen.
    Gaps,
    /// Sink: records delivered as it promises.
    Delivered,
    /// Sink: records taken that may be lost.
    Unconfirmed,
    /// Records on their way to the component that it did not take before the run ended.
    NotWritten,
    /// Records that a full buffer in front of the component dropped.
    Dropped,
    /// Records and messages that the component rejected. They went to its `dead_letter`, or the run
    /// ended because there is none.
    Rejected,
    /// Sink: flushes.
    Flushes,
    /// The most records that waited in one buffer in front of the component.
    HeldPeak,
}

impl Count {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Records,
        Self::Bytes,
        Self::Pages,
        Self::Gaps,
        Self::Delivered,
        Self::Unconfirmed,
        Self::NotWritten,
        Self::Dropped,
        Self::Rejected,
        Self::Flushes,
        Self::HeldPeak,
    ];

    /// The counter's name in reports and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Bytes => "bytes",
            Self::Pages => "pages",
            Self::Gaps => "gaps",
            Self::Delivered => "delivered",
            Self::Unconfirmed => "unconfirmed",
            Self::NotWritten => "not_written",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
            Self::Flushes => "flushes",
            Self::HeldPeak => "held_peak",
        }
    }
}

/// Counters of one component. The runner keeps those of [`Count`]; a component adds its own by name.
/// Cheap enough for every page, not meant for every record.
#[derive(Debug, Default)]
pub struct Counters {
    fixed: [AtomicU64; Count::ALL.len()],
    connection: AtomicU8,
    own: Mutex<Own>,
}

#[derive(Debug, Default)]
struct Own {
    counts: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<&'static str, u64>,
}

/// What [`Counters`] said at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reading {
    /// The runner's counters by name; those that are 0 included.
    pub fixed: BTreeMap<&'static str, u64>,
    /// The component's own counters and gauges by name.
    pub own: BTreeMap<&'static str, u64>,
    /// Frames and records that the component dropped, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// The component's connection.
    pub connection: ConnectionState,
}

impl Counters {
    /// The name under which connectors count connections after their first.
    pub const RECONNECTS: &'static str = "reconnects";
    /// The name under which sinks count records that they send once more after a reconnect.
    pub const RESENT: &'static str = "resent";

    /// Adds to a counter of the component's own.
    pub fn add(&self, name: &'static str, n: u64) {
        if n > 0 {
            *self.own().counts.entry(name).or_default() += n;
        }
    }

    /// Sets a gauge of the component's own (`lag`, `connections`).
    pub fn set(&self, name: &'static str, n: u64) {
        self.own().counts.insert(name, n);
    }

    /// Counts `n` frames or records that the component dropped for `reason`.
    pub fn skip(&self, reason: &'static str, n: u64) {
        if n > 0 {
            *self.own().skipped.entry(reason).or_default() += n;
        }
    }

    /// Says in which state the component's connection is.
    pub fn set_connection(&self, state: ConnectionState) {
        self.connection.store(state as u8, Relaxed);
    }

    /// Adds to a counter that the runner keeps. A component does not call it.
    pub fn count(&self, what: Count, n: u64) {
        self.fixed[what as usize].fetch_add(n, Relaxed);
    }

    /// Raises a counter that the runner keeps to `n`. A component does not call it.
    pub fn raise(&self, what: Count, n: u64) {
        self.fixed[what as usize].fetch_max(n, Relaxed);
    }

    /// A counter that the runner keeps.
    pub fn get(&self, what: Count) -> u64 {
        self.fixed[what as usize].load(Relaxed)
    }

    /// A counter of the component's own; 0 where there is none of that name.
    pub fn get_own(&self, name: &str) -> u64 {
        self.own().counts.get(name).copied().unwrap_or_default()
    }

    /// All of them now.
    pub fn read(&self) -> Reading {
        let fixed = Count::ALL.iter().map(|what| (what.as_str(), self.get(*what))).collect();
        let own = self.own();
        Reading {
            fixed,
            own: own.counts.clone(),
            skipped: own.skipped.clone(),
            connection: ConnectionState::load(&self.connection),
        }
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_has_its_place() {
        let counters = Counters::default();
        for (n, what) in Count::ALL.into_iter().enumerate() {
            assert_eq!(what as usize, n);
            counters.count(what, n as u64);
        }
        counters.raise(Count::HeldPeak, 3);
        counters.skip("not_json", 2);
        counters.skip("never", 0);
        counters.set_connection(ConnectionState::Waiting);
        let read = counters.read();
        assert_eq!((read.fixed["records"], read.fixed["held_peak"]), (0, 10));
        assert_eq!(read.skipped, BTreeMap::from([("not_json", 2)]));
        assert_eq!(read.connection, ConnectionState::Waiting);
    }
}
