//! How long the steps of a run took.

use std::fmt::Write as _;
use std::time::Duration;

/// How many of the slowest steps are shown.
const SHOWN: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct Times(Vec<(String, Duration)>);

impl Times {
    pub(crate) fn add(&mut self, step: &str, took: Duration) {
        self.0.push((step.to_owned(), took));
    }

    /// A table of the slowest steps, and what all took together.
    pub(crate) fn slowest(&self) -> String {
        let mut slowest: Vec<&(String, Duration)> = self.0.iter().collect();
        slowest.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        let all: Duration = self.0.iter().map(|(_, took)| *took).sum();
        let mut table =
            format!("{} steps, {:.1} s; the slowest:\n", self.0.len(), all.as_secs_f64());
        for (step, took) in slowest.into_iter().take(SHOWN) {
            let _ = writeln!(table, "{:>8.1} s  {step}", took.as_secs_f64());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_come_first() {
        let mut times = Times::default();
        for (step, seconds) in [("a", 1), ("b", 70), ("c", 2)] {
            times.add(step, Duration::from_secs(seconds));
        }
        let expected =
            "3 steps, 73.0 s; the slowest:\n    70.0 s  b\n     2.0 s  c\n     1.0 s  a\n";
        assert_eq!(times.slowest(), expected);
        (0..20).for_each(|n| times.add("d", Duration::from_secs(n)));
        assert_eq!(times.slowest().lines().count(), 1 + SHOWN);
    }
}
