//! What a run did, once it is over.

use std::collections::BTreeMap;

use faucet_core::{ComponentKind, Count, Counters, Ended, Error, Gap, Reading, Result};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::graph::endings::{Endings, Exit};
use crate::graph::plan::Plan;
use crate::graph::progress::Progress;
use crate::graph::report_keys::{counts, failure, optional_failure};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum End {
    /// `max_messages` records were read.
    MaxMessages,
    /// Nothing arrived for `idle_timeout`.
    Idle,
    /// The far end of the source closed it, or the reader of a sink left.
    Closed,
    /// There was nothing more to read.
    Exhausted,
    /// A signal, or the caller, asked for it.
    Shutdown,
    /// Something failed; `error` says what.
    Error,
    /// The run goes on.
    Running,
}

impl End {
    /// The end as reports print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxMessages => "max_messages",
            Self::Idle => "idle",
            Self::Closed => "closed",
            Self::Exhausted => "exhausted",
            Self::Shutdown => "shutdown",
            Self::Error => "error",
            Self::Running => "running",
        }
    }
}

impl From<Ended> for End {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::MaxRecords => Self::MaxMessages,
            Ended::Idle => Self::Idle,
            Ended::Closed => Self::Closed,
            Ended::Shutdown => Self::Shutdown,
            _ => Self::Exhausted,
        }
    }
}

impl From<Exit> for End {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ended(ended) => ended.into(),
            Exit::SinkClosed => Self::Closed,
            Exit::Shutdown => Self::Shutdown,
            Exit::Failed => Self::Error,
        }
    }
}

/// The JSON Schema of reports, as `--report` writes them.
pub fn report_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Report>().to_value()
}

/// What a run did. Totals are sums over components: a record that goes to two sinks counts twice.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "faucet report")]
#[non_exhaustive]
pub struct Report {
    /// How the run ended: `error` exactly when there is an `error`. Where several sources end by
    /// themselves, the last of them says why.
    pub ended: End,
    /// The first thing that failed; null where nothing failed.
    #[serde(serialize_with = "failure")]
    #[schemars(schema_with = "optional_failure")]
    pub error: Option<Error>,
    /// Records that the sinks took.
    pub records: u64,
    /// Bytes of the payloads of these `records`.
    pub bytes: u64,
    /// Pages that these `records` came in.
    pub pages: u64,
    /// Connections that the sources opened after their first.
    pub reconnects: u64,
    /// Connections that the sinks opened after their first.
    pub sink_reconnects: u64,
    /// The holes in the feeds, oldest first; at most a thousand.
    pub gaps: Vec<Gap>,
    /// How many holes there are beyond these.
    pub more_gaps: u64,
    /// How long all holes are together, in seconds.
    pub disconnected_seconds: f64,
    /// Records and messages that did not reach a sink, by reason. `not_written` counts the records that
    /// were read and that a sink did not take; `dropped` those that a full buffer dropped; `rejected`
    /// those that a component rejected.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records delivered as the sinks promise.
    pub delivered: u64,
    /// Records that sinks have taken and that may be lost.
    pub unconfirmed: u64,
    /// Records sent again after a reconnect.
    pub resent: u64,
    /// How often positions were committed.
    pub commits: u64,
    /// Flushes that committed nothing, because a component held records that it could not save.
    pub commits_held_back: u64,
    /// How long the run took, in seconds.
    pub elapsed_seconds: f64,
    /// The same by component.
    pub components: BTreeMap<String, ComponentReport>,
}

/// What one component did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ComponentReport {
    /// `source`, `transform` or `sink`.
    pub kind: &'static str,
    /// The connector's name.
    #[serde(rename = "type")]
    pub connector: String,
    /// The far end, with placeholders filled and secrets struck out.
    pub target: String,
    /// Why a source had no more; left out where it was stopped or failed, and of other components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<End>,
    /// The whole message of the component's failure; left out where it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The counters that the runner keeps. See [`Count`] for their meanings.
    #[serde(flatten)]
    #[schemars(schema_with = "counts")]
    pub counts: BTreeMap<&'static str, u64>,
    /// Counters of the component's own, such as `reconnects` and `resent`.
    pub counters: BTreeMap<&'static str, u64>,
    /// Records and messages that the component dropped, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// The component's `reconnects` by what ended the connection before; left out where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reconnect_causes: BTreeMap<&'static str, u64>,
}

