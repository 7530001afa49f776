//! A connection that is gone for good, and what that left undone.

use faucet_core::{Error, ErrorKind};

use crate::config::DeliveryMode;
use crate::refusal::Refusals;

/// What became of the records of a run whose connection is gone for good.
#[derive(Debug)]
pub(crate) struct Down {
    pub(crate) cause: Error,
    pub(crate) confirmed: u64,
    pub(crate) unconfirmed: u64,
    /// Records that were never sent.
    pub(crate) unsent: u64,
    /// Whether connecting again is off.
    pub(crate) final_at_once: bool,
    /// Whether the peer said goodbye with Close 1000 or without a code.
    pub(crate) is_clean: bool,
}

impl Down {
    /// Whether nothing is left undone. What `at_most_once` flushed to a peer that then said goodbye is
    /// counted, and no more.
    pub(crate) fn is_well(&self, delivery: DeliveryMode) -> bool {
        let kept = self.unconfirmed == 0 || (self.is_clean && delivery == DeliveryMode::AtMostOnce);
        kept && self.unsent == 0
    }

    /// What a caller is told whose `left` records were not even accepted; `url` is the peer's.
    pub(crate) fn failure(&self, left: u64, refusals: &Refusals, url: &str) -> Error {
        let Self { cause, confirmed, unconfirmed, unsent, final_at_once, .. } = self;
        let unsent = unsent + left;
        let mut counts = format!(
            "{confirmed} records confirmed, {unconfirmed} sent without confirmation, {unsent} not sent"
        );
        if let Some(words) = refusals.words() {
            counts.push_str(&format!(", {} refused: {words}", refusals.records()));
        }
        let (what, hint) = match final_at_once {
            false => (
                format!("{cause}; {counts}"),
                "start again with what was not confirmed; max_reconnect_attempts says how often a \
                 lost connection is opened anew",
            ),
            true => (
                format!("not connected and reconnect is disabled; {counts}; {cause}"),
                "set reconnect: true, or start again with what was not confirmed",
            ),
        };
        Error::new(ErrorKind::Sink, what)
            .with_phase("write")
            .with_endpoint(url)
            .with_hint(cause.hint().unwrap_or(hint))
    }
}
