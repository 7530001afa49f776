//! Why a message could not be decoded.

use std::fmt;

/// Why a message could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DecodeFailed(String);

impl DecodeFailed {
    /// An error that says `why`, in words that follow "the decoder failed: ". They are shown up to 256
    /// characters, control characters escaped and secrets struck out.
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}
