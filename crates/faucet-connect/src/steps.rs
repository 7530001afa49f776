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

impl Default for StepLog {
    fn default() -> Self {
        Self::new()
    }
}

impl StepLog {
    /// No step yet.
    pub fn new() -> Self {
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
    pub fn phase(&self) -> &'static str {
        self.phase
    }

    /// How long the step that began last has taken.
    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// The steps that have succeeded, with their times and details.
    pub fn into_steps(self) -> Vec<(&'static str, Duration, String)> {
        self.steps
    }
}
