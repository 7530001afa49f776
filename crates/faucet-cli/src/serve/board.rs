//! The facts about a run that the server shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faucet_core::{ComponentKind, Timestamp};
use faucet_pipeline::{ComponentProgress, Pipeline, Progress, Report};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::serve::history::History;
use crate::serve::metrics::Exposition;
use crate::serve::readiness::is_ready;
use crate::serve::{metrics, records};

/// The most gaps that the page shows.
const MOST_GAPS: usize = 100;

/// A run, and what can be told about it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    name: String,
    pipeline: Pipeline,
    progress: Progress,
    /// Whether the values of records are struck out.
    redact: bool,
    history: Arc<Mutex<History>>,
}

impl Board {
    /// A run of the pipeline that is called `name`.
    pub(crate) fn new(name: String, pipeline: Pipeline, progress: Progress) -> Self {
        Self { name, pipeline, progress, redact: false, history: Arc::default() }
    }

    /// Strikes the values of records out.
    pub(crate) fn with_redacted_records(self, redact: bool) -> Self {
        Self { redact, ..self }
    }

    /// The name of the pipeline.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The metrics as text.
    pub(crate) fn metrics(&self, format: Exposition) -> String {
        metrics::render(&self.name, &self.progress, format)
    }

    /// The report so far.
    pub(crate) fn report(&self) -> Report {
        self.pipeline.report_so_far(&self.progress)
    }

    /// The components that are not ready, each with the reason. Transforms have no far end.
    pub(crate) fn not_ready(&self) -> Vec<Value> {
        let components = self.progress.components();
        let why = components.iter().filter_map(|of| {
            let why = not_ready(of)?;
            Some(json!({"component": *of.id, "kind": of.kind.as_str(), "why": why}))
        });
        why.collect()
    }

    /// Notes the numbers of this second.
    pub(crate) fn note(&self) {
        self.history().see(now(), &self.progress.components());
    }

    /// The state of the run now. With `all` it has all seconds that are kept, otherwise the last.
    pub(crate) fn state(&self, all: bool) -> Value {
        let components = self.progress.components();
        let history = self.history();
        let samples = match all {
            true => history.samples(&components),
            false => history.last(&components),
        };
        let report = self.report();
        let gaps = &report.gaps[report.gaps.len().saturating_sub(MOST_GAPS)..];
        json!({
            "pipeline": self.name,
            "now": now(),
            "elapsed": self.progress.elapsed().as_secs_f64(),
            "whole": all,
            "components": components.iter().map(|of| self.component(of)).collect::<Vec<_>>(),
            "samples": samples,
            "gaps": gaps,
            "gaps_before": report.gaps.len() - gaps.len() + report.more_gaps as usize,
            "gap_seconds": report.disconnected_seconds,
            "changes": history.changes(),
        })
    }

    fn component(&self, of: &ComponentProgress) -> Value {
        let (counters, activity) = (&of.counters, &of.counters.activity);
        let plan = self.pipeline.component(&of.id);
        let from = plan.map(|plan| plan.from().iter().map(|id| &**id).collect::<Vec<_>>());
        let last = activity.last_arrival;
        let now = Instant::now().into_std();
        json!({
            "id": *of.id,
            "kind": of.kind.as_str(),
            "type": plan.map(|plan| plan.info().connector),
            "target": self.pipeline.target(&of.id),
            "from": from,
            "connection": activity.connection.as_str(),
            "phase": activity.phase.as_str(),
            "not_ready": not_ready(of),
            "arrived": activity.arrived,
            "counts": counters.fixed,
            "counters": counters.own,
            "skipped": counters.skipped,
            "reconnect_causes": counters.reconnects,
            "gap_seconds": counters.gap_time.as_secs_f64(),
            "last_age": last.map(|last| now.saturating_duration_since(last).as_secs_f64()),
            "round_trip": activity.round_trip.map(|took| took.as_secs_f64()),
        })
    }

    /// The last records by component. The first call finds none, and makes the run keep them.
    pub(crate) fn records(&self) -> Value {
        let last = self.progress.last_records().into_iter().map(|(id, peeks)| {
            let shown = peeks.iter().map(|peek| records::shown(peek, self.redact)).collect();
            (id.to_string(), Value::Array(shown))
        });
        json!({"redacted": self.redact, "records": last.collect::<Map<_, _>>()})
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a component is not ready; a transform always is.
fn not_ready(of: &ComponentProgress) -> Option<String> {
    if of.kind == ComponentKind::Transform {
        return None;
    }
    let now = Instant::now().into_std();
    is_ready(of.kind, &of.counters.activity, now).err().map(|why| why.to_string())
}

fn now() -> u64 {
    Timestamp::now().as_unix_millis()
}
