//! Answers to the upgrade that are no proper ones.

use crate::answer::MOST_HEADERS;
use crate::extensions::BadChoice;
use crate::machine::{Class, Verdict};
use crate::refusal::Refusal;
use faucet_connect::Quote;

/// The fault of an answer to the upgrade (RFC 6455 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeFailed {
    /// The answer to a request without TLS begins as a TLS record does.
    #[error("not a WebSocket/HTTP answer: the server speaks TLS")]
    SpeaksTls,
    /// The answer is no HTTP. The text is its beginning.
    #[error("not a WebSocket/HTTP answer: \"{0}\"")]
    NotHttp(Quote),
    /// The header of this name breaks RFC 9112.
    #[error("the header {0} of the answer is malformed")]
    Malformed(Quote),
    /// The headers are longer than 64 KiB.
    #[error("the headers of the answer exceed 64 KiB")]
    TooLong,
    /// There are more headers than 128.
    #[error("the answer has more than {MOST_HEADERS} headers")]
    TooManyHeaders,
    /// The answer is HTTP/1.0.
    #[error("the answer is HTTP/1.0, not HTTP/1.1")]
    OldHttp,
    /// There is no `Upgrade: websocket`.
    #[error("the answer lacks the header Upgrade: websocket")]
    NoUpgrade,
    /// There is no `Connection: Upgrade`.
    #[error("the answer lacks the header Connection: Upgrade")]
    NoConnection,
    /// There is no `Sec-WebSocket-Accept`.
    #[error("the answer lacks Sec-WebSocket-Accept")]
    NoAccept,
    /// `Sec-WebSocket-Accept` is not that of the request's key.
    #[error("Sec-WebSocket-Accept does not match the key")]
    WrongAccept,
    /// A header of which there may be one is there more than once.
    #[error("the answer has {0} more than once")]
    Repeated(&'static str),
    /// The choice of extensions is refused.
    #[error(transparent)]
    Extensions(#[from] BadChoice),
    /// The server chose no subprotocol, or one that was not offered.
    #[error("subprotocol not supported: {}", chosen_words(.chosen.as_ref()))]
    Subprotocol {
        /// The server's choice.
        chosen: Option<Quote>,
        /// How many were offered.
        offered: usize,
    },
    /// The answer has another status than 101.
    #[error(transparent)]
    Refused(Box<Refusal>),
}

fn chosen_words(chosen: Option<&Quote>) -> String {
    match chosen {
        Some(chosen) => format!("the server chose \"{chosen}\""),
        None => "the server chose none of those offered".to_owned(),
    }
}

impl UpgradeFailed {
    /// The meaning of the answer for the next attempt.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Refused(refusal) => refusal.verdict(),
            _ => Class::Handshake.into(),
        }
    }
}
