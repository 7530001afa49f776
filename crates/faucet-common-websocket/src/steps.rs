//! The steps of a connect.

use std::time::Duration;

use tokio::time::Instant;

/// The steps of a connect, with their times: for `check`, and to say where the time ran out.
#[derive(Debug)]
pub struct StepLog {
    steps: Vec<(&'static str, Duration, String)>,
    phase: &'static str,
    since: Instant,
}

impl StepLog {
    pub(crate) fn new() -> Self {
        Self { steps: Vec::new(), phase: "dns", since: Instant::now() }
    }

    /// A step begins.
    pub fn begin(&mut self, phase: &'static str) {
        (self.phase, self.since) = (phase, Instant::now());
    }

    /// The step that began last has succeeded; `detail` is worth showing.
    pub fn done(&mut self, detail: impl Into<String>) {
        self.steps.push((self.phase, self.since.elapsed(), detail.into()));
    }

    /// The step that began last.
    pub(crate) fn phase(&self) -> &'static str {
        self.phase
    }

    /// How long the step that began last has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    pub(crate) fn into_steps(self) -> Vec<(&'static str, Duration, String)> {
        self.steps
    }
}
