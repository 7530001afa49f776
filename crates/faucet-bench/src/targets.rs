//! What faucet-stream is to reach. Speed is no test: a target that is missed is said, and no more.

use crate::line::{Name, Transport};
use crate::payload::Payload;
use crate::results::{
    Figure, Results, cpu_nanos, cpu_nanos_per_byte, idle_kib, latency_max_millis,
    latency_p50_micros, peak_mib,
};
use crate::work::Subject;

/// A target. It is reached when one of its criteria is met.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) label: &'static str,
    pub(crate) criteria: Vec<Criterion>,
}

/// A figure and its limit.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    line: Name,
    /// The figure is a multiple of the figure of this line.
    base: Option<Name>,
    figure: Figure,
    limit: Limit,
    /// What stands behind a number.
    pub(crate) unit: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    AtMost(f64),
    /// The base has at least so many times the figure of the line.
    TimesBetter(f64),
}

/// What became of a criterion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) measured: f64,
    pub(crate) met: bool,
}

impl Criterion {
    /// `None` when its lines did not run.
    pub(crate) fn outcome(&self, results: &Results) -> Option<Outcome> {
        let measured = match &self.base {
            None => results.median(&self.line, self.figure),
            Some(base) => results.ratio(&self.line, base, self.figure),
        }?;
        Some(match self.limit {
            Limit::AtMost(most) => Outcome { measured, met: measured <= most },
            Limit::TimesBetter(least) => {
                Outcome { measured: 1.0 / measured, met: 1.0 / measured >= least }
            }
        })
    }

    /// The limit in words.
    pub(crate) fn limit(&self) -> String {
        match self.limit {
            Limit::AtMost(most) => format!("≤ {most} {}", self.unit),
            Limit::TimesBetter(least) => format!("≥ {least} {}", self.unit),
        }
    }

    fn ratio(line: Name, base: Name, most: f64, unit: &'static str) -> Self {
        Self { line, base: Some(base), figure: cpu_nanos, limit: Limit::AtMost(most), unit }
    }

    fn figure(line: Name, figure: Figure, most: f64, unit: &'static str) -> Self {
        Self { line, base: None, figure, limit: Limit::AtMost(most), unit }
    }
}

/// How much a message of 64 kB may cost more than its share of bytes. It is noise.
const IN_PROPORTION: f64 = 1.1;

/// All targets.
pub(crate) fn all() -> Vec<Target> {
    [small_messages(), sinks(), large_messages(), many_connections(), latencies()].concat()
}

fn plain(subject: Subject, payload: Payload) -> Name {
    Name::of(subject, payload, Transport::Plain)
}

/// CPU, as a multiple of tokio-tungstenite that discards.
fn of_tungstenite(label: &'static str, subject: Subject, payload: Payload, most: f64) -> Target {
    let (line, base) = (plain(subject, payload), plain(Subject::Tungstenite, payload));
    Target { label, criteria: vec![Criterion::ratio(line, base, most, "× tungstenite")] }
}

fn small_messages() -> Vec<Target> {
    const TRADE: Payload = Payload::Trade;
    let scan = plain(Subject::Scan, TRADE);
    let naive = Criterion {
        line: plain(Subject::PagesJson, TRADE),
        base: Some(plain(Subject::Naive, TRADE)),
        figure: cpu_nanos,
        limit: Limit::TimesBetter(8.0),
        unit: "× as fast as the naive loop",
    };
    let most = plain(Subject::RelayAtMostOnce, TRADE);
    let least = plain(Subject::RelayAtLeastOnce, TRADE);
    vec![
        of_tungstenite("pages, raw, 135 B", Subject::PagesRaw, TRADE, 0.35),
        Target {
            label: "pages, raw, 135 B",
            criteria: vec![Criterion::ratio(
                plain(Subject::PagesRaw, TRADE),
                scan,
                1.4,
                "× the hand scan",
            )],
        },
        of_tungstenite("pages, json, 135 B", Subject::PagesJson, TRADE, 1.0),
        Target { label: "pages, json, 135 B", criteria: vec![naive] },
        of_tungstenite("JSON Lines, json, 135 B", Subject::LinesJson, TRADE, 1.7),
        of_tungstenite("JSON Lines, raw, 135 B", Subject::LinesRaw, TRADE, 2.2),
        of_tungstenite(
            "WebSocket to WebSocket, at_most_once",
            Subject::RelayAtMostOnce,
            TRADE,
            0.9,
        ),
        Target {
            label: "WebSocket to WebSocket, at_least_once",
            criteria: vec![Criterion::ratio(least, most, 1.1, "× at_most_once")],
        },
    ]
}

