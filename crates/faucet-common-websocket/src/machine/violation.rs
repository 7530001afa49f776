//! The ways in which a peer breaks the protocol or a limit.

use crate::machine::close::code;

/// A frame that may not be received. The connection ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit is set and no extension that uses it was agreed (RFC 6455 §5.2).
    #[error("a frame has reserved bits set")]
    ReservedBits,
    /// The opcode has no meaning (RFC 6455 §5.2).
    #[error("a frame has the reserved opcode {0}")]
    Opcode(u8),
    /// A frame of a server is masked (RFC 6455 §5.1).
    #[error("a frame of the server is masked")]
    Masked,
    /// A frame of a client is not masked (RFC 6455 §5.1).
    #[error("a frame of the client is not masked")]
    NotMasked,
    /// A control frame is fragmented (RFC 6455 §5.5).
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame has more than 125 bytes of payload (RFC 6455 §5.5).
    #[error("a control frame has more than 125 bytes")]
    LongControl,
    /// A continuation frame has no message to continue (RFC 6455 §5.4).
    #[error("a continuation frame without a message before it")]
    NothingToContinue,
    /// A new message begins before the fragmented one has ended (RFC 6455 §5.4).
    #[error("a new message begins inside a fragmented message")]
    Interleaved,
    /// A Close frame has a payload of one byte (RFC 6455 §5.5.1).
    #[error("a Close frame has a payload of one byte")]
    ShortClose,
    /// The reason of a Close frame is not UTF-8 (RFC 6455 §5.5.1).
    #[error("the reason of a Close is not UTF-8")]
    CloseReason,
    /// A text message is not UTF-8 (RFC 6455 §8.1).
    #[error("a text message is not UTF-8")]
    NotUtf8,
    /// A message is larger than the limit. Seen at the header that declares it.
    #[error("a message of {size} bytes is over the limit of {max} bytes (max_message_bytes)")]
    TooLarge {
        /// The bytes that the message has at least.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// A compressed message is larger than the limit once it is inflated.
    #[error("a compressed message inflates to more than {max} bytes (max_message_bytes)")]
    InflatesTooLarge {
        /// The limit.
        max: u64,
    },
    /// The payload of a compressed message is not what permessage-deflate makes (RFC 7692 §7.2.2).
    #[error("a compressed message cannot be inflated")]
    Corrupt,
    /// A message has more fragments than the limit.
    #[error("a message of more than {max} fragments")]
    TooManyFragments {
        /// The limit.
        max: u32,
    },
}

impl Violation {
    /// Whether the peer broke a limit of ours, and not the protocol.
    pub(crate) fn is_of_a_limit(self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. } | Self::InflatesTooLarge { .. } | Self::TooManyFragments { .. }
        )
    }

    /// The code of the Close frame that answers it.
    pub(crate) fn close_code(self) -> u16 {
        match self {
            // RFC 7692 names no code. The frames are sound; their payload is not.
            Self::NotUtf8 | Self::CloseReason | Self::Corrupt => code::INVALID,
            Self::TooLarge { .. } | Self::InflatesTooLarge { .. } => code::TOO_BIG,
            Self::TooManyFragments { .. } => code::POLICY,
            _ => code::PROTOCOL,
        }
    }
}
