//! JSON text that is checked once and never rewritten.

use std::fmt;

use bytes::Bytes;

use crate::stream::json::error::JsonError;
use crate::stream::json::judge;
use crate::stream::text::Text;

/// One JSON value as its UTF-8 text (RFC 8259), byte for byte as it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(Bytes);

impl JsonText {
    /// Checks `bytes` as UTF-8 and as exactly one JSON value.
    ///
    /// # Errors
    /// Where the bytes stop being JSON.
    pub fn new(bytes: Bytes) -> Result<Self, JsonError> {
        Self::try_from_bytes(bytes).map_err(|(_, error)| error)
    }

    /// As [`new`](Self::new). The error gives the bytes back.
    pub fn try_from_bytes(bytes: Bytes) -> Result<Self, (Bytes, JsonError)> {
        match judge::check(&bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(error) => Err((bytes, error)),
        }
    }

    /// Checks text as exactly one JSON value. The error gives the text back.
    pub fn try_from_text(text: Text) -> Result<Self, (Text, JsonError)> {
        match judge::check_utf8(text.as_bytes()) {
            Ok(()) => Ok(Self(text.into_bytes())),
            Err(error) => Err((text, error)),
        }
    }

    /// Takes the output of a JSON serializer, or bytes that were checked before.
    pub(crate) fn from_checked(bytes: Bytes) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text's bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let error = JsonText::new(Bytes::from_static(b"\"\xff\"")).unwrap_err();
        assert_eq!(error.to_string(), "invalid UTF-8 at byte 1");
    }
}
