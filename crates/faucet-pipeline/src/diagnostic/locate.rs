//! Gives diagnostics their lines, columns and values, by their spans.

use crate::diagnostic::facts::Diagnostic;
use crate::diagnostic::text::SourceText;

/// Gives each diagnostic of `text` what follows from its span, and sorts them by their places: where
/// the span begins and ends in lines and columns, and the value that stands there, unless the
/// diagnostic has one, is about a key, or the value is a secret.
pub fn locate(found: &mut Vec<Diagnostic>, text: &SourceText) {
    let masked = text.masked();
    for diagnostic in found.iter_mut() {
        if let (None, Some(span), false) =
            (&diagnostic.value, diagnostic.span, diagnostic.problem.kind.is_about_key())
        {
            diagnostic.value = text.excerpt(&masked, span);
        }
    }
    in_order(found, text);
}

/// Gives each diagnostic its lines and columns, and sorts them by their places.
pub(crate) fn in_order(found: &mut Vec<Diagnostic>, text: &SourceText) {
    for diagnostic in found.iter_mut() {
        diagnostic.start = diagnostic.span.map(|span| text.position(span.start));
        diagnostic.end = diagnostic.span.map(|span| text.position(span.end));
    }
    // A diagnostic without a span, such as one of `--set`, comes last.
    found.sort_by_key(|found| (found.span.is_none(), found.span, found.severity));
    found.dedup_by(|one, other| one.problem == other.problem && one.span == other.span);
}

#[cfg(test)]
mod tests {
    use faucet_core::{KeyPath, Problem};

    use super::*;
    use crate::diagnostic::{Position, Severity, Span};

    #[test]
    fn spans_become_places_and_values_but_no_secrets() {
        let sql = "SELECT prise\nFROM feed WITH ('token' = 'hunter2');\n";
        let hidden = Span::new(sql.find("'hunter2'").unwrap(), sql.find(");").unwrap());
        let text = SourceText::new(sql).with_secrets(vec![hidden]);
        let at = |span: Option<Span>, why: &str| {
            let problem = Problem::custom(KeyPath::root(), why);
            let mut found = Diagnostic::new(Severity::Error, problem);
            found.span = span;
            found
        };
        let column = Some(Span::new(7, 12));
        let mut found =
            vec![at(None, "c"), at(Some(hidden), "b"), at(column, "a"), at(column, "a")];
        locate(&mut found, &text);
        let seen: Vec<_> = found.iter().map(|f| (f.problem.to_string(), f.value.clone())).collect();
        let expected = [("a", Some("prise")), ("b", None), ("c", None)];
        let expected = expected.map(|(why, value)| (why.to_owned(), value.map(str::to_owned)));
        assert_eq!(seen, expected);
        let place = |line, column| Some(Position { line, column });
        assert_eq!((found[0].start, found[0].end), (place(1, 8), place(1, 13)));
        assert_eq!((found[1].start, found[2].start), (place(2, 27), None));
    }
}
