//! The readings that a metric is made of.

use std::collections::BTreeMap;
use std::time::Instant;

use faucet_core::{ActivityReading, ConnectionState, Counters, Distribution};
use faucet_pipeline::{ComponentProgress, Progress};

use crate::serve::readiness::is_ready;

/// A number of one series, or the numbers of one histogram.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sample {
    Count(u64),
    Seconds(f64),
    Took(Distribution),
}

/// The series of a metric: each with the value of the metric's own label, if it has one.
pub(crate) type Series = Vec<(&'static str, Sample)>;

/// The readings that a metric is made of.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    pub(crate) progress: &'a Progress,
    /// `None`: the metric is about the whole run.
    pub(crate) component: Option<&'a ComponentProgress>,
    pub(crate) now: Instant,
}

impl Look<'_> {
    /// A counter that the runner keeps.
    pub(crate) fn fixed(&self, name: &str) -> Series {
        let number = self.component.and_then(|of| of.counters.fixed.get(name)).copied();
        one(number.unwrap_or_default())
    }

    /// Records and messages that did not go on, by reason: the component dropped some, the runner counts others.
    pub(crate) fn skipped(&self) -> Series {
        let Some(of) = self.component else { return Vec::new() };
        let mut all: BTreeMap<&'static str, u64> = of.counters.skipped.clone();
        for name in ["not_written", "dropped", "rejected"] {
            let number = of.counters.fixed.get(name).copied().unwrap_or_default();
            if number > 0 {
                *all.entry(name).or_default() += number;
            }
        }
        counts(all)
    }

    pub(crate) fn reconnects(&self) -> Series {
        let Some(of) = self.component else { return Vec::new() };
        let known: u64 = of.counters.reconnects.values().sum();
        let all = of.counters.own.get(Counters::RECONNECTS).copied().unwrap_or_default();
        let mut causes = of.counters.reconnects.clone();
        if all > known {
            // A component from elsewhere may count without a cause.
            causes.insert("other", all - known);
        }
        counts(causes)
    }

    /// The component's own counters that no other metric has.
    pub(crate) fn own(&self) -> Series {
        let Some(of) = self.component else { return Vec::new() };
        let mut own = of.counters.own.clone();
        own.retain(|name, _| ![Counters::RECONNECTS, Counters::RESENT].contains(name));
        counts(own)
    }

    pub(crate) fn resent(&self) -> Series {
        let resent = self.component.and_then(|of| of.counters.own.get(Counters::RESENT));
        one(resent.copied().unwrap_or_default())
    }

    pub(crate) fn link(&self) -> Series {
        let Some(of) = self.component else { return Vec::new() };
        let is = |state: ConnectionState| u64::from(of.counters.activity.connection == state);
        ConnectionState::ALL.map(|state| (state.as_str(), Sample::Count(is(state)))).into()
    }

    pub(crate) fn ready(&self) -> Series {
        let is_ready =
            |of: &ComponentProgress| is_ready(of.kind, &of.counters.activity, self.now).is_ok();
        one(u64::from(self.component.is_some_and(is_ready)))
    }

    pub(crate) fn age(&self) -> Series {
        let last = self.component.and_then(|of| of.counters.activity.last_arrival);
        let age = last.map(|last| self.now.saturating_duration_since(last).as_secs_f64());
        age.map(|age| ("", Sample::Seconds(age))).into_iter().collect()
    }

    pub(crate) fn round_trip(&self) -> Series {
        let took = self.component.and_then(|of| of.counters.activity.round_trip);
        took.map(|took| ("", Sample::Seconds(took.as_secs_f64()))).into_iter().collect()
    }

    pub(crate) fn took(&self, of: impl Fn(&ActivityReading) -> Distribution) -> Series {
        self.component.map(|c| ("", Sample::Took(of(&c.counters.activity)))).into_iter().collect()
    }
}

/// A metric without a label of its own.
pub(crate) fn one(number: u64) -> Series {
    vec![("", Sample::Count(number))]
}

fn counts(numbers: BTreeMap<&'static str, u64>) -> Series {
    numbers.into_iter().map(|(value, number)| (value, Sample::Count(number))).collect()
}
