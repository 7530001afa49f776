//! A value that a placeholder stands for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use faucet_core::select::{Kind, kind, unescape};

/// A value that a placeholder stands for: text, or the bytes of another JSON value as they came in, so
/// that a number keeps all of its digits. `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    form: Form,
    is_secret: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Text(Arc<str>),
    /// JSON that is no string.
    Json(Arc<str>),
}

impl Token {
    /// Text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self { form: Form::Text(text.into()), is_secret: false }
    }

    /// A number in its digits.
    pub fn number(digits: impl Into<Arc<str>>) -> Self {
        Self { form: Form::Json(digits.into()), is_secret: false }
    }

    /// The JSON value `json`, which must be known to be one. `None` where it is not UTF-8.
    pub fn of_json(json: &[u8]) -> Option<Self> {
        let form = match kind(json)? {
            Kind::String => Form::Text(unescape(json)?.into()),
            _ => Form::Json(std::str::from_utf8(json).ok()?.trim().into()),
        };
        Some(Self { form, is_secret: false })
    }

    /// The same value, which no message may show.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// Whether no message may show the value.
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// The value as words: text as it is, anything else as JSON.
    pub fn words(&self) -> &str {
        match &self.form {
            Form::Text(text) | Form::Json(text) => text,
        }
    }

    /// The value as JSON.
    pub fn json(&self) -> Cow<'_, str> {
        match &self.form {
            Form::Text(text) => Cow::Owned(serde_json::Value::from(&**text).to_string()),
            Form::Json(json) => Cow::Borrowed(json),
        }
    }

    /// Whether the value is text.
    pub fn is_text(&self) -> bool {
        matches!(self.form, Form::Text(_))
    }

    /// Whether the value is `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.form, Form::Json(json) if &**json == "null")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.form {
            Form::Text(_) => "text",
            Form::Json(_) => "json",
        };
        write!(f, "{kind} of {} bytes", self.words().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_digits_and_their_kind() {
        for (json, words, again) in [
            ("1492420473027001234567", "1492420473027001234567", "1492420473027001234567"),
            (" 2.10 ", "2.10", "2.10"),
            (r#""a\"b""#, "a\"b", r#""a\"b""#),
            ("[1, 2]", "[1, 2]", "[1, 2]"),
            ("null", "null", "null"),
        ] {
            let token = Token::of_json(json.as_bytes()).unwrap();
            assert_eq!((token.words(), &*token.json()), (words, again), "{json}");
        }
        assert!(Token::of_json(b"null").unwrap().is_null() && !Token::text("null").is_null());
        assert!(Token::of_json(b"").is_none() && Token::of_json(b"\"\xff\"").is_none());
    }

    #[test]
    fn debug_shows_no_content() {
        let token = Token::text("hunter2").secret();
        assert!(token.is_secret() && !Token::number("7").is_secret());
        assert_eq!(format!("{token:?}"), "text of 7 bytes");
    }
}
