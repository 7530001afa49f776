//! Records that a component could not handle.

use crate::stream::record::Record;

/// A record that could not be handled, and why. The runner sends it to the `dead_letter` sink of the
/// component that rejected it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The record as it came in.
    pub record: Record,
    /// Why, in a line.
    pub reason: String,
}

impl Rejected {
    /// `reason` says in a line what is wrong with `record`.
    pub fn new(record: Record, reason: impl Into<String>) -> Self {
        Self { record, reason: reason.into() }
    }
}
