//! The ways in which a connection ends.

use std::io;
use std::time::Duration;

use crate::machine::close::{code, is_sendable};
use crate::machine::control::PeerClose;
use crate::machine::violation::Violation;

/// The reason for which we drop a connection that still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GaveUp {
    /// The peer did not answer a keepalive Ping.
    #[error("no pong in pong_timeout: the peer is dead")]
    NoPong,
    /// The feed sent no data.
    #[error("no data for {0:?} (stale_timeout)")]
    Stale(Duration),
    /// The socket took no byte.
    #[error("the socket took nothing for {0:?} (write_timeout)")]
    Stuck(Duration),
    /// The peer did not confirm what was sent.
    #[error("no Pong for {0:?} (ack_timeout)")]
    NotAcked(Duration),
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The peer sent a Close frame.
    Closed(PeerClose),
    /// The stream ended without one.
    Dropped(Option<io::Error>),
    /// The peer broke the protocol or a limit.
    Violation(Violation),
    /// We dropped the connection.
    GaveUp(GaveUp),
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
    /// The Close frame that answers this end; `None` where none may be sent any more.
    pub(crate) fn answer(&self) -> Option<Option<u16>> {
        match self {
            // The peer's code is echoed, also one that we do not know (RFC 6455 §5.5.1).
            Self::Closed(PeerClose { code, .. }) => {
                let sendable = code.is_none_or(is_sendable);
                Some(if sendable { *code } else { Some(code::PROTOCOL) })
            }
            Self::Dropped(_) => None,
            Self::GaveUp(_) => Some(Some(code::GIVEN_UP)),
            Self::Violation(violation) => Some(Some(violation.close_code())),
        }
    }

    /// Why the message that caused the end is lost, if one did.
    pub(crate) fn discards(&self) -> Option<Discarded> {
        match self {
            Self::Violation(Violation::NotUtf8) => Some(Discarded::NotUtf8),
            Self::Violation(Violation::Corrupt) => Some(Discarded::Corrupt),
            Self::Violation(
                Violation::TooLarge { .. }
                | Violation::InflatesTooLarge { .. }
                | Violation::TooManyFragments { .. },
            ) => Some(Discarded::TooLarge),
            _ => None,
        }
    }

    /// Whether everything that came in was looked at: the rest is no part of a message.
    pub(crate) fn is_at_a_frame(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Violation(_))
    }
}
