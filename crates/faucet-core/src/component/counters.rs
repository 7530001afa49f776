//! Counters of a component during its run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use schemars::JsonSchema;

use crate::component::activity::{Activity, ActivityReading, ConnectionState, Phase};
use crate::stream::Gap;

/// A counter that the runner keeps for every component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[repr(u8)]
#[non_exhaustive]
pub enum Count {
    /// Records that a source handed over, a transform emitted or a sink took.
    Records,
    /// Bytes of the payloads of these `records`.
    Bytes,
    /// Pages that these `records` came in.
    Pages,
    /// Holes in the feed that the component has seen.
    Gaps,
    /// Records that a sink has delivered as it promises.
    Delivered,
    /// Records that a sink has taken and that may be lost.
    Unconfirmed,
    /// Records on their way to the component that it did not take before the run ended.
    NotWritten,
    /// Records that a full buffer in front of the component dropped.
    Dropped,
    /// Records and messages that the component rejected. They went to its `dead_letter`, or the run
    /// ended because there is none.
    Rejected,
    /// Flushes of a sink that have succeeded.
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
    gap_millis: AtomicU64,
    activity: Activity,
    own: Mutex<Own>,
}

#[derive(Debug, Default)]
struct Own {
    counts: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<&'static str, u64>,
    causes: BTreeMap<&'static str, u64>,
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
    /// Connections after the first, by the word for what ended the one before.
    pub reconnects: BTreeMap<&'static str, u64>,
    /// How long the gaps that were seen are together.
    pub gap_time: Duration,
    /// What the component does right now, and how long its work takes.
    pub activity: ActivityReading,
}

impl Counters {
    /// The name under which connectors count connections after their first.
    pub const RECONNECTS: &'static str = "reconnects";
    /// The name under which sinks count records that they send once more after a reconnect.
    pub const RESENT: &'static str = "resent";

    /// The connection of the component at this moment.
    pub fn connection(&self) -> ConnectionState {
        self.activity.connection()
    }

    /// How many connections after the first there were whose causes `counts` names.
    pub fn reconnects(&self, counts: impl Fn(&str) -> bool) -> u64 {
        self.own().causes.iter().filter(|(cause, _)| counts(cause)).map(|(_, n)| n).sum()
    }

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

    /// Counts a connection after the first: [`RECONNECTS`](Self::RECONNECTS), and by `cause`, the word
    /// for what ended the connection before.
    pub fn reconnected(&self, cause: &'static str) {
        let mut own = self.own();
        *own.counts.entry(Self::RECONNECTS).or_default() += 1;
        *own.causes.entry(cause).or_default() += 1;
    }

    /// Says in which state the component's connection is.
    pub fn set_connection(&self, state: ConnectionState) {
        self.activity.set_connection(state);
    }

    /// Says how many records of how many bytes have arrived at a source so far, also those whose page
    /// is not full yet. A source that does not call it is taken to have received a record when it
    /// hands the record over.
    pub fn arrived(&self, records: u64, bytes: u64, now: Instant) {
        self.activity.arrived(records, bytes, now);
    }

    /// Says how long the far end took to answer the last Ping.
    pub fn set_round_trip(&self, took: Duration) {
        self.activity.set_round_trip(took);
    }

    /// Says how far the component's run has come. A component does not call it.
    pub fn set_phase(&self, phase: Phase) {
        self.activity.set_phase(phase);
    }

    /// Says since when a call to a sink takes. A component does not call it.
    pub fn set_busy(&self, since: Option<Instant>) {
        self.activity.set_busy(since);
    }

    /// Counts a flush of a sink. A component does not call it.
    pub fn flush_took(&self, took: Duration) {
        self.activity.flush.record(took, 1);
    }

    /// Counts `pages` whose first records arrived so long before their flush was over. A component
    /// does not call it.
    pub fn pages_took(&self, took: Duration, pages: u64) {
        self.activity.latency.record(took, pages);
    }

    /// Counts gaps that the component has seen, and their time. A component does not call it.
    pub fn saw_gaps(&self, gaps: &[Gap]) {
        self.count(Count::Gaps, gaps.len() as u64);
        let time: Duration = gaps.iter().filter_map(Gap::duration).sum();
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.gap_millis.fetch_add(millis, Relaxed);
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
            reconnects: own.causes.clone(),
            gap_time: Duration::from_millis(self.gap_millis.load(Relaxed)),
            activity: self.activity.read(),
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
        assert_eq!(read.activity.connection, ConnectionState::Waiting);
    }

    #[test]
    fn the_schema_has_the_names_that_reports_print() {
        let schema = schemars::schema_for!(Count);
        let names = crate::SchemaView::new(schema.as_value()).words();
        assert_eq!(names, Count::ALL.map(Count::as_str));
    }

    #[test]
    fn each_reconnect_has_a_cause_and_each_gap_its_time() {
        use crate::stream::{GapReason, Timestamp};
        let counters = Counters::default();
        for cause in ["transient", "silent", "transient"] {
            counters.reconnected(cause);
        }
        let at = Timestamp::from_unix_millis;
        let gap = |from, to| Gap::new(GapReason::Outage).between(at(from), at(to));
        counters.saw_gaps(&[gap(1_000, 3_500), Gap::new(GapReason::Dropped)]);
        counters.saw_gaps(&[gap(9_000, 9_250)]);
        let read = counters.read();
        assert_eq!(read.reconnects, BTreeMap::from([("silent", 1), ("transient", 2)]));
        assert_eq!(read.own[Counters::RECONNECTS], 3);
        assert_eq!((read.fixed["gaps"], read.gap_time), (3, Duration::from_millis(2_750)));
    }
}
