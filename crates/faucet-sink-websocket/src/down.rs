//! A connection that is gone for good, and what that left undone.

use faucet_core::{Error, ErrorKind};

use crate::delivery_mode::DeliveryMode;
use crate::refusal::Refusals;

/// How a connection ended for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// The peer closed with 1000 or without a code, and connecting again is off.
    Goodbye,
    /// In any other way.
    Lost,
}

/// What became of the records of a run whose connection is gone for good.
#[derive(Debug)]
pub(crate) struct Down {
    pub(crate) gone: Gone,
    pub(crate) cause: Error,
    pub(crate) confirmed: u64,
    pub(crate) unconfirmed: u64,
    /// Records that were never sent.
    pub(crate) unsent: u64,
    /// The key `reconnect`.
    pub(crate) reconnect: bool,
    /// Whether the caller has received the failure.
    pub(crate) told: bool,
}

impl Down {
    /// Whether nothing is left undone. What `at_most_once` flushed to a peer that then said goodbye is
    /// counted, and no more.
    pub(crate) fn is_well(&self, delivery: DeliveryMode) -> bool {
        let promised = match (delivery, self.gone) {
            (DeliveryMode::AtMostOnce, Gone::Goodbye) => 0,
            _ => self.unconfirmed,
        };
        promised + self.unsent == 0
    }

    /// What a caller is told whose `left` records were not even accepted; `url` is the peer's.
    pub(crate) fn failure(&self, left: u64, refusals: &Refusals, url: &str) -> Error {
        let Self { cause, confirmed, unconfirmed, unsent, reconnect, .. } = self;
        let unsent = unsent + left;
        let mut counts = format!(
            "{confirmed} records confirmed, {unconfirmed} sent without confirmation, {unsent} not sent"
        );
        if let Some(words) = refusals.words() {
            counts.push_str(&format!(", {} refused: {words}", refusals.records()));
        }
        let (what, hint) = match reconnect {
            true => (
                format!("{cause}; {counts}"),
                "start again with what was not confirmed; max_reconnect_attempts says how often a \
                 lost connection is opened anew",
            ),
            false => (
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
