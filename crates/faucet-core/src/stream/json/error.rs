//! Why a text is not JSON.

use std::fmt;

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    pub(super) offset: usize,
    pub(super) reason: &'static str,
}

impl JsonError {
    /// The offset in bytes at which the text stops being JSON.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for JsonError {}

/// At most 64 bytes of `text` around `offset`, with control characters escaped.
pub fn excerpt(text: &[u8], offset: usize) -> String {
    let start = offset.saturating_sub(32).min(text.len());
    let end = (start + 64).min(text.len());
    String::from_utf8_lossy(&text[start..end]).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_escaped() {
        assert_eq!(excerpt(b"\x1b[31mred\n", 0), "\\u{1b}[31mred\\n");
        assert_eq!(excerpt(&[b'x'; 500], 400).len(), 64);
        assert_eq!(excerpt(b"", 9), "");
    }
}
