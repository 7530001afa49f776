//! The parts of an error beside its message.

use faucet_core::{Error, ErrorKind};

use crate::words::advice::Advice;

/// The parts of an error beside its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) kind: ErrorKind,
    pub(super) phase: &'static str,
    /// `None` where there is no advice.
    pub(super) advice: Option<Advice>,
}

impl Explanation {
    pub(super) fn new(
        kind: ErrorKind,
        phase: &'static str,
        advice: impl Into<Option<Advice>>,
    ) -> Self {
        Self { kind, phase, advice: advice.into() }
    }

    /// The error about the endpoint `url`.
    pub(super) fn error(self, url: &str, message: String) -> Error {
        let error = Error::new(self.kind, message).with_phase(self.phase).with_endpoint(url);
        match self.advice {
            Some(advice) => error.with_hint(advice.to_string()),
            None => error,
        }
    }
}
