//! Why a message cannot be decompressed.

/// Why a message cannot be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressFailed {
    /// The bytes are not compressed in the expected way, a checksum is wrong, the message ends
    /// early, or other bytes follow behind its end.
    #[error("the message is not compressed data of the expected kind")]
    Corrupt,
    /// The text has more bytes than the limit.
    #[error("the text of the message has more than {max} bytes")]
    TooLarge {
        /// The most bytes that a text may have.
        max: usize,
    },
    /// The message is compressed with zstd and needs a larger window than the limit.
    #[error("the message needs a zstd window of more than {max} bytes")]
    WindowTooLarge {
        /// The most bytes that a window may have.
        max: usize,
    },
    /// The message is compressed with a zstd dictionary, and not with the one that is given.
    #[error("the message is compressed with another zstd dictionary")]
    OtherDictionary,
}

/// The bytes begin like a zstd dictionary, but are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the zstd dictionary is damaged")]
pub struct DictionaryUnusable;
