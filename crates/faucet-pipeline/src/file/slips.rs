//! The commonest slips that break YAML and JSON: where one could be, and how the text reads without
//! it.

use std::ops::Range;

use crate::diagnostic::{Advice, Span};
use crate::file::format::SpecFormat;
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
    fn new(span: Range<usize>, advice: Advice, edits: Vec<(Range<usize>, String)>) -> Self {
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
struct Line<'a> {
    /// Where it begins.
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// What stands before the first character.
    fn blanks(self) -> &'a str {
        &self.text[..self.text.len() - self.text.trim_start().len()]
    }

    fn is_blank(self) -> bool {
        self.text.trim().is_empty() || self.text.trim_start().starts_with('#')
    }

    fn end(self) -> usize {
        self.start + self.text.trim_end().len()
    }

    /// Where the value begins, behind the marks of list items and the key.
    fn value(self) -> Option<(usize, &'a str)> {
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

/// The slips that could explain an error at `offset`, the likeliest first.
pub(crate) fn candidates(text: &str, format: SpecFormat, offset: usize) -> Vec<Slip> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push(Line { start, text: line.trim_end_matches(['\n', '\r']) });
        start += line.len();
    }
    let error = lines.iter().rposition(|line| line.start <= offset).unwrap_or_default();
    let mut found = Vec::new();
    match format {
        SpecFormat::Json => {
            found.extend(trailing_comma(text, offset));
            found.extend(lines.iter().take(error + 1).rev().filter_map(|line| json_comment(*line)));
            found.extend(unclosed(text, offset));
        }
        _ => {
            found.extend(tabs(&lines));
            let near = error.saturating_sub(3)..(error + 1).min(lines.len());
            for line in lines[near].iter().rev() {
                found.extend(in_line(*line));
            }
            found.extend(trailing_comma(text, offset));
            // A quote or a bracket may have been opened far above.
            found.extend(
                lines[..(error + 1).min(lines.len())]
                    .iter()
                    .rev()
                    .filter_map(|l| unclosed_quote(*l)),
            );
            found.extend(unclosed(text, offset));
            for at in [error, error.saturating_sub(1)] {
                found.extend(indentation(&lines, at));
            }
            found.extend(lines.iter().skip(1).find(|line| line.text == "---").map(|line| {
                let rest = line.start..text.len();
                Slip::new(
                    line.start..line.end(),
                    Advice::SecondDocument,
                    vec![(rest, String::new())],
                )
            }));
        }
    }
    found
}

/// Tabs in front of keys.
fn tabs(lines: &[Line<'_>]) -> Option<Slip> {
    let with_tab: Vec<Line<'_>> =
        lines.iter().copied().filter(|line| line.blanks().contains('\t')).collect();
    let first = with_tab.first()?;
    let step = lines.iter().map(|line| line.indent()).filter(|n| *n > 0).min().unwrap_or(2);
    let edits = with_tab.iter().rev().map(|line| {
        let before = line.blanks();
        (line.start..line.start + before.len(), before.replace('\t', &" ".repeat(step)))
    });
    let at = first.start + first.blanks().find('\t')?;
    let advice = Advice::Tab { more: with_tab.len() - 1 };
    Some(Slip::new(at..at + 1, advice, edits.collect()))
}

/// Slips that one line shows.
fn in_line(line: Line<'_>) -> Vec<Slip> {
    let mut found = Vec::new();
    if line.is_blank() {
        return found;
    }
    if let Some((at, value)) = line.value() {
        if value.starts_with(['"', '\'']) {
            found.extend(unclosed_quote(line));
        } else if let Some(because) = needs_quotes(value) {
            found.push(quote(at, value, because));
        }
        found.extend(in_flow(at, value));
    }
    found.extend(blank_after_colon(line));
    found
}

fn quote(at: usize, value: &str, because: &'static str) -> Slip {
    let quoted = quoted(value);
    let advice = Advice::Quote { quoted: Some(quoted.clone()), because };
    let whole = at..at + value.len();
    Slip::new(whole.clone(), advice, vec![(whole, quoted)])
}

/// The value in quotes of YAML.
pub(crate) fn quoted(value: &str) -> String {
    match value.contains('"') || value.contains('\\') {
        false => format!("\"{value}\""),
        true => format!("'{}'", value.replace('\'', "''")),
    }
}

/// Why a plain value is not read as text.
fn needs_quotes(value: &str) -> Option<&'static str> {
    match value.chars().next()? {
        '{' if !is_balanced(value) || !value.ends_with('}') || placeholder(value).is_some() => {
            Some("a value that begins with `{` is a map")
        }
        '[' if !is_balanced(value) || !value.ends_with(']') => {
            Some("a value that begins with `[` is a list")
        }
        '*' => Some("`*` stands for an anchor"),
        '&' => Some("`&` names an anchor"),
        '%' => Some("no value begins with `%`"),
        '@' => Some("no value begins with `@`"),
        '`' => Some("no value begins with a backtick"),
        '{' | '[' => None,
        _ if value.contains(": ") || value.ends_with(':') => {
            Some("`: ` within a value begins another key")
        }
        _ => None,
    }
}

