//! A `{name}` in a text.

use std::fmt;
use std::sync::Arc;

use faucet_core::select::{Pointer, PointerError};

/// A `{name}`, `{name?}`, `{/pointer}` or `{/pointer?}` in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Where the value comes from.
    pub of: Reference,
    /// Whether the part of a message that holds the placeholder is left out while there is no value.
    pub is_optional: bool,
}

/// Where the value of a placeholder comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The value of this name.
    Name(Arc<str>),
    /// This place of the message that is being answered.
    Answered(Pointer),
}

/// A placeholder that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{{{text}}} is no place in a message: {error}")]
pub struct BadPlaceholder {
    /// The text between the braces.
    pub text: String,
    /// Why not.
    pub error: PointerError,
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_optional { "?" } else { "" };
        match &self.of {
            Reference::Name(name) => write!(f, "{{{name}{mark}}}"),
            Reference::Answered(pointer) => write!(f, "{{{pointer}{mark}}}"),
        }
    }
}

/// The name of the position of the feed.
pub(crate) const CURSOR: &str = "cursor";

impl Placeholder {
    /// Whether the placeholder is the position of the feed, which is `null` while there is none.
    pub(super) fn is_cursor(&self) -> bool {
        matches!(&self.of, Reference::Name(name) if &**name == CURSOR) && !self.is_optional
    }

    /// The name, where the placeholder is one.
    pub fn name(&self) -> Option<&Arc<str>> {
        match &self.of {
            Reference::Name(name) => Some(name),
            Reference::Answered(_) => None,
        }
    }

    /// The placeholder between braces; `None` where the braces are text.
    pub(super) fn parse(inner: &str) -> Result<Option<Self>, BadPlaceholder> {
        let (text, is_optional) = match inner.strip_suffix('?') {
            Some(text) => (text, true),
            None => (inner, false),
        };
        if text.starts_with('/') {
            let pointer = Pointer::parse(text)
                .map_err(|error| BadPlaceholder { text: inner.to_owned(), error })?;
            return Ok(Some(Self { of: Reference::Answered(pointer), is_optional }));
        }
        let is_name = !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        Ok(is_name.then(|| Self { of: Reference::Name(text.into()), is_optional }))
    }
}

/// Whether `name` can stand in a placeholder.
pub(crate) fn is_name(name: &str) -> bool {
    matches!(
        Placeholder::parse(name),
        Ok(Some(Placeholder { of: Reference::Name(_), is_optional: false }))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_stand_in_braces() {
        for (inner, shown) in [
            ("name", Some("{name}")),
            ("_x1?", Some("{_x1?}")),
            ("/a/0", Some("{/a/0}")),
            ("/a~1b?", Some("{/a~1b?}")),
            ("", None),
            ("?", None),
            ("1x", None),
            ("a b", None),
            ("\"k\": 1", None),
        ] {
            let found = Placeholder::parse(inner).unwrap().map(|found| found.to_string());
            assert_eq!(found.as_deref(), shown, "{inner}");
        }
        let error = Placeholder::parse("/a~2").unwrap_err().to_string();
        assert!(error.starts_with("{/a~2} is no place in a message: `~` at byte 2"), "{error}");
        assert!(is_name("a_1") && !is_name("a?") && !is_name("/a") && !is_name("1"));
    }
}
