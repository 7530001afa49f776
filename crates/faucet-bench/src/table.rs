//! What a person reads at the end.

use std::fmt::{self, Display, Formatter};

use crate::results::{
    Results, cpu_nanos, idle_kib, latency_max_millis, latency_p50_micros, messages_per_second,
    peak_mib,
};
use crate::targets::{self, Target};

/// All lines with medians, then all targets.
pub(crate) struct Table<'a>(pub(crate) &'a Results);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        lines(self.0, f)?;
        writeln!(f)?;
        for target in targets::all() {
            reached(self.0, &target, f)?;
        }
        Ok(())
    }
}

fn lines(results: &Results, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "{:<38} {:>10} {:>7} {:>11} {:>8}  compared with",
        "line", "CPU ns/msg", "CPU ×", "msg/s", "peak MiB"
    )?;
    for line in results.lines() {
        let name = &line.name;
        let Some(nanos) = results.median(name, cpu_nanos) else {
            writeln!(f, "{name:<38} failed")?;
            continue;
        };
        let base = line.base.as_ref();
        let ratio = base.and_then(|base| results.ratio(name, base, cpu_nanos));
        let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let rate = results.median(name, messages_per_second).unwrap_or_default();
        let peak = results.median(name, peak_mib).unwrap_or_default();
        write!(f, "{name:<38} {nanos:>10.1} {ratio:>7} {rate:>11.0} {peak:>8.1}  ")?;
        if let Some(base) = base.filter(|base| *base != name) {
            write!(f, "{base}")?;
        }
        if let Some(kib) = results.median(name, idle_kib) {
            write!(f, "; {kib:.2} KiB an idle connection")?;
        }
        if let Some(p50) = results.median(name, latency_p50_micros) {
            let max = results.median(name, latency_max_millis).unwrap_or_default();
            write!(f, "; latency p50 {p50:.1} µs, max {max:.2} ms")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

/// A target whose lines did not run is left out.
fn reached(results: &Results, target: &Target, f: &mut Formatter<'_>) -> fmt::Result {
    let outcomes: Vec<_> = target
        .criteria
        .iter()
        .filter_map(|criterion| Some((criterion, criterion.outcome(results)?)))
        .collect();
    if outcomes.is_empty() {
        return Ok(());
    }
    let met = outcomes.iter().any(|(_, outcome)| outcome.met);
    let verdict = if met { "PASS" } else { "MISS" };
    let measured: Vec<String> = outcomes
        .iter()
        .map(|(criterion, outcome)| format!("{:.2} ({})", outcome.measured, criterion.limit()))
        .collect();
    writeln!(f, "{verdict}  {:<42} {}", target.label, measured.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::results;
    use crate::work::Subject;

    #[test]
    fn lines_and_targets_are_shown() {
        let results = results(&[
            (Subject::Tungstenite, &[100.0]),
            (Subject::PagesRaw, &[30.0]),
            (Subject::Scan, &[20.0]),
        ]);
        let text = Table(&results).to_string();
        let shown: Vec<&str> = text.lines().filter(|line| !line.ends_with("failed")).collect();
        assert_eq!(
            shown[1],
            format!(
                "{:<38} {:>10} {:>7} {:>11} {:>8}  tungstenite/135B/plain",
                "scan/135B/plain", "20.0", "0.20", "1000000", "4.0"
            )
        );
        assert_eq!(
            &shown[5..],
            [
                "PASS  pages, raw, 135 B                          0.30 (≤ 0.35 × tungstenite)",
                "MISS  pages, raw, 135 B                          1.50 (≤ 1.4 × the hand scan)",
            ]
        );
    }
}
