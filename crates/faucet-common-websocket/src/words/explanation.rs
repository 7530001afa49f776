//! The parts of an error beside its message.

use faucet_core::{Error, ErrorKind};

/// The parts of an error beside its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) kind: ErrorKind,
    pub(super) phase: &'static str,
    /// Empty where there is no advice.
    pub(super) hint: String,
}

impl Explanation {
    pub(super) fn new(kind: ErrorKind, phase: &'static str, hint: impl Into<String>) -> Self {
        Self { kind, phase, hint: hint.into() }
    }

    /// The error about the endpoint `url`.
    pub(super) fn error(self, url: &str, message: String) -> Error {
        let error = Error::new(self.kind, message).with_phase(self.phase).with_endpoint(url);
        if self.hint.is_empty() { error } else { error.with_hint(self.hint) }
    }
}
