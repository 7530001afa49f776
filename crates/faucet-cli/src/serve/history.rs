//! The last fifteen minutes of a run, second by second. Pure.

use std::collections::{BTreeMap, VecDeque};

use faucet_core::ComponentKind;
use faucet_pipeline::ComponentProgress;
use serde_json::{Value, json};

/// So many seconds are kept.
const SECONDS: usize = 900;
/// So many changes of connections are kept.
const MOST_CHANGES: usize = 200;

/// The numbers of a component at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    records: u64,
    bytes: u64,
    /// The latencies of all pages together, in microseconds, and how many pages they are.
    latency: (u64, u64),
    is_down: bool,
}

/// A change of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// Unix milliseconds.
    at: u64,
    component: String,
    what: &'static str,
    cause: Option<&'static str>,
}

/// The last fifteen minutes of a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    samples: VecDeque<(u64, Vec<Numbers>)>,
    changes: VecDeque<Change>,
    /// The reconnects of each component by cause at the last sample, and whether it was down.
    before: Vec<(BTreeMap<&'static str, u64>, bool)>,
}

impl History {
    /// Notes the numbers at `at`, in Unix milliseconds.
    pub(crate) fn see(&mut self, at: u64, components: &[ComponentProgress]) {
        if self.before.is_empty() {
            // The first reading has nothing to differ from.
            self.before =
                components.iter().map(|of| (BTreeMap::new(), numbers(of).is_down)).collect();
        }
        for (of, before) in components.iter().zip(&mut self.before) {
            let is_down = numbers(of).is_down;
            let mut changes = Vec::new();
            for (cause, number) in &of.counters.reconnects {
                if *number > before.0.get(cause).copied().unwrap_or_default() {
                    changes.push(("reconnected", Some(*cause)));
                }
            }
            // A connection that is lost and back within a second has only the second line.
            match (is_down, before.1) {
                (true, false) => changes.push(("no connection", None)),
                (false, true) if changes.is_empty() => changes.push(("connected", None)),
                _ => {}
            }
            let component = of.id.to_string();
            let change = |(what, cause)| Change { at, component: component.clone(), what, cause };
            self.changes.extend(changes.into_iter().map(change));
            *before = (of.counters.reconnects.clone(), is_down);
        }
        self.samples.push_back((at, components.iter().map(numbers).collect()));
        self.samples.drain(..self.samples.len().saturating_sub(SECONDS));
        self.changes.drain(..self.changes.len().saturating_sub(MOST_CHANGES));
    }

    /// All samples: the times, and for each component a list of each number.
    pub(crate) fn samples(&self, components: &[ComponentProgress]) -> Value {
        Self::table(self.samples.iter(), components)
    }

    /// The last sample in the same form.
    pub(crate) fn last(&self, components: &[ComponentProgress]) -> Value {
        Self::table(self.samples.back().into_iter(), components)
    }

    fn table<'a>(
        samples: impl Iterator<Item = &'a (u64, Vec<Numbers>)> + Clone,
        components: &[ComponentProgress],
    ) -> Value {
        let times: Vec<u64> = samples.clone().map(|(at, _)| *at).collect();
        let list = |index: usize, read: fn(&Numbers) -> u64| -> Vec<u64> {
            samples.clone().filter_map(|(_, all)| all.get(index)).map(read).collect()
        };
        let of = components.iter().enumerate().map(|(index, of)| {
            let lists = json!({
                "records": list(index, |numbers| numbers.records),
                "bytes": list(index, |numbers| numbers.bytes),
                "latency": list(index, |numbers| numbers.latency.0),
                "measured": list(index, |numbers| numbers.latency.1),
                "down": list(index, |numbers| numbers.is_down.into()),
            });
            (of.id.to_string(), lists)
        });
        json!({"times": times, "components": of.collect::<serde_json::Map<_, _>>()})
    }

    /// The changes of connections, oldest first.
    pub(crate) fn changes(&self) -> Vec<Value> {
        let change = |of: &Change| json!({"at": of.at, "component": of.component, "what": of.what, "cause": of.cause});
        self.changes.iter().map(change).collect()
    }
}

fn numbers(of: &ComponentProgress) -> Numbers {
    let activity = &of.counters.activity;
    let fixed = |name: &str| of.counters.fixed.get(name).copied().unwrap_or_default();
    let (records, bytes) = match of.kind {
        ComponentKind::Source => (activity.arrived, activity.arrived_bytes),
        _ => (fixed("records"), fixed("bytes")),
    };
    let sum = u64::try_from(activity.latency.sum.as_micros()).unwrap_or(u64::MAX);
    let latency = (sum, activity.latency.count());
    Numbers { records, bytes, latency, is_down: activity.connection.is_down() }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use faucet_core::{ConnectionState, Counters};

    use super::*;

    fn source(counters: &Counters) -> Vec<ComponentProgress> {
        vec![ComponentProgress::new("a".into(), ComponentKind::Source, counters.read())]
    }

    #[test]
    fn fifteen_minutes_are_kept() {
        let (mut history, counters) = (History::default(), Counters::default());
        for second in 0..2 * SECONDS as u64 {
            counters.arrived(second, 10 * second, Instant::now());
            history.see(1000 * second, &source(&counters));
        }
        let all = history.samples(&source(&counters));
        let (times, of) = (all["times"].as_array().unwrap(), &all["components"]["a"]);
        assert_eq!((times.len(), &times[0]), (SECONDS, &json!(900_000)));
        assert_eq!((&of["records"][0], &of["bytes"][899]), (&json!(900), &json!(17_990)));
        assert_eq!(history.last(&source(&counters))["times"], json!([1_799_000]));
    }

    #[test]
    fn changes_of_a_connection_are_told_once() {
        let (mut history, counters) = (History::default(), Counters::default());
        let mut at = 0;
        let mut see = |state| {
            counters.set_connection(state);
            at += 1;
            history.see(at, &source(&counters));
        };
        see(ConnectionState::Connecting);
        see(ConnectionState::Up);
        see(ConnectionState::Up);
        see(ConnectionState::Waiting);
        see(ConnectionState::Connecting);
        counters.reconnected("silent");
        see(ConnectionState::Up);
        counters.reconnected("transient");
        see(ConnectionState::Up);
        let told: Vec<String> = history
            .changes()
            .iter()
            .map(|of| format!("{} {} {}", of["at"], of["what"], of["cause"]).replace('"', ""))
            .collect();
        assert_eq!(
            told,
            [
                "2 connected null",
                "4 no connection null",
                "6 reconnected silent",
                "7 reconnected transient"
            ]
        );
    }
}
