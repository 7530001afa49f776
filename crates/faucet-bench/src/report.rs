//! What a program reads: all samples, medians, and targets, as JSON.

use serde::Serialize;

use crate::line::Name;
use crate::results::{
    Results, cpu_nanos, idle_kib, latency_p50_micros, messages_per_second, peak_mib,
};
use crate::sample::Sample;
use crate::targets;

/// The file.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    machine: Machine,
    lines: Vec<LineReport<'a>>,
    targets: Vec<TargetReport>,
}

#[derive(Debug, Serialize)]
struct Machine {
    os: &'static str,
    arch: &'static str,
    cores: usize,
}

#[derive(Debug, Serialize)]
struct LineReport<'a> {
    name: &'a Name,
    compared_with: Option<&'a Name>,
    median: Medians,
    /// Round by round, without those that failed.
    samples: Vec<&'a Sample>,
}

#[derive(Debug, Serialize)]
struct Medians {
    cpu_ns_per_message: Option<f64>,
    /// CPU as a multiple of the line that it is compared with.
    cpu_ratio: Option<f64>,
    messages_per_second: Option<f64>,
    peak_mib: Option<f64>,
    idle_kib_per_connection: Option<f64>,
    latency_p50_us: Option<f64>,
}

#[derive(Debug, Serialize)]
struct TargetReport {
    target: &'static str,
    reached: bool,
    criteria: Vec<CriterionReport>,
}

#[derive(Debug, Serialize)]
struct CriterionReport {
    limit: String,
    measured: f64,
    met: bool,
}

/// The number of cores that the bench may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl<'a> Report<'a> {
    pub(crate) fn new(results: &'a Results) -> Self {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        Self {
            machine: Machine { os, arch, cores: cores() },
            lines: lines(results),
            targets: targets(results),
        }
    }
}

fn lines(results: &Results) -> Vec<LineReport<'_>> {
    let report = |line: &'_ crate::line::Line| {
        let base = line.base.as_ref();
        Medians {
            cpu_ns_per_message: results.median(&line.name, cpu_nanos),
            cpu_ratio: base.and_then(|base| results.ratio(&line.name, base, cpu_nanos)),
            messages_per_second: results.median(&line.name, messages_per_second),
            peak_mib: results.median(&line.name, peak_mib),
            idle_kib_per_connection: results.median(&line.name, idle_kib),
            latency_p50_us: results.median(&line.name, latency_p50_micros),
        }
    };
    results
        .lines()
        .map(|line| LineReport {
            name: &line.name,
            compared_with: line.base.as_ref(),
            median: report(line),
            samples: results.samples(&line.name).collect(),
        })
        .collect()
}

/// Targets whose lines did not run are left out.
fn targets(results: &Results) -> Vec<TargetReport> {
    let mut reports = Vec::new();
    for target in targets::all() {
        let criteria: Vec<CriterionReport> = target
            .criteria
            .iter()
            .filter_map(|criterion| {
                let outcome = criterion.outcome(results)?;
                let (measured, met) = (outcome.measured, outcome.met);
                Some(CriterionReport { limit: criterion.limit(), measured, met })
            })
            .collect();
        if !criteria.is_empty() {
            let reached = criteria.iter().any(|criterion| criterion.met);
            reports.push(TargetReport { target: target.label, reached, criteria });
        }
    }
    reports
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::results::tests::results;
    use crate::work::Subject;

    #[test]
    fn a_program_finds_medians_samples_and_targets() {
        let results = results(&[
            (Subject::Tungstenite, &[100.0, 100.0]),
            (Subject::PagesRaw, &[30.0, f64::NAN]),
        ]);
        let report = serde_json::to_value(Report::new(&results)).unwrap();
        let lines = report["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line["name"] == "pages-raw/135B/plain").unwrap();
        assert_eq!(line["compared_with"], "tungstenite/135B/plain");
        assert_eq!(line["samples"].as_array().unwrap().len(), 1);
        assert!((line["median"]["cpu_ratio"].as_f64().unwrap() - 0.3).abs() < 1e-9);
        let targets = report["targets"].as_array().unwrap();
        assert_eq!(targets.len(), 1);
        assert_eq!(targets[0]["reached"], json!(true));
        assert_eq!(targets[0]["criteria"][0]["limit"], "≤ 0.35 × tungstenite");
    }
}
