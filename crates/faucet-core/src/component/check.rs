//! What a connectivity check found, step by step.

use std::borrow::Cow;
use std::time::Duration;

use crate::component::error::{Error, Result};

/// How one step of a check ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepOutcome {
    /// It worked; the text is a detail worth showing (an address, a protocol version).
    Passed(String),
    /// It failed; later steps were not tried.
    Failed(Error),
    /// It was not done, and why that is no failure.
    Skipped(String),
}

/// One step of a check.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckStep {
    /// `dns`, `tcp`, `tls`, `upgrade`, `subscribe`, `first frame`, `ping`, `file`, …
    pub name: Cow<'static, str>,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub outcome: StepOutcome,
}

/// The result of [`Source::check`](crate::Source::check) or [`Sink::check`](crate::Sink::check).
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// The checked target, redacted.
    pub target: String,
    /// The steps in the order in which they were done.
    pub steps: Vec<CheckStep>,
}

impl CheckReport {
    /// A report about `target` (redacted) without steps.
    pub fn new(target: impl Into<String>) -> Self {
        Self { target: target.into(), steps: Vec::new() }
    }

    /// Adds a step.
    pub fn push(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        took: Duration,
        outcome: StepOutcome,
    ) {
        self.steps.push(CheckStep { name: name.into(), took, outcome });
    }

    /// Whether no step failed.
    pub fn passed(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step.outcome, StepOutcome::Failed(_)))
    }

    /// The first failure, or `Ok`.
    pub fn into_result(self) -> Result<()> {
        for step in self.steps {
            if let StepOutcome::Failed(error) = step.outcome {
                return Err(error);
            }
        }
        Ok(())
    }
}
