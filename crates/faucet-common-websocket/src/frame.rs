//! Data messages.

use std::fmt;

use bytes::Bytes;

/// A data message. `Debug` shows its length only: it may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message; the bytes are UTF-8.
    Text(Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Frame {
    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        };
        write!(f, "{kind} of {} bytes", self.as_bytes().len())
    }
}
