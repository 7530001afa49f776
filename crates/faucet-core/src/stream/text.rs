//! UTF-8 text as bytes.

use bytes::Bytes;

use crate::stream::utf8;

/// UTF-8 text as bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub(crate) Bytes);

impl Text {
    /// Checks that `bytes` are UTF-8.
    pub fn new(bytes: Bytes) -> Result<Self, std::str::Utf8Error> {
        utf8::check(&bytes).map(|()| Self(bytes))
    }

    /// Takes bytes that were checked as UTF-8 before. Others make [`as_str`](Self::as_str) panic.
    pub fn from_checked(bytes: Bytes) -> Self {
        debug_assert!(utf8::check(&bytes).is_ok());
        Self(bytes)
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        simdutf8::basic::from_utf8(&self.0).expect("a Text is UTF-8")
    }

    /// The text's bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}
