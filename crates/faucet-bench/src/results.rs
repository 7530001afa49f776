//! What was measured: a sample for each line and round, and medians of them.

use crate::line::{Line, Name};
use crate::sample::Sample;

/// A figure of a sample.
pub(crate) type Figure = fn(&Sample) -> Option<f64>;

/// CPU time of a message in nanoseconds.
pub(crate) fn cpu_nanos(sample: &Sample) -> Option<f64> {
    (sample.messages > 0).then(|| sample.cpu_seconds * 1e9 / sample.messages as f64)
}

/// CPU time of a byte of payload in nanoseconds.
pub(crate) fn cpu_nanos_per_byte(sample: &Sample) -> Option<f64> {
    (sample.bytes > 0).then(|| sample.cpu_seconds * 1e9 / sample.bytes as f64)
}

/// Messages a second of the clock. Whoever sends may be what holds them back.
pub(crate) fn messages_per_second(sample: &Sample) -> Option<f64> {
    (sample.seconds > 0.0).then(|| sample.messages as f64 / sample.seconds)
}

pub(crate) fn peak_mib(sample: &Sample) -> Option<f64> {
    Some(sample.peak_kib as f64 / 1024.0)
}

pub(crate) fn idle_kib(sample: &Sample) -> Option<f64> {
    sample.idle_kib_per_connection
}

pub(crate) fn latency_p50_micros(sample: &Sample) -> Option<f64> {
    sample.latency.map(|latency| latency.p50)
}

pub(crate) fn latency_max_millis(sample: &Sample) -> Option<f64> {
    sample.latency.map(|latency| latency.max / 1e3)
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Results {
    /// Each line with a sample for each round, `None` where it failed.
    measured: Vec<(Line, Vec<Option<Sample>>)>,
}

impl Results {
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        Self { measured: lines.into_iter().map(|line| (line, Vec::new())).collect() }
    }

    /// Adds a round, line by line.
    pub(crate) fn add_round(&mut self, mut measure: impl FnMut(&Line) -> Option<Sample>) {
        for (line, samples) in &mut self.measured {
            samples.push(measure(line));
        }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.measured.iter().map(|(line, _)| line)
    }

    /// The samples of a line that did not fail.
    pub(crate) fn samples(&self, name: &Name) -> impl Iterator<Item = &Sample> {
        self.rounds(name).iter().flatten()
    }

    /// The median of a figure over all rounds.
    pub(crate) fn median(&self, name: &Name, figure: Figure) -> Option<f64> {
        median(self.samples(name).filter_map(figure).collect())
    }

    /// How many times the figure of `base` a line has. Round by round, so that what slows a whole
    /// round down changes nothing; the median of these.
    pub(crate) fn ratio(&self, name: &Name, base: &Name, figure: Figure) -> Option<f64> {
        let pairs = self.rounds(name).iter().zip(self.rounds(base));
        let ratios = pairs.filter_map(|(one, base)| {
            let (one, base) = (figure(one.as_ref()?)?, figure(base.as_ref()?)?);
            (base > 0.0).then_some(one / base)
        });
        median(ratios.collect())
    }

    fn rounds(&self, name: &Name) -> &[Option<Sample>] {
        let found = self.measured.iter().find(|(line, _)| line.name == *name);
        found.map_or(&[], |(_, samples)| samples)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { values[middle - 1].midpoint(upper) })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::line::Transport;
    use crate::lines;
    use crate::payload::Payload;
    use crate::work::Subject;

    pub(crate) fn plain(subject: Subject) -> Name {
        Name::of(subject, Payload::Trade, Transport::Plain)
    }

    pub(crate) fn sample(nanos: f64) -> Sample {
        Sample {
            messages: 1_000,
            bytes: 135_000,
            seconds: 0.001,
            cpu_seconds: nanos * 1e-6,
            peak_kib: 4096,
            idle_kib_per_connection: None,
            latency: None,
        }
    }

    /// Results of the default lines, of which some have CPU times in nanoseconds.
    pub(crate) fn results(cpu: &[(Subject, &[f64])]) -> Results {
        let mut results = Results::new(lines::select(lines::all(), &[]));
        for round in 0..cpu.iter().map(|(_, rounds)| rounds.len()).max().unwrap_or(0) {
            results.add_round(|line| {
                let (_, rounds) = cpu.iter().find(|(subject, _)| plain(*subject) == line.name)?;
                Some(rounds[round]).filter(|nanos| nanos.is_finite()).map(sample)
            });
        }
        results
    }

    #[test]
    fn medians_and_ratios_go_over_rounds_that_did_not_fail() {
        let (tungstenite, pages) = (plain(Subject::Tungstenite), plain(Subject::PagesRaw));
        let results = results(&[
            (Subject::Tungstenite, &[100.0, 200.0, 100.0, 130.0]),
            (Subject::PagesRaw, &[25.0, 60.0, f64::NAN, 26.0]),
        ]);
        let close = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() < 1e-9;
        assert!(close(results.median(&tungstenite, cpu_nanos), 115.0));
        assert!(close(results.median(&pages, cpu_nanos), 26.0));
        assert!(close(results.ratio(&pages, &tungstenite, cpu_nanos), 0.25));
        assert!(close(results.median(&pages, messages_per_second), 1e6));
        assert_eq!(results.median(&plain(Subject::Naive), cpu_nanos), None);
        assert_eq!(results.ratio(&pages, &plain(Subject::Naive), cpu_nanos), None);
    }
}
