//! The text of a JSON value, read token by token without building a tree.

use std::borrow::Cow;
use std::ops::Range;

/// The search enters no deeper nesting, so that no text can exhaust the stack.
pub(super) const MAX_DEPTH: usize = crate::json::MAX_DEPTH as usize;

/// The kind of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The kind's name as JSON Schema writes it, such as `boolean`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// The kind of the JSON value `value`, told by its first byte; `None` where no JSON value begins so.
pub fn kind(value: &[u8]) -> Option<Kind> {
    match Cursor::new(value).peek_token()? {
        b'n' => Some(Kind::Null),
        b't' | b'f' => Some(Kind::Bool),
        b'-' | b'0'..=b'9' => Some(Kind::Number),
        b'"' => Some(Kind::String),
        b'[' => Some(Kind::Array),
        b'{' => Some(Kind::Object),
        _ => None,
    }
}

/// The content of the JSON string `value`, without quotes and escapes. A string without escapes is
/// not copied. `None` where `value` is not a JSON string.
pub fn unescape(value: &[u8]) -> Option<Cow<'_, str>> {
    let value = value.trim_ascii();
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr2(b'"', b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice(value).ok().map(Cow::Owned)
}

/// The text of the JSON value `value`: the content of a string, and of any other value its JSON
/// text. `None` where `value` is no text at all.
pub fn text_of(value: &[u8]) -> Option<Cow<'_, str>> {
    match kind(value)? {
        Kind::String => unescape(value),
        _ => std::str::from_utf8(value.trim_ascii()).ok().map(Cow::Borrowed),
    }
}

/// Whether `text` is one JSON value. Nesting of any depth and lone surrogates pass here, but
/// [`MAX_DEPTH`] bounds the search and [`unescape`] refuses lone surrogates.
pub(super) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// A key of an object: the bytes between its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl Key<'_> {
    /// Whether the key's content, without escapes, is `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        if !self.escaped {
            return self.raw == name.as_bytes();
        }
        let mut quoted = Vec::with_capacity(self.raw.len() + 2);
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        serde_json::from_slice::<String>(&quoted).is_ok_and(|content| content == name)
    }
}

/// A place in a JSON text. Each step either reads one token or value and stands behind it, or finds
/// the text broken; a step on bytes that are not JSON never panics.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn new_at(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips whitespace and tells the byte behind it.
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Skips whitespace, and `token` where the whitespace ends with it.
    pub(super) fn take(&mut self, token: u8) -> bool {
        let found = self.peek_token() == Some(token);
        self.at += usize::from(found);
        found
    }

    /// Skips whitespace, which must reach to the end.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        if self.peek_token().is_none() { Ok(()) } else { Err(Broken) }
    }

    /// Behind a value inside a container that `close` closes: skips the comma (`true`) or the
    /// closing bracket (`false`).
    pub(super) fn more(&mut self, close: u8) -> Result<bool, Broken> {
        let token = self.peek_token();
        self.at += 1;
        match token {
            Some(b',') => Ok(true),
            Some(token) if token == close => Ok(false),
            _ => Err(Broken),
        }
    }

    /// Reads a key and the colon behind it, and tells where the key's quotes stand.
    pub(super) fn key(&mut self) -> Result<(Key<'a>, Range<usize>), Broken> {
        if self.peek_token() != Some(b'"') {
            return Err(Broken);
        }
        let from = self.at;
        let escaped = self.string()?;
        let quotes = from..self.at;
        let raw = self.text.get(from + 1..self.at - 1).ok_or(Broken)?;
        if self.take(b':') { Ok((Key { raw, escaped }, quotes)) } else { Err(Broken) }
    }

    /// Reads a value of any kind.
    pub(super) fn value(&mut self) -> Result<Range<usize>, Broken> {
        let first = self.peek_token();
        let from = self.at;
        match first {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'{' | b'[') => self.container()?,
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let rest = self.text.get(from..).unwrap_or_default();
                let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r');
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
            _ => return Err(Broken),
        }
        Ok(from..self.at)
    }

    /// Skips a container and looks only at brackets and strings.
    fn container(&mut self) -> Result<(), Broken> {
        let mut depth = 0usize;
        loop {
            match self.peek().ok_or(Broken)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Skips a string and tells whether there are escapes inside.
    fn string(&mut self) -> Result<bool, Broken> {
        self.at += 1;
        let mut escaped = false;
        loop {
            let rest = self.text.get(self.at..).ok_or(Broken)?;
            self.at += quote_or_backslash(rest).ok_or(Broken)?;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(escaped);
            }
            escaped = true;
            self.at += 2;
        }
    }
}

/// Where the first quote or backslash stands. Most strings are short, so the first 16 bytes are
/// looked at in place, without a call.
fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut from = 0;
    for chunk in text.as_chunks::<8>().0.iter().take(2) {
        let word = u64::from_le_bytes(*chunk);
        let found =
            has_zero(word ^ (ONES * u64::from(b'"'))) | has_zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(from + (found.trailing_zeros() / 8) as usize);
        }
        from += 8;
    }
    memchr::memchr2(b'"', b'\\', text.get(from..)?).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_and_texts() {
        for (value, expected, text) in [
            (" null", Kind::Null, Some("null")),
            ("false", Kind::Bool, Some("false")),
            ("-1.50", Kind::Number, Some("-1.50")),
            (r#""a""#, Kind::String, Some("a")),
            (r#""a\u00e9\n\"""#, Kind::String, Some("aé\n\"")),
            (r#""a"b""#, Kind::String, None),
            (r#""\ud800""#, Kind::String, None),
            ("\"", Kind::String, None),
            ("[1, 2]", Kind::Array, Some("[1, 2]")),
            ("{}", Kind::Object, Some("{}")),
        ] {
            assert_eq!(kind(value.as_bytes()), Some(expected), "{value}");
            assert_eq!(text_of(value.as_bytes()).as_deref(), text, "{value}");
        }
        assert_eq!(kind(b"  "), None);
        assert_eq!(kind(b"ping"), None);
        assert_eq!(text_of(b"[\xff]"), None);
        assert!(matches!(unescape(b"\"plain\""), Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        for (text, value) in [
            (" 12 ,", "12"),
            ("true]", "true"),
            (r#" "a\\" , "b""#, r#""a\\""#),
            (r#""sixteen bytes and a \" more" 1"#, r#""sixteen bytes and a \" more""#),
            (r#"[{"]":"}"}] ]"#, r#"[{"]":"}"}]"#),
        ] {
            let range = Cursor::new(text.as_bytes()).value().unwrap();
            assert_eq!(&text[range], value, "{text}");
        }
        for broken in ["", ",", "[1", "\"a", "\"a\\", "\"a\\\"", "{\"a\":\"}"] {
            assert_eq!(Cursor::new(broken.as_bytes()).value(), Err(Broken), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn the_first_quote_or_backslash(text in r#"[a-c"\\é\x01]{0,40}"#) {
            let expected = text.bytes().position(|b| b == b'"' || b == b'\\');
            prop_assert_eq!(quote_or_backslash(text.as_bytes()), expected);
        }
    }
}