/// The name in braces at the beginning of the value.
fn placeholder(value: &str) -> Option<&str> {
    let (name, _) = value.strip_prefix('{')?.split_once('}')?;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(good)).then_some(name)
}

/// Values within braces or brackets in which a brace is not that of a map.
fn in_flow(at: usize, value: &str) -> Option<Slip> {
    if !value.starts_with(['{', '[']) {
        return None;
    }
    let mut edits = Vec::new();
    let mut from = 1;
    while let Some(open) = value[from..].find('{').map(|open| from + open) {
        from = open + 1;
        let is_word = |c: char| !c.is_whitespace() && !matches!(c, ',' | '[' | '"' | '\'');
        let start = value[..open].rfind(|c| !is_word(c)).map_or(0, |before| before + 1);
        let dollar = value[..open].ends_with('$');
        let end = value[open..].find(|c| !is_word(c)).map_or(value.len(), |len| open + len);
        let mut word = &value[start..end];
        while !is_balanced(word) && word.ends_with(['}', ']']) {
            word = &word[..word.len() - 1];
        }
        let is_map = word.starts_with('{') && word.ends_with('}') && !dollar;
        if start == 0 || !is_balanced(word) || is_map {
            continue;
        }
        edits.push((at + start..at + start + word.len(), quoted(word)));
        from = start + word.len();
    }
    let (range, instead) = edits.first().cloned()?;
    edits.reverse();
    let because = "within braces, `{` begins a map";
    let advice = Advice::Quote { quoted: Some(instead), because };
    Some(Slip::new(range, advice, edits))
}

fn is_balanced(text: &str) -> bool {
    let count = |c| text.matches(c).count();
    count('{') == count('}') && count('[') == count(']')
}

/// `key:value`.
fn blank_after_colon(line: Line<'_>) -> Option<Slip> {
    let at = line.text.len() - line.text.trim_start_matches([' ', '-']).len();
    let rest = &line.text[at..];
    let key = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_'))?;
    let behind = rest[key..].strip_prefix(':')?;
    if key == 0 || behind.is_empty() || behind.starts_with([' ', '/']) {
        return None;
    }
    let colon = line.start + at + key;
    let edit = (colon + 1..colon + 1, " ".to_owned());
    Some(Slip::new(colon..colon + 1, Advice::BlankAfterColon, vec![edit]))
}

/// A quote that does not end in its line.
fn unclosed_quote(line: Line<'_>) -> Option<Slip> {
    let (at, value) = line.value()?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    let closes = value.chars().skip(1).any(|c| {
        let is_end = c == quote && !escaped;
        escaped = c == '\\' && !escaped && quote == '"';
        is_end
    });
    if closes {
        return None;
    }
    let end = at + value.trim_end().len();
    let edit = (end..end, quote.to_string());
    Some(Slip::new(at..end, Advice::UnclosedQuote, vec![edit]))
}

/// The innermost bracket that is open at `offset`, or the string of JSON.
fn unclosed(text: &str, offset: usize) -> Option<Slip> {
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
fn trailing_comma(text: &str, offset: usize) -> Option<Slip> {
    let is_last = |at: &usize| text[at + 1..].trim_start().starts_with(['}', ']']);
    let commas = text.bytes().enumerate().take(offset + 1);
    // The error stands at the bracket, or at the comma.
    let last = commas.rev().filter(|(_, byte)| *byte == b',').map(|(at, _)| at).take(2);
    let at = last.into_iter().find(is_last)?;
    Some(Slip::new(at..at + 1, Advice::TrailingComma, vec![(at..at + 1, " ".to_owned())]))
}

fn json_comment(line: Line<'_>) -> Option<Slip> {
    let is_quoted = |at: usize| !line.text[..at].matches('"').count().is_multiple_of(2);
    let at = ["//", "#", "/*"]
        .into_iter()
        .flat_map(|mark| line.text.match_indices(mark).map(|(at, _)| at))
        .filter(|at| !is_quoted(*at))
        .min()?;
    let span = line.start + at..line.end().max(line.start + at);
    Some(Slip::new(span.clone(), Advice::JsonComment, vec![(span, String::new())]))
}

/// A line that is indented as no line before it.
fn indentation(lines: &[Line<'_>], at: usize) -> Vec<Slip> {
    let Some(line) = lines.get(at).filter(|line| !line.is_blank()) else { return Vec::new() };
    let found = line.indent();
    let mut expected: Vec<usize> = Vec::new();
    for before in lines[..at].iter().rev().filter(|line| !line.is_blank()) {
        let indent = before.indent();
        if indent != found && !expected.contains(&indent) {
            expected.push(indent);
        }
    }
    expected.sort_by_key(|indent| indent.abs_diff(found));
    let slip = |expected: usize| {
        let blanks = line.start..line.start + found;
        let first = line.text.trim_start().find(' ').unwrap_or(line.text.trim().len());
        let span = line.start..line.start + found + first;
        let advice = Advice::Indentation { found, expected };
        Slip::new(span, advice, vec![(blanks, " ".repeat(expected))])
    };
    expected.into_iter().take(3).map(slip).collect()
}

/// The text before a comment of YAML.
fn without_comment(text: &str) -> &str {
    let end = text.find(" #").unwrap_or(text.len());
    text[..end].trim_end()
}
