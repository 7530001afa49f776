//! What a component does right now, and how long its work takes.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::component::histogram::{Distribution, Histogram};
use crate::component::moment::{Moment, micros};

/// The state of a component's connection, for the live line and for metrics.
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
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Connecting, Self::Up, Self::Waiting];

    /// The state in one word, as metrics print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Waiting => "waiting",
        }
    }

    /// Whether a connection is wanted that is not there.
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Connecting | Self::Waiting)
    }
}

/// How far a component's run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
#[non_exhaustive]
pub enum Phase {
    /// The component is not open yet.
    #[default]
    Opening,
    /// The component is open and works.
    Open,
    /// The component has ended or failed.
    Over,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Opening, Self::Open, Self::Over];

    /// The phase in one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Over => "over",
        }
    }
}

/// What a component does right now, and how long its work takes.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    connection: AtomicU8,
    phase: AtomicU8,
    records: AtomicU64,
    bytes: AtomicU64,
    last: Moment,
    busy: Moment,
    /// In microseconds and one more; 0 is none.
    round_trip: AtomicU64,
    pub(crate) latency: Histogram,
    pub(crate) flush: Histogram,
}

/// What a component did and does, as [`Counters`](crate::Counters) said at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ActivityReading {
    /// The component's connection.
    pub connection: ConnectionState,
    /// How far the component's run has come.
    pub phase: Phase,
    /// Source: records that have arrived; they may wait for their page.
    pub arrived: u64,
    /// Source: the payload bytes of these records.
    pub arrived_bytes: u64,
    /// Source: when the last of them arrived.
    pub last_arrival: Option<Instant>,
    /// Sink: since when one call to write or flush takes. `None`: no call is under way.
    pub busy_since: Option<Instant>,
    /// How long the far end took to answer the last Ping.
    pub round_trip: Option<Duration>,
    /// Sink: the time from the arrival of a page's first record to the end of the flush behind it. By
    /// the wall clock, in steps of a millisecond.
    pub latency: Distribution,
    /// Sink: how long each flush took.
    pub flush: Distribution,
}

impl Activity {
    pub(crate) fn set_connection(&self, state: ConnectionState) {
        self.connection.store(state as u8, Relaxed);
    }

    pub(crate) fn connection(&self) -> ConnectionState {
        let state = usize::from(self.connection.load(Relaxed));
        ConnectionState::ALL.get(state).copied().unwrap_or_default()
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    pub(crate) fn arrived(&self, records: u64, bytes: u64, now: Instant) {
        if self.records.fetch_max(records, Relaxed) < records {
            self.bytes.fetch_max(bytes, Relaxed);
            self.last.set(now);
        }
    }

    pub(crate) fn set_busy(&self, since: Option<Instant>) {
        match since {
            Some(since) => self.busy.set(since),
            None => self.busy.clear(),
        }
    }

    pub(crate) fn set_round_trip(&self, took: Duration) {
        self.round_trip.store(micros(took).saturating_add(1), Relaxed);
    }

    pub(crate) fn read(&self) -> ActivityReading {
        let of = |byte: &AtomicU8| usize::from(byte.load(Relaxed));
        let round_trip = self.round_trip.load(Relaxed).checked_sub(1);
        ActivityReading {
            connection: self.connection(),
            phase: Phase::ALL.get(of(&self.phase)).copied().unwrap_or_default(),
            arrived: self.records.load(Relaxed),
            arrived_bytes: self.bytes.load(Relaxed),
            last_arrival: self.last.get(),
            busy_since: self.busy.get(),
            round_trip: round_trip.map(Duration::from_micros),
            latency: self.latency.read(),
            flush: self.flush.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_phases_are_read_as_they_were_set() {
        let activity = Activity::default();
        assert_eq!(activity.read(), ActivityReading::default());
        for state in ConnectionState::ALL {
            activity.set_connection(state);
            assert_eq!(activity.read().connection, state);
        }
        for phase in Phase::ALL {
            activity.set_phase(phase);
            assert_eq!(activity.read().phase, phase);
        }
    }

    #[test]
    fn the_last_arrival_is_that_of_the_last_new_record() {
        let (activity, t0) = (Activity::default(), Instant::now());
        let second = Duration::from_secs(1);
        // The runner counts the same records once more when it gets their page.
        for (records, bytes, at, expected) in [
            (0, 0, 0, None),
            (3, 30, 1, Some(1)),
            (3, 30, 2, Some(1)),
            (2, 20, 3, Some(1)),
            (4, 44, 4, Some(4)),
        ] {
            activity.arrived(records, bytes, t0 + second * at);
            let last = activity.read().last_arrival;
            let after = last.map(|last| (last - t0).as_secs());
            assert_eq!(after, expected, "{records} {at}");
        }
        let read = activity.read();
        assert_eq!((read.arrived, read.arrived_bytes), (4, 44));
    }

    #[test]
    fn work_and_round_trips_are_there_while_they_are() {
        let (activity, now) = (Activity::default(), Instant::now());
        activity.set_busy(Some(now));
        assert!(activity.read().busy_since.is_some());
        activity.set_busy(None);
        assert_eq!(activity.read().busy_since, None);
        activity.set_round_trip(Duration::ZERO);
        assert_eq!(activity.read().round_trip, Some(Duration::ZERO));
    }
}
