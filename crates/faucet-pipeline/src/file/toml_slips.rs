//! The commonest slips that break TOML.

use crate::diagnostic::Advice;
use crate::file::slips::{Line, Slip, lines, quoted, unclosed};

/// The slips that could explain an error at `offset`, the likeliest first.
pub(crate) fn candidates(text: &str, offset: usize) -> Vec<Slip> {
    let lines = lines(text);
    let error = lines.iter().rposition(|line| line.start <= offset).unwrap_or_default();
    let mut found = Vec::new();
    // An error at the end of a line may stand at the beginning of the next one.
    for line in [lines[error], lines[error.saturating_sub(1)]] {
        found.extend(unclosed_header(line));
        found.extend(no_equals(line));
        found.extend(bare_value(line));
        found.extend(unclosed_quote(line));
    }
    found.extend(unclosed(text, offset));
    found
}

/// Where the value of a line begins, with the value.
fn value(line: Line<'_>) -> Option<(usize, &str)> {
    let (key, value) = line.text.split_once('=')?;
    let at = line.start + key.len() + 1 + (value.len() - value.trim_start().len());
    let value = value.split(" #").next().unwrap_or_default().trim();
    (!value.is_empty()).then_some((at, value))
}

/// A value without quotes that is neither a number nor a boolean.
fn bare_value(line: Line<'_>) -> Option<Slip> {
    let (at, value) = value(line)?;
    let is_bare = value.starts_with(|c: char| c.is_alphanumeric() || c == '{' || c == '/');
    let is_table = value.starts_with('{') && value.contains('=');
    if !is_bare || is_table || value.contains(['"', '\'']) {
        return None;
    }
    let span = at..at + value.len();
    let meant = match &*value.to_lowercase() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    };
    if let Some(meant) = meant {
        let edits = vec![(span.clone(), meant.to_string())];
        return Some(Slip::new(span, Advice::Boolean { meant }, edits));
    }
    let quoted = quoted(value);
    let because = "text of TOML stands in quotes";
    let advice = Advice::Quote { quoted: Some(quoted.clone()), because };
    Some(Slip::new(span.clone(), advice, vec![(span, quoted)]))
}

/// `key: value` or `key value`.
fn no_equals(line: Line<'_>) -> Option<Slip> {
    let content = line.text.trim_start();
    let at = line.start + (line.text.len() - content.len());
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let key = content.find(|c| !is_key(c))?;
    let value = content[key..].trim_start_matches(':').trim_start();
    if key == 0 || value.is_empty() || value.starts_with(['=', '#']) {
        return None;
    }
    let (end, value) = (at + key, line.start + line.text.len() - value.len());
    Some(Slip::new(at..end, Advice::NoEquals, vec![(end..value, " = ".to_owned())]))
}

/// `[source`.
fn unclosed_header(line: Line<'_>) -> Option<Slip> {
    let content = line.text.trim();
    if !content.starts_with('[') || content.contains(']') {
        return None;
    }
    let (at, end) = (line.end() - content.len(), line.end());
    let advice = Advice::UnclosedBracket { bracket: '[' };
    Some(Slip::new(at..at + 1, advice, vec![(end..end, "]".to_owned())]))
}

/// Text of which the quote is not closed in its line.
fn unclosed_quote(line: Line<'_>) -> Option<Slip> {
    let (at, value) = value(line)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    if value[1..].contains(quote) {
        return None;
    }
    let end = at + value.len();
    Some(Slip::new(at..end, Advice::UnclosedQuote, vec![(end..end, quote.to_string())]))
}
