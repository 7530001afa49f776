//! The kind and the text of a JSON value.

use std::borrow::Cow;

use super::unescape::unescape;

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
    match value.iter().find(|b| !matches!(b, b' ' | b'\n' | b'\t' | b'\r'))? {
        b'n' => Some(Kind::Null),
        b't' | b'f' => Some(Kind::Bool),
        b'-' | b'0'..=b'9' => Some(Kind::Number),
        b'"' => Some(Kind::String),
        b'[' => Some(Kind::Array),
        b'{' => Some(Kind::Object),
        _ => None,
    }
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
/// [`MAX_DEPTH`](super::cursor::MAX_DEPTH) bounds the search and [`unescape`] refuses lone surrogates.
pub(super) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
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
}
