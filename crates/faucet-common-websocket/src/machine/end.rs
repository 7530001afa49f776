//! The ways in which a connection ends.

use std::io;
use std::time::Duration;

use faucet_connect::{Secrets, io_words};
use faucet_session::keys::CloseAction;
use faucet_session::script::SessionEnd;

use crate::machine::class::{Class, Verdict};
use crate::machine::close::{self, code, is_sendable};
use crate::machine::control::PeerClose;
use crate::machine::session_verdict::{ruled, session_code, session_verdict};
use crate::machine::violation::Violation;
use faucet_connect::Quote;

/// The reason for which we drop a connection that still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GaveUp {
    /// The peer did not answer a keepalive Ping.
    #[error("no Pong for {0:?} (pong_timeout)")]
    NoPong(Duration),
    /// The feed sent no data.
    #[error("no data for {0:?} (stale_timeout)")]
    Stale(Duration),
    /// The socket took no byte.
    #[error("the socket took nothing for {0:?} (write_timeout)")]
    Stuck(Duration),
    /// Messages are missing, and the configuration leaves the connection for that.
    #[error("messages are missing (sequence.on_gap: reconnect)")]
    Hole,
    /// The peer did not confirm what was sent.
    #[error("no Pong for {0:?} (ack_timeout)")]
    NotAcked(Duration),
}

/// How a connection that stood has ended. `Display` shows no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// The peer sent a Close frame.
    #[error("{}", closed_words(*.code, .reason))]
    Closed {
        /// The status code; `None` where the frame is empty.
        code: Option<u16>,
        /// The reason; empty where the peer gives none.
        reason: Quote,
    },
    /// The stream ended without a Close frame; `None` where reading found its end.
    #[error("{}", dropped_words(.0.as_ref()))]
    Dropped(#[source] Option<io::Error>),
    /// The peer broke the protocol or a limit.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// We dropped the connection.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
    /// The conversation has ended the connection.
    #[error(transparent)]
    Session(#[from] SessionEnd),
    /// A rule of `close_rules` decides about a Close of the server.
    #[error("{}", closed_words(*.code, .reason))]
    Ruled {
        /// The status code; `None` where the frame is empty.
        code: Option<u16>,
        /// The reason; empty where the peer gives none.
        reason: Quote,
        /// The action of the rule.
        action: CloseAction,
        /// The wait before the next connect.
        delay: Option<Duration>,
    },
}

fn closed_words(code: Option<u16>, reason: &Quote) -> String {
    match code {
        None => "closed by the server without a code".to_owned(),
        Some(code) if reason.is_empty() => {
            format!("closed by the server: {code} {}", close::name(code))
        }
        Some(code) => format!("closed by the server: {code} {}, \"{reason}\"", close::name(code)),
    }
}

fn dropped_words(error: Option<&io::Error>) -> String {
    match error {
        Some(error) => format!("connection lost without a Close frame: {}", io_words(error)),
        None => "connection lost without a Close frame (1006)".to_owned(),
    }
}

/// A reason for which received bytes never become a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discarded {
    /// A message that had begun when the connection ended.
    PartialFrame,
    /// A text message that is not UTF-8.
    NotUtf8,
    /// A compressed message that cannot be inflated.
    Corrupt,
    /// A message over a limit.
    TooLarge,
}

impl Discarded {
    /// The name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PartialFrame => "partial_frame",
            Self::NotUtf8 => "not_utf8",
            Self::Corrupt => "corrupt",
            Self::TooLarge => "too_large",
        }
    }
}

impl End {
    /// The peer sent a Close frame, whose reason may repeat `secrets`.
    pub(crate) fn closed(close: &PeerClose, secrets: &Secrets) -> Self {
        Self::Closed { code: close.code, reason: Quote::new(&close.reason, secrets) }
    }

    /// The meaning of the end for the next attempt.
    pub(crate) fn verdict(&self) -> Verdict {
        let class = match self {
            Self::Closed { code, .. } => return close::verdict(*code),
            Self::Session(end) => return session_verdict(end),
            Self::Ruled { action, delay, .. } => return ruled(*action, *delay),
            Self::Dropped(_) => Class::Transient,
            Self::GaveUp(GaveUp::Hole) => Class::Planned,
            Self::GaveUp(_) => Class::Silent,
            // The feed would break the limit again.
            Self::Violation(violation) if violation.is_of_a_limit() => Class::Fatal,
            Self::Violation(_) => Class::Violation,
        };
        class.into()
    }

    /// The Close frame that answers this end; `None` where none may be sent any more.
    pub(crate) fn answer(&self) -> Option<Option<u16>> {
        match self {
            // The peer's code is echoed, also one that we do not know (RFC 6455 §5.5.1).
            Self::Closed { code, .. } | Self::Ruled { code, .. } => {
                let sendable = code.is_none_or(is_sendable);
                Some(if sendable { *code } else { Some(code::PROTOCOL) })
            }
            Self::Dropped(_) => None,
            Self::GaveUp(_) => Some(Some(code::GIVEN_UP)),
            Self::Violation(violation) => Some(Some(violation.close_code())),
            Self::Session(end) => Some(Some(session_code(end))),
        }
    }

    /// Why the message that caused the end is lost, if one did.
    pub(crate) fn discards(&self) -> Option<Discarded> {
        match self {
            Self::Violation(Violation::NotUtf8) => Some(Discarded::NotUtf8),
            Self::Violation(Violation::Corrupt) => Some(Discarded::Corrupt),
            Self::Violation(violation) if violation.is_of_a_limit() => Some(Discarded::TooLarge),
            _ => None,
        }
    }

    /// Whether everything that came in was looked at: the rest is no part of a message.
    pub(crate) fn is_at_a_frame(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Ruled { .. } | Self::Violation(_))
    }
}
