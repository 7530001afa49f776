//! The metrics, one by one.

use faucet_core::ComponentKind::{self, Sink, Source};
use prometheus_client::metrics::MetricType;

use crate::serve::look::{Look, Sample, Series, one};

/// A metric.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metric {
    /// Its name without the prefix `faucet_`, and for a counter without `_total`.
    pub(crate) name: &'static str,
    kind: Kind,
    /// Its meaning, as `# HELP` and the page of the documentation have it.
    pub(crate) help: &'static str,
    /// Its label beside `pipeline`, `component` and `kind`.
    pub(crate) label: Option<&'static str>,
    /// Which components have it, and how it is read.
    pub(crate) of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Which components have a metric, and how it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    /// The run as a whole has it.
    Run(fn(&Look<'_>) -> Series),
    /// Each component has it.
    Each(fn(&Look<'_>) -> Series),
    /// The components of this kind have it.
    Kind(ComponentKind, fn(&Look<'_>) -> Series),
}

impl Metric {
    pub(crate) fn kind(&self) -> MetricType {
        match self.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        }
    }

    /// The series that `look` has.
    pub(crate) fn series(&self, look: &Look<'_>) -> Series {
        match (self.of, look.component) {
            (Of::Run(read), None) | (Of::Each(read), Some(_)) => read(look),
            (Of::Kind(kind, read), Some(component)) if component.kind == kind => read(look),
            _ => Vec::new(),
        }
    }

    /// The kind in a word.
    pub(crate) fn kind_word(&self) -> &'static str {
        match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }

    /// The name as a scrape has it.
    pub(crate) fn full_name(&self) -> String {
        let suffix = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("faucet_{}{suffix}", self.name)
    }

    /// The unit of the metric's numbers. Empty where the metric counts things that its name says.
    pub(crate) fn unit(&self) -> &'static str {
        match self.name {
            name if name.ends_with("seconds") => "seconds",
            name if name.ends_with("bytes") => "bytes",
            name if name.ends_with("records") || name == "skipped" => "records",
            "link_state" | "ready" => "0 or 1",
            _ => "",
        }
    }

    /// Which components have it, in a word.
    pub(crate) fn owner(&self) -> &'static str {
        match self.of {
            Of::Run(_) => "run",
            Of::Each(_) => "component",
            Of::Kind(kind, _) => kind.as_str(),
        }
    }

    const fn new(kind: Kind, name: &'static str, of: Of, help: &'static str) -> Self {
        Self { name, kind, help, label: None, of }
    }

    const fn by(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }
}

const fn counter(name: &'static str, of: Of, help: &'static str) -> Metric {
    Metric::new(Kind::Counter, name, of, help)
}

const fn gauge(name: &'static str, of: Of, help: &'static str) -> Metric {
    Metric::new(Kind::Gauge, name, of, help)
}

const fn histogram(name: &'static str, of: Of, help: &'static str) -> Metric {
    Metric::new(Kind::Histogram, name, of, help)
}

fn seconds(seconds: f64) -> Series {
    vec![("", Sample::Seconds(seconds))]
}

/// All of them, in the order of the text.
pub(crate) const METRICS: &[Metric] = &[
    counter(
        "records",
        Of::Each(|look| look.fixed("records")),
        "Records that a source handed over, a transform emitted or a sink took.",
    ),
    counter("payload_bytes", Of::Each(|look| look.fixed("bytes")), "Bytes of the payloads of these records."),
    counter("pages", Of::Each(|look| look.fixed("pages")), "Pages that these records came in."),
    counter(
        "arrived_records",
        Of::Kind(Source, |look| {
            one(look.component.map_or(0, |of| of.counters.activity.arrived))
        }),
        "Records that have arrived, counted at once. Some of them wait for their page.",
    ),
    counter(
        "arrived_bytes",
        Of::Kind(Source, |look| {
            one(look.component.map_or(0, |of| of.counters.activity.arrived_bytes))
        }),
        "Bytes of the payloads of the records that have arrived.",
    ),
    gauge(
        "last_record_age_seconds",
        Of::Kind(Source, |look| look.age()),
        "Seconds since the last record arrived. Missing before the first.",
    ),
    counter(
        "skipped",
        Of::Each(|look| look.skipped()),
        "Records and messages that did not go on, as the report counts them.",
    )
    .by("reason"),
    counter("gaps", Of::Each(|look| look.fixed("gaps")), "Holes in the feed that the component has seen."),
    counter(
        "gap_seconds",
        Of::Each(|look| {
            seconds(look.component.map_or(0.0, |of| of.counters.gap_time.as_secs_f64()))
        }),
        "Seconds that these holes are long together.",
    ),
    counter(
        "reconnects",
        Of::Each(|look| look.reconnects()),
        "Connections after the first, by what ended the one before. A cause is missing until it occurs.",
    )
    .by("cause"),
    gauge(
        "link_state",
        Of::Each(|look| look.link()),
        "1 for the state that the connection is in, 0 for the others.",
    )
    .by("state"),
    gauge("ready", Of::Each(|look| look.ready()), "1 while the component is ready, as /readyz decides it."),
    gauge(
        "ping_round_trip_seconds",
        Of::Each(|look| look.round_trip()),
        "Seconds that the far end took to answer the last keepalive Ping. Missing before the first answer.",
    ),
    counter(
        "delivered_records",
        Of::Kind(Sink, |look| look.fixed("delivered")),
        "Records that the sink has delivered as it promises.",
    ),
    counter(
        "unconfirmed_records",
        Of::Kind(Sink, |look| look.fixed("unconfirmed")),
        "Records that the sink has taken and that may be lost.",
    ),
    counter(
        "resent_records",
        Of::Kind(Sink, |look| look.resent()),
        "Records that the sink has sent once more after a reconnect.",
    ),
    counter("flushes", Of::Kind(Sink, |look| look.fixed("flushes")), "Flushes that have succeeded."),
    histogram(
        "flush_seconds",
        Of::Kind(Sink, |look| look.took(|activity| activity.flush)),
        "Seconds that each flush took.",
    ),
    histogram(
        "page_latency_seconds",
        Of::Kind(Sink, |look| look.took(|activity| activity.latency)),
        "Seconds from the arrival of a page's first record to the end of the flush behind it.",
    ),
    gauge(
        "held_peak_records",
        Of::Each(|look| look.fixed("held_peak")),
        "The most records that have waited in one buffer in front of the component.",
    ),
    gauge(
        "component_value",
        Of::Each(|look| look.own()),
        "Counters and values of the component's own, by name.",
    )
    .by("name"),
    counter("commits", Of::Run(|look| one(look.progress.commits())), "How often positions were committed."),
    counter(
        "commits_held_back",
        Of::Run(|look| one(look.progress.commits_held_back())),
        "Flushes that committed nothing, because a component held records that it could not save.",
    ),
    gauge(
        "run_seconds",
        Of::Run(|look| seconds(look.progress.elapsed().as_secs_f64())),
        "Seconds since the run was made.",
    ),
];
