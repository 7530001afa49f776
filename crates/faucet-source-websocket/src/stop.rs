//! When a run has all records that it wants. Pure.

use std::num::NonZeroU64;

/// Stops after a number of records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StopRule {
    max_messages: Option<NonZeroU64>,
}

impl StopRule {
    pub(crate) fn new(max_messages: Option<NonZeroU64>) -> Self {
        Self { max_messages }
    }

    /// How many records a run that has `records` still wants.
    pub(crate) fn wanted(&self, records: u64) -> u64 {
        self.max_messages.map_or(u64::MAX, |max| max.get().saturating_sub(records))
    }

    /// Whether a run that has `records` is complete.
    pub(crate) fn is_complete(&self, records: u64) -> bool {
        self.wanted(records) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_exactly() {
        let rule = StopRule::new(NonZeroU64::new(3));
        assert_eq!([0, 2, 3, 4].map(|n| rule.wanted(n)), [3, 1, 0, 0]);
        assert_eq!([2, 3, 4].map(|n| rule.is_complete(n)), [false, true, true]);
        assert!(!StopRule::new(None).is_complete(u64::MAX - 1));
    }
}
