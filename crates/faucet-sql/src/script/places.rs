//! From the places of the SQL parser to those of the text.

use datafusion::sql::sqlparser::tokenizer::{Location, Span as SqlSpan};
use faucet_pipeline::diagnostic::Span;

/// Where each line of a text begins.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    text: &'a str,
    lines: Vec<usize>,
    /// Whether each character of the text has one byte.
    is_ascii: bool,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { text, lines, is_ascii: text.is_ascii() }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The byte at a line and a column in characters, both from 1. `None` where the parser knows no place.
    pub(crate) fn offset(&self, line: u64, column: u64) -> Option<usize> {
        let line = usize::try_from(line).ok()?.checked_sub(1)?;
        let column = usize::try_from(column).ok()?.checked_sub(1)?;
        let begin = *self.lines.get(line)?;
        let rest = &self.text[begin..];
        // A script in one line has many tokens, and its characters are not counted again for each.
        let is_plain = |before: &[u8]| self.is_ascii || before.is_ascii();
        if rest.as_bytes().get(..column).is_some_and(is_plain) {
            return Some(begin + column);
        }
        Some(rest.char_indices().nth(column).map_or(self.text.len(), |(at, _)| begin + at))
    }

    /// The part of the text that a node of the parser's tree stands for.
    pub(crate) fn span(&self, span: SqlSpan) -> Option<Span> {
        let at = |place: Location| self.offset(place.line, place.column);
        Some(Span::new(at(span.start)?, at(span.end)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_characters_become_bytes() {
        let places = Places::new("a\nπ = b\n");
        for (line, column, offset) in [
            (1, 1, Some(0)),
            (2, 2, Some(4)),
            (2, 5, Some(7)),
            (3, 1, Some(9)),
            (0, 0, None),
            (9, 1, None),
        ] {
            assert_eq!(places.offset(line, column), offset, "{line}:{column}");
        }
    }
}
