//! A text with repairs.

use std::ops::Range;

use crate::diagnostic::Span;

/// A text that was changed in places, and knows where each byte comes from.
#[derive(Debug, Clone)]
pub(crate) struct Patched {
    pub(crate) text: String,
    /// Where each byte of `text`, and its end, stands in the original.
    origin: Vec<usize>,
}

impl Patched {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), origin: (0..=text.len()).collect() }
    }

    /// The text with `range` replaced.
    #[must_use]
    pub(crate) fn with(&self, range: Range<usize>, instead: &str) -> Self {
        let mut patched = self.clone();
        let at = self.origin[range.start];
        patched.origin.splice(range.clone(), instead.bytes().map(|_| at));
        patched.text.replace_range(range, instead);
        patched
    }

    /// Where a part of `text` stands in the original.
    pub(crate) fn original(&self, span: Span) -> Span {
        let last = self.origin.len() - 1;
        Span::new(self.origin[span.start.min(last)], self.origin[span.end.min(last)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lead_back_to_the_original() {
        let patched = Patched::new("a: {x}.y\nb: 1\n").with(8..8, "'").with(3..3, "'");
        assert_eq!(patched.text, "a: '{x}.y'\nb: 1\n");
        let b = patched.text.find('b').unwrap();
        assert_eq!(patched.original(Span::new(b, b + 1)), Span::new(9, 10));
        assert_eq!(patched.original(Span::new(3, 10)), Span::new(3, 8));
        let cut = patched.with(11..16, "");
        assert_eq!(cut.text, "a: '{x}.y'\n");
        assert_eq!(cut.original(Span::new(11, 11)), Span::new(14, 14));
    }
}
