//! The numbers of a run in the text formats of Prometheus and OpenMetrics.

use std::fmt;

use faucet_core::Distribution;
use faucet_pipeline::Progress;
use http::HeaderMap;
use http::header::ACCEPT;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::serve::look::{Look, Sample};
use crate::serve::table::{METRICS, Metric, Of};

const OPEN_METRICS: &str = "application/openmetrics-text";

/// A format of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// The format OpenMetrics, for a scraper that asks for it, such as Prometheus.
    OpenMetrics,
    /// The older one of Prometheus, which all others read.
    Prometheus,
}

impl Exposition {
    /// The format that a request accepts.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        match accepted.into_iter().any(|types| types.contains(OPEN_METRICS)) {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// All metrics of a run as text.
pub(crate) fn render(pipeline: &str, progress: &Progress, format: Exposition) -> String {
    let mut registry = Registry::with_prefix("faucet");
    let run = Run { pipeline: pipeline.to_owned(), progress: progress.clone() };
    registry.register_collector(Box::new(run));
    let mut out = String::new();
    // A string takes everything.
    let _ = text::encode(&mut out, &registry);
    match format {
        Exposition::OpenMetrics => out,
        Exposition::Prometheus => older(&out),
    }
}

/// The text in the older format: the comments name a counter as its samples do, and nothing marks the end.
fn older(text: &str) -> String {
    let mut older = String::with_capacity(text.len() + 1024);
    let mut lines = text.lines().filter(|line| *line != "# EOF").peekable();
    while let Some(line) = lines.next() {
        let comment = |line: &str| -> Option<[String; 3]> {
            let mut words = line.strip_prefix("# ")?.splitn(3, ' ').map(str::to_owned);
            Some([words.next()?, words.next()?, words.next()?])
        };
        let is_counter = |line: &str| comment(line).is_some_and(|[.., kind]| kind == "counter");
        let counts = is_counter(line) || lines.peek().is_some_and(|next| is_counter(next));
        match comment(line) {
            Some([what, name, rest]) if counts => {
                older.push_str(&format!("# {what} {name}_total {rest}\n"));
            }
            _ => older.extend([line, "\n"]),
        }
    }
    older
}

#[derive(Debug)]
struct Run {
    pipeline: String,
    progress: Progress,
}

impl Collector for Run {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = tokio::time::Instant::now().into_std();
        // One reading for all metrics: the lines of a page agree.
        let components = self.progress.components();
        for metric in METRICS {
            let family =
                encoder.encode_descriptor(metric.name, metric.help, None, metric.kind())?;
            let looks: Vec<Look<'_>> = match metric.of {
                Of::Run(_) => vec![Look { progress: &self.progress, component: None, now }],
                _ => components
                    .iter()
                    .map(|of| Look { progress: &self.progress, component: Some(of), now })
                    .collect(),
            };
            self.encode_metric(metric, &looks, family)?;
        }
        Ok(())
    }
}

impl Run {
    fn encode_metric(
        &self,
        metric: &Metric,
        looks: &[Look<'_>],
        mut family: MetricEncoder<'_>,
    ) -> fmt::Result {
        for look in looks {
            let mut labels = vec![("pipeline", escaped(&self.pipeline))];
            if let Some(component) = look.component {
                labels.push(("component", escaped(&component.id)));
                labels.push(("kind", component.kind.as_str().to_owned()));
            }
            for (value, sample) in metric.series(look) {
                let mut labels = labels.clone();
                labels.extend(metric.label.map(|label| (label, escaped(value))));
                encode_sample(metric, &sample, family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn encode_sample(metric: &Metric, sample: &Sample, mut into: MetricEncoder<'_>) -> fmt::Result {
    match (metric.kind(), sample) {
        (MetricType::Counter, Sample::Count(n)) => {
            into.encode_counter::<NoLabelSet, _, u64>(n, None)
        }
        (MetricType::Counter, Sample::Seconds(n)) => {
            into.encode_counter::<NoLabelSet, _, f64>(n, None)
        }
        (_, Sample::Count(n)) => into.encode_gauge(&(*n as f64)),
        (_, Sample::Seconds(n)) => into.encode_gauge(n),
        (_, Sample::Took(took)) => {
            let bounds = Distribution::BOUNDS.iter().map(|micros| *micros as f64 / 1e6);
            let bounds = bounds.chain([f64::MAX]);
            let buckets: Vec<(f64, u64)> = bounds.zip(took.buckets).collect();
            let sum = took.sum.as_secs_f64();
            into.encode_histogram::<NoLabelSet>(sum, took.count(), &buckets, None)
        }
    }
}

/// The value of a label: the encoder takes it as it is.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_format_names_a_counter_as_its_samples() {
        let text = "# HELP a_b Of counter\n# TYPE a_b counter\na_b_total{x=\"# HELP\"} 1\n\
                    # HELP c Seconds.\n# TYPE c histogram\nc_sum 1.0\n# HELP d None.\n# TYPE d gauge\n# EOF\n";
        let expected = "# HELP a_b_total Of counter\n# TYPE a_b_total counter\na_b_total{x=\"# HELP\"} 1\n\
                        # HELP c Seconds.\n# TYPE c histogram\nc_sum 1.0\n# HELP d None.\n# TYPE d gauge\n";
        assert_eq!(older(text), expected);
    }

    #[test]
    fn only_who_asks_for_it_gets_the_format_of_open_metrics() {
        for (accept, expected) in [
            (None, Exposition::Prometheus),
            (Some("*/*"), Exposition::Prometheus),
            (Some("text/plain;version=0.0.4"), Exposition::Prometheus),
            (
                Some("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3,*/*;q=0.1"),
                Exposition::OpenMetrics,
            ),
        ] {
            let headers = accept.map(|accept| (ACCEPT, accept.parse().unwrap()));
            assert_eq!(Exposition::of(&headers.into_iter().collect()), expected, "{accept:?}");
        }
    }
}