impl Report {
    pub(crate) fn new(plan: &Plan, mut endings: Endings, progress: &Progress) -> Self {
        let readings: BTreeMap<String, Reading> = progress
            .components()
            .into_iter()
            .map(|component| (component.id.to_string(), component.counters))
            .collect();
        let component = |component: &crate::graph::node::Component| {
            let id = component.id();
            let reading = readings.get(&**id).cloned().unwrap_or_default();
            ComponentReport {
                kind: component.kind().as_str(),
                connector: component.info().connector.to_owned(),
                target: plan.target(id),
                ended: endings.ended.get(id).map(|ended| (*ended).into()),
                error: endings.failed.get(id).map(|error| format!("{error:#}")),
                counts: reading
                    .fixed
                    .into_iter()
                    .filter(|(name, n)| shows(component.kind(), name, *n))
                    .collect(),
                counters: reading.own,
                skipped: reading.skipped,
                reconnect_causes: reading.reconnects,
            }
        };
        let components = &plan.components;
        let components = components.iter().map(|c| (c.id().to_string(), component(c))).collect();
        let exit = endings.exit();
        let error = endings.first.take().and_then(|id| endings.failed.remove(&id));
        Self::totals(exit.into(), error, components, progress)
    }

    /// The report of a run that goes on.
    pub(crate) fn so_far(plan: &Plan, progress: &Progress) -> Self {
        Self { ended: End::Running, ..Self::new(plan, Endings::default(), progress) }
    }

    fn totals(
        ended: End,
        error: Option<Error>,
        components: BTreeMap<String, ComponentReport>,
        progress: &Progress,
    ) -> Self {
        use ComponentKind::{Sink, Source, Transform};
        let mut skipped = BTreeMap::new();
        for component in progress.components() {
            for (reason, n) in component.counters.skipped {
                *skipped.entry(reason).or_default() += n;
            }
        }
        for what in [Count::NotWritten, Count::Dropped, Count::Rejected] {
            let n: u64 =
                [Source, Transform, Sink].map(|kind| progress.sum(kind, what)).iter().sum();
            if n > 0 {
                *skipped.entry(what.as_str()).or_default() += n;
            }
        }
        let gaps = progress.gaps();
        Self {
            ended,
            error,
            records: progress.records(),
            bytes: progress.bytes(),
            pages: progress.pages(),
            reconnects: progress.reconnects(Source),
            sink_reconnects: progress.reconnects(Sink),
            gaps: gaps.list,
            more_gaps: gaps.more,
            disconnected_seconds: gaps.duration.as_secs_f64(),
            skipped,
            delivered: progress.delivered(),
            unconfirmed: progress.unconfirmed(),
            resent: progress.sum_own(Sink, Counters::RESENT),
            commits: progress.commits(),
            commits_held_back: progress.commits_held_back(),
            elapsed_seconds: progress.elapsed().as_secs_f64(),
            components,
        }
    }

    /// The report of a run that `error` kept from beginning.
    pub fn failed(error: Error) -> Self {
        let progress = Progress::new(Vec::new());
        let totals = Self::totals(End::Error, Some(error), BTreeMap::new(), &progress);
        Self { elapsed_seconds: 0.0, ..totals }
    }

    /// The report of a run that ended well.
    ///
    /// # Errors
    /// What failed. To keep the counts, look at [`error`](Self::error) instead.
    pub fn into_result(mut self) -> Result<Self> {
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

/// Whether a counter has a meaning for a kind of component: a zero that cannot change is noise.
fn shows(kind: ComponentKind, name: &str, n: u64) -> bool {
    let always = [Count::Records, Count::Bytes, Count::Pages];
    let of_sinks = [Count::Delivered, Count::Unconfirmed];
    let is = |counts: &[Count]| counts.iter().any(|what| what.as_str() == name);
    n > 0 || is(&always) || (kind == ComponentKind::Sink && is(&of_sinks))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use faucet_core::{ErrorKind, SchemaView};

    use super::*;

    #[test]
    fn an_end_is_printed_as_it_is_called() {
        for end in [
            End::MaxMessages,
            End::Idle,
            End::Closed,
            End::Exhausted,
            End::Shutdown,
            End::Error,
            End::Running,
        ] {
            assert_eq!(serde_json::to_value(end).unwrap(), end.as_str());
        }
    }

    #[test]
    fn the_schema_has_the_keys_that_a_report_has() {
        let schema = report_schema();
        let view = SchemaView::new(&schema);
        let names = |view: SchemaView<'_>| -> BTreeSet<String> {
            view.keys().iter().map(|key| key.name.to_owned()).collect()
        };
        let error = Error::new(ErrorKind::TooLarge, "a record is too large");
        let report = serde_json::to_value(Report::failed(error)).unwrap();
        let written = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names(view), written(&report));
        let failure = view.find(&"error".into()).unwrap();
        assert_eq!(names(failure.resolve()), written(&report["error"]));
        let kinds = failure.resolve().find(&"kind".into()).unwrap();
        assert!(kinds.words().contains(&report["error"]["kind"].as_str().unwrap()));
        let components = view.find(&"components".into()).unwrap().map_values().unwrap();
        let keys = names(components.resolve());
        assert!(Count::ALL.iter().all(|count| keys.contains(count.as_str())), "{keys:?}");
    }

    #[test]
    fn each_key_has_a_meaning() {
        let schema = report_schema();
        let view = SchemaView::new(&schema);
        for path in view.paths() {
            let (_, key) = view.find_dotted(&path).unwrap();
            assert!(!key.description().is_empty(), "{path}");
        }
    }
}
