//! A connection that is lost for good, and the records that it left undelivered.

use faucet_core::{Error, ErrorKind};

use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::rejection::Rejections;

/// How a connection ended for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LostHow {
    /// The peer closed with 1000 or without a code, and connecting again is off.
    ClosedCleanly,
    /// The peer refused the sink by a Close with 1008, 3000, 3003, or 4000 to 4999.
    Refused,
    /// In any other way.
    Otherwise,
}

/// The records of a run whose connection is lost for good.
#[derive(Debug)]
pub(crate) struct ConnectionLost {
    pub(crate) how: LostHow,
    pub(crate) cause: Error,
    pub(crate) confirmed: u64,
    pub(crate) unconfirmed: u64,
    /// Records that were never sent.
    pub(crate) unsent: u64,
    /// The key `reconnect`.
    pub(crate) reconnect: bool,
    /// Whether the caller has received the failure.
    pub(crate) reported: bool,
}

impl ConnectionLost {
    /// Whether every record is delivered as promised. With `at_most_once` a record that was flushed to
    /// a peer which then closed cleanly is.
    pub(crate) fn is_delivered(&self, delivery: DeliveryMode) -> bool {
        let promised = match (delivery, self.how) {
            (DeliveryMode::AtMostOnce, LostHow::ClosedCleanly) => 0,
            _ => self.unconfirmed,
        };
        promised + self.unsent == 0
    }

    /// Whether the end of the run may be a good one, though the connection is lost. A refusal fails the
    /// run, also where every record is delivered.
    pub(crate) fn is_well(&self, delivery: DeliveryMode) -> bool {
        self.how != LostHow::Refused && self.is_delivered(delivery)
    }

    /// The failure for a caller whose `left` records were not accepted; `url` is the peer's.
    pub(crate) fn failure(&self, left: u64, rejections: &Rejections, url: &str) -> Error {
        let Self { how, cause, confirmed, unconfirmed, unsent, reconnect, .. } = self;
        let unsent = unsent + left;
        let refused = *how == LostHow::Refused;
        if refused && *unconfirmed + unsent == 0 && rejections.words().is_none() {
            return cause.clone();
        }
        let mut counts = format!(
            "{confirmed} records confirmed, {unconfirmed} sent without confirmation, {unsent} not sent"
        );
        if let Some(words) = rejections.words() {
            counts.push_str(&format!(", {} refused: {words}", rejections.records()));
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
        // The exit code says why the peer refused the sink.
        let kind = if refused { cause.kind() } else { ErrorKind::Sink };
        Error::new(kind, what)
            .with_phase("write")
            .with_endpoint(url)
            .with_hint(cause.hint().unwrap_or(hint))
            .with_source(cause.clone())
    }
}
