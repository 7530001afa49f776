//! A run that goes on, in words and in numbers.

use std::path::Path;

use faucet_core::{ComponentKind, ConnectionState};
use faucet_pipeline::{ComponentProgress, Progress, Report};
use serde_json::{Map, Value, json};

use crate::line::{self, Part};
use crate::live::Shown;
use crate::logging;
use crate::output::{count, counted, is_json, reconnects, size, time};
use crate::rate::Flow;

/// The name of the pipeline in a file, for logs and metrics: that of the file without its ending.
pub(crate) fn name_of(file: &Path) -> String {
    if file == Path::new("-") {
        return "stdin".to_owned();
    }
    file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

impl Shown for Progress {
    fn flows(&self) -> Vec<Flow> {
        of_kind(self, ComponentKind::Source).iter().map(flow).collect()
    }

    fn parts(&self, rate: f64) -> Vec<Part> {
        let sources = of_kind(self, ComponentKind::Source);
        let sinks = of_kind(self, ComponentKind::Sink);
        let mut parts = Vec::new();
        parts.extend(source_state(&sources).map(|state| Part::new(0, state)));
        let sink_is_down = sinks.iter().any(|sink| sink.counters.activity.connection.is_down());
        parts.extend(sink_is_down.then(|| Part::new(0, "sink reconnecting")));
        parts.extend([
            Part::new(2, counted(self.records(), "record")),
            Part::new(1, format!("{}/s", count(rate.round() as u64))),
            Part::new(6, size(self.bytes())),
            Part::new(5, reconnects(count_of(&sources), count_of(&sinks))),
        ]);
        let components = self.components();
        let skipped: u64 = components.iter().flat_map(|c| c.counters.skipped.values()).sum();
        for (number, what) in [(skipped, "skipped"), (self.unconfirmed(), "unconfirmed")] {
            parts.extend((number > 0).then(|| Part::new(4, format!("{} {what}", count(number)))));
        }
        let age = self.age_of_last_record();
        parts.extend(age.map(|age| Part::new(3, format!("last {} ago", time(age)))));
        parts
    }

    fn log(&self, rate: f64) {
        let line = line::whole(&self.parts(rate));
        match is_json() {
            false => tracing::info!("{line}"),
            true => logging::event(numbers(self, rate), &line),
        }
    }
}

fn of_kind(progress: &Progress, kind: ComponentKind) -> Vec<ComponentProgress> {
    progress.components().into_iter().filter(|of| of.kind == kind).collect()
}

/// The numbers of a line of the log.
fn numbers(progress: &Progress, rate: f64) -> Map<String, Value> {
    let components = progress.components();
    let components: Map<String, Value> =
        components.iter().map(|of| (of.id.to_string(), component(of))).collect();
    fields(json!({
        "event": "progress",
        "records": progress.records(),
        "bytes": progress.bytes(),
        "delivered": progress.delivered(),
        "unconfirmed": progress.unconfirmed(),
        "arrived": progress.arrived(),
        "rate": rate,
        "reconnects": progress.reconnects(ComponentKind::Source),
        "sink_reconnects": progress.reconnects(ComponentKind::Sink),
        "last_record_age_seconds": progress.age_of_last_record().map(|age| age.as_secs_f64()),
        "elapsed_seconds": progress.elapsed().as_secs_f64(),
        "components": components,
    }))
}

/// Logs the state or the end of a run: `line`, and in JSON each number of the report.
pub(crate) fn log_report(report: &Report, line: &str) {
    if !is_json() {
        return tracing::info!("{line}");
    }
    let mut all = fields(serde_json::to_value(report).unwrap_or_default());
    all.insert("event".to_owned(), json!("report"));
    logging::event(all, line);
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A component's numbers.
fn component(of: &ComponentProgress) -> Value {
    let activity = &of.counters.activity;
    let mut all = json!({
        "kind": of.kind.as_str(),
        "connection": activity.connection.as_str(),
        "counters": of.counters.own,
        "skipped": of.counters.skipped,
        "reconnect_causes": of.counters.reconnects,
    });
    for (name, number) in &of.counters.fixed {
        all[*name] = json!(number);
    }
    all
}

/// The records and bytes that a source hands over.
pub(crate) fn flow(source: &ComponentProgress) -> Flow {
    let activity = &source.counters.activity;
    Flow { amount: activity.arrived, is_down: activity.connection.is_down() }
}

fn count_of(components: &[ComponentProgress]) -> u64 {
    components.iter().filter_map(|of| of.counters.own.get("reconnects")).sum()
}

/// The state of the sources' connections; `None` where they have none.
fn source_state(sources: &[ComponentProgress]) -> Option<String> {
    let states: Vec<ConnectionState> =
        sources.iter().map(|source| source.counters.activity.connection).collect();
    let number = |of: ConnectionState| states.iter().filter(|state| **state == of).count();
    [
        (ConnectionState::Waiting, "reconnecting"),
        (ConnectionState::Connecting, "connecting"),
        (ConnectionState::Up, "connected"),
    ]
    .into_iter()
    .find(|(state, _)| number(*state) > 0)
    .map(|(state, word)| match (number(state), states.len()) {
        (number, all) if number < all => format!("{number} of {all} {word}"),
        _ => word.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use faucet_core::Counters;

    use super::*;

    #[test]
    fn the_state_is_that_of_the_worst_connection() {
        use ConnectionState::{Connecting, None as Quiet, Up, Waiting};
        let source = |state: &ConnectionState| {
            let counters = Counters::default();
            counters.set_connection(*state);
            ComponentProgress::new("a".into(), ComponentKind::Source, counters.read())
        };
        for (states, expected) in [
            (vec![Quiet], None),
            (vec![Up], Some("connected")),
            (vec![Connecting], Some("connecting")),
            (vec![Waiting], Some("reconnecting")),
            (vec![Up, Up], Some("connected")),
            (vec![Up, Waiting, Connecting], Some("1 of 3 reconnecting")),
            (vec![Connecting, Up], Some("1 of 2 connecting")),
            (vec![Up, Quiet], Some("1 of 2 connected")),
        ] {
            let sources: Vec<_> = states.iter().map(source).collect();
            assert_eq!(source_state(&sources).as_deref(), expected, "{states:?}");
            let down = sources.iter().filter(|source| flow(source).is_down).count();
            let expected = states.iter().filter(|state| state.is_down()).count();
            assert_eq!(down, expected, "{states:?}");
        }
    }

    #[test]
    fn a_pipeline_is_called_as_its_file() {
        for (file, name) in [
            ("feeds/trades.yaml", "trades"),
            ("trades", "trades"),
            ("a.b.json", "a.b"),
            ("-", "stdin"),
        ] {
            assert_eq!(name_of(Path::new(file)), name);
        }
    }
}
