//! The numbers of a run in the text format of OpenMetrics, which Prometheus reads.

use std::fmt;

use faucet_core::Distribution;
use faucet_pipeline::Progress;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::serve::look::{Look, Sample};
use crate::serve::table::{METRICS, Metric, Of};

/// The content type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of a run as text.
pub(crate) fn render(pipeline: &str, progress: &Progress) -> String {
    let mut registry = Registry::with_prefix("faucet");
    let run = Run { pipeline: pipeline.to_owned(), progress: progress.clone() };
    registry.register_collector(Box::new(run));
    let mut out = String::new();
    // A string takes everything.
    let _ = text::encode(&mut out, &registry);
    out
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