fn sinks() -> Vec<Target> {
    let target = |label, subject| {
        let (line, base) =
            (plain(subject, Payload::Trade), plain(Subject::SinkTungstenite, Payload::Trade));
        Target { label, criteria: vec![Criterion::ratio(line, base, 0.6, "× feed and flush")] }
    };
    vec![
        target("sink alone, at_most_once", Subject::SinkAtMostOnce),
        target("sink alone, at_least_once", Subject::SinkAtLeastOnce),
    ]
}

fn large_messages() -> Vec<Target> {
    let proportion = |label, subject| Target {
        label,
        criteria: vec![Criterion {
            figure: cpu_nanos_per_byte,
            ..Criterion::ratio(
                plain(subject, Payload::DeepBook),
                plain(subject, Payload::Book),
                IN_PROPORTION,
                "× 4.3 kB, a byte",
            )
        }],
    };
    vec![
        of_tungstenite("pages, raw, 4.3 kB", Subject::PagesRaw, Payload::Book, 1.0),
        of_tungstenite("pages, json, 4.3 kB", Subject::PagesJson, Payload::Book, 3.9),
        of_tungstenite("JSON Lines, json, 4.3 kB", Subject::LinesJson, Payload::Book, 6.6),
        proportion("pages, raw, 64 kB", Subject::PagesRaw),
        proportion("pages, json, 64 kB", Subject::PagesJson),
        proportion("JSON Lines, json, 64 kB", Subject::LinesJson),
    ]
}

fn many_connections() -> Vec<Target> {
    let name = |subject| Name::many(subject, 1_000);
    let ours = || name(Subject::ManyPages);
    vec![
        Target {
            label: "1,000 connections: CPU a message",
            criteria: vec![
                Criterion::figure(ours(), |s| cpu_nanos(s).map(|n| n / 1e3), 8.5, "µs"),
                Criterion::ratio(ours(), name(Subject::ManyScan), 1.5, "× the readiness scan"),
            ],
        },
        Target {
            label: "1,000 connections: memory of an idle one",
            criteria: vec![Criterion::figure(ours(), idle_kib, 2.5, "KiB")],
        },
        Target {
            label: "1,000 connections: peak memory",
            criteria: vec![Criterion::figure(ours(), peak_mib, 10.0, "MiB")],
        },
    ]
}

fn latencies() -> Vec<Target> {
    let (pages, bare) = (Name::only(Subject::EchoPages), Name::only(Subject::EchoTungstenite));
    let echo = Criterion {
        figure: latency_p50_micros,
        ..Criterion::ratio(pages, bare, 1.5, "× a bare loop, p50")
    };
    let slow = Name::only(Subject::SlowFeed);
    vec![
        Target { label: "one message at a time, batch_size: 1", criteria: vec![echo] },
        Target {
            label: "slow feed to a sink, all defaults",
            criteria: vec![Criterion::figure(slow, latency_max_millis, 60.0, "ms at most")],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines;
    use crate::results::tests::results;

    #[test]
    fn every_target_looks_at_lines_that_run_by_default() {
        let lines = lines::select(lines::all(), &[]);
        for target in all() {
            for criterion in &target.criteria {
                for name in std::iter::once(&criterion.line).chain(&criterion.base) {
                    assert!(lines.iter().any(|line| line.name == *name), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_target_is_met_up_to_its_limit() {
        for (ours, naive, met) in [
            (34.9, 1_000.0, [true, true]),
            (36.0, 289.0, [false, true]),
            (36.0, 287.0, [false, false]),
        ] {
            let results = results(&[
                (Subject::Tungstenite, &[100.0]),
                (Subject::Naive, &[naive]),
                (Subject::PagesRaw, &[ours]),
                (Subject::PagesJson, &[ours]),
            ]);
            let targets = small_messages();
            let outcomes = [0, 3].map(|n| targets[n].criteria[0].outcome(&results).unwrap().met);
            assert_eq!(outcomes, met, "{ours} {naive}");
            assert_eq!(targets[4].criteria[0].outcome(&results), None);
        }
    }

    #[test]
    fn a_limit_says_its_unit() {
        assert_eq!(small_messages()[3].criteria[0].limit(), "≥ 8 × as fast as the naive loop");
        assert_eq!(sinks()[0].criteria[0].limit(), "≤ 0.6 × feed and flush");
    }
}
