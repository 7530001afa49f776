//! The text that diagnostics are about.

use std::sync::Arc;

use crate::diagnostic::mask::{MASK, Masked};
use crate::diagnostic::position::{Position, Span};

/// A text, its name, and the parts of it that must not be shown.
#[derive(Debug, Clone, Default)]
pub struct SourceText {
    name: Option<Arc<str>>,
    text: Arc<str>,
    secrets: Vec<Span>,
}

impl SourceText {
    /// A text without a name.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { name: None, text: text.into(), secrets: Vec::new() }
    }

    /// Names the text: the name of its file, or `<stdin>`.
    #[must_use]
    pub fn with_name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Names the parts that hold secrets. No rendering shows them.
    #[must_use]
    pub fn with_secrets(self, secrets: Vec<Span>) -> Self {
        Self { secrets, ..self }
    }

    /// The name, unless the text has none.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The text as it is.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of the byte at `offset`.
    pub fn position(&self, offset: usize) -> Position {
        Position::of(&self.text, offset)
    }

    /// The text without its secrets: tokens, and what URLs have of user names, passwords and values
    /// of queries.
    pub(crate) fn masked(&self) -> Masked {
        Masked::new(&self.text, &self.secrets)
    }

    /// The value at `span` as it may be shown: a line of at most 60 characters. `masked` is the text
    /// without its secrets: what stands around a value says whether it is one.
    pub(crate) fn excerpt(&self, masked: &Masked, span: Span) -> Option<String> {
        const LONGEST: usize = 60;
        if self.secrets.iter().any(|secret| secret.start < span.end && span.start < secret.end) {
            return None;
        }
        let shown = masked.text.get(masked.span(span).range())?.trim();
        let is_secret = shown.trim_matches(['"', '\'']) == MASK;
        let fits = !shown.is_empty() && !shown.contains('\n') && shown.chars().count() <= LONGEST;
        (fits && !is_secret).then(|| shown.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_counted_in_lines_and_characters() {
        let text = SourceText::new("a\nπ = 1\n");
        for (offset, line, column) in [(0, 1, 1), (2, 2, 1), (4, 2, 2), (99, 3, 1)] {
            assert_eq!(text.position(offset), Position { line, column }, "{offset}");
        }
    }

    #[test]
    fn an_excerpt_has_no_secret() {
        let text = SourceText::new("token: hunter2\nurl: ws://u:pw@h/?k=v\n");
        let text = text.with_secrets(vec![Span::new(7, 14)]);
        let masked = text.masked();
        let excerpt = |start, end| text.excerpt(&masked, Span::new(start, end));
        assert_eq!(excerpt(7, 14), None);
        assert_eq!(excerpt(0, 5).as_deref(), Some("token"));
        assert_eq!(excerpt(20, 36).as_deref(), Some("ws://***@h/?k=***"));
        assert_eq!(excerpt(0, 20), None);
        // The name before a value says that it is a secret.
        let text = SourceText::new("pasword: hunter2\n");
        assert_eq!(text.excerpt(&text.masked(), Span::new(9, 16)), None);
    }
}
