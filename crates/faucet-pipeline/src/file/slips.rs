//! A slip that breaks a format: where it could be, and how the text reads without it.

use std::ops::Range;

use crate::diagnostic::{Advice, Span};
use crate::file::patched::Patched;

/// A slip that could explain why a text cannot be parsed.
#[derive(Debug)]
pub(crate) struct Slip {
    /// The part of the text that is wrong.
    pub(crate) span: Span,
    pub(crate) advice: Advice,
    /// What to replace, from the last place to the first.
    pub(crate) edits: Vec<(Range<usize>, String)>,
}

impl Slip {
    pub(crate) fn new(
        span: Range<usize>,
        advice: Advice,
        edits: Vec<(Range<usize>, String)>,
    ) -> Self {
        Self { span: Span::new(span.start, span.end), advice, edits }
    }

    /// The text without the slip.
    pub(crate) fn repaired(&self, text: &Patched) -> Patched {
        let edits = self.edits.iter();
        edits.fold(text.clone(), |text, (range, instead)| text.with(range.clone(), instead))
    }
}

/// A line of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Where it begins.
    pub(crate) start: usize,
    pub(crate) text: &'a str,
}

impl<'a> Line<'a> {
    pub(crate) fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// What stands before the first character.
    pub(crate) fn blanks(self) -> &'a str {
        &self.text[..self.text.len() - self.text.trim_start().len()]
    }

    pub(crate) fn is_blank(self) -> bool {
        self.text.trim().is_empty() || self.text.trim_start().starts_with('#')
    }

    pub(crate) fn end(self) -> usize {
        self.start + self.text.trim_end().len()
    }

    /// Where the value begins, behind the marks of list items and the key.
    pub(crate) fn value(self) -> Option<(usize, &'a str)> {
        let mut at = self.indent();
        while let Some(rest) = self.text[at..].strip_prefix("- ") {
            at += 2 + (rest.len() - rest.trim_start().len());
        }
        let rest = &self.text[at..];
        let key = rest.find(|c: char| !(c.is_alphanumeric() || "_-.$".contains(c)))?;
        if rest[key..].starts_with(':') && key > 0 {
            let behind = &rest[key + 1..];
            at += key + 1 + (behind.len() - behind.trim_start().len());
        }
        let value = without_comment(&self.text[at..]);
        (!value.is_empty()).then_some((self.start + at, value))
    }
}

/// The lines of a text. A text that is empty or ends with a line break has one more.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let last = (text.is_empty() || text.ends_with('\n')).then_some("");
    let mut start = 0;
    let lines = text.split_inclusive('\n').chain(last).map(|line| {
        let at = start;
        start += line.len();
        Line { start: at, text: line.trim_end_matches(['\n', '\r']) }
    });
    lines.collect()
}

/// The value in quotes of YAML.
pub(crate) fn quoted(value: &str) -> String {
    match value.contains('"') || value.contains('\\') {
        false => format!("\"{value}\""),
        true => format!("'{}'", value.replace('\'', "''")),
    }
}

pub(crate) fn is_balanced(text: &str) -> bool {
    let count = |c| text.matches(c).count();
    count('{') == count('}') && count('[') == count(']')
}

/// The innermost bracket that is open at `offset`.
pub(crate) fn unclosed(text: &str, offset: usize) -> Option<Slip> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote: Option<char> = None;
    let mut before = ' ';
    let end = offset.min(text.len());
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < end) {
        match (quote, c) {
            (Some(q), c) if c == q && before != '\\' => quote = None,
            (Some(_), '\n') => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '{' | '[') if before != '$' => open.push((at, c)),
            (None, '}' | ']') => drop(open.pop()),
            _ => {}
        }
        before = c;
    }
    let (at, bracket) = open.pop()?;
    let line_end = text[at..].find('\n').map_or(text.len(), |len| at + len);
    let line = without_comment(&text[at..line_end]);
    let end = at + line.trim_end().trim_end_matches(',').len();
    let closing = if bracket == '{' { "}" } else { "]" };
    let advice = Advice::UnclosedBracket { bracket };
    Some(Slip::new(at..at + 1, advice, vec![(end..end, closing.to_owned())]))
}

/// The last comma up to `offset` that stands in front of a closing bracket.
pub(crate) fn trailing_comma(text: &str, offset: usize) -> Option<Slip> {
    let is_last = |at: &usize| text[at + 1..].trim_start().starts_with(['}', ']']);
    let commas = text.bytes().enumerate().take(offset + 1);
    // The error stands at the bracket, or at the comma.
    let last = commas.rev().filter(|(_, byte)| *byte == b',').map(|(at, _)| at).take(2);
    let at = last.into_iter().find(is_last)?;
    Some(Slip::new(at..at + 1, Advice::TrailingComma, vec![(at..at + 1, " ".to_owned())]))
}

/// The text before a comment of YAML.
pub(crate) fn without_comment(text: &str) -> &str {
    let end = text.find(" #").unwrap_or(text.len());
    text[..end].trim_end()
}
