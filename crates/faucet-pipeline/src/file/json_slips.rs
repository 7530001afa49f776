//! The commonest slips that break JSON.

use crate::diagnostic::Advice;
use crate::file::slips::{Line, Slip, lines, trailing_comma, unclosed};

/// The slips that could explain an error at `offset`, the likeliest first.
pub(crate) fn candidates(text: &str, offset: usize) -> Vec<Slip> {
    let lines = lines(text);
    let error = lines.iter().rposition(|line| line.start <= offset).unwrap_or_default();
    let mut found = Vec::new();
    found.extend(trailing_comma(text, offset));
    found.extend(lines[..=error].iter().rev().take(3).filter_map(|line| comment(*line)));
    found.extend(word(text, offset));
    found.extend(single_quotes(text, offset));
    found.extend(unclosed_quote(lines[error]));
    found.extend(no_comma(text, offset));
    found.extend(no_colon(text, offset));
    found.extend(open_at_the_end(text));
    found.extend(unclosed(text, offset));
    found.extend(second_document(text, offset));
    found
}

fn comment(line: Line<'_>) -> Option<Slip> {
    let is_quoted = |at: usize| !line.text[..at].matches('"').count().is_multiple_of(2);
    let at = ["//", "#", "/*"]
        .into_iter()
        .flat_map(|mark| line.text.match_indices(mark).map(|(at, _)| at))
        .filter(|at| !is_quoted(*at))
        .min()?;
    let span = line.start + at..line.end().max(line.start + at);
    Some(Slip::new(span.clone(), Advice::JsonComment, vec![(span, String::new())]))
}

/// A word without quotes: a key, text, or a boolean of another language.
fn word(text: &str, offset: usize) -> Option<Slip> {
    let is_word = |c: char| c.is_alphanumeric() || "_-.$".contains(c);
    let (before, rest) = text.split_at_checked(offset)?;
    // The parser may have read the beginning: `t` could have been `true`.
    let start = before.trim_end_matches(is_word).len();
    let end = offset + rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let word = text.get(start..end)?;
    if !word.starts_with(char::is_alphabetic) {
        return None;
    }
    let is_key = text[end..].trim_start().starts_with(':');
    let meant = match &*word.to_lowercase() {
        _ if is_key => None,
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    };
    let (advice, instead) = match meant {
        Some(meant) => (Advice::Boolean { meant }, meant.to_string()),
        None => {
            let quoted = format!("\"{word}\"");
            let because = "keys and text of JSON stand in quotes";
            (Advice::Quote { quoted: Some(quoted.clone()), because }, quoted)
        }
    };
    Some(Slip::new(start..end, advice, vec![(start..end, instead)]))
}

/// Text in single quotes, from `offset` on. The first is told.
fn single_quotes(text: &str, offset: usize) -> Option<Slip> {
    let mut from = text.get(offset..)?.starts_with('\'').then_some(offset)?;
    let mut edits = Vec::new();
    while let Some(open) = text[from..].find('\'').map(|open| from + open) {
        let Some(close) = text[open + 1..].find('\'').map(|close| open + 1 + close) else { break };
        let inside = &text[open + 1..close];
        if inside.contains(['"', '\n', '\\']) {
            break;
        }
        edits.push((open..close + 1, format!("\"{inside}\"")));
        from = close + 1;
    }
    let (span, quoted) = edits.first().cloned()?;
    edits.reverse();
    let because = "JSON has double quotes";
    Some(Slip::new(span, Advice::Quote { quoted: Some(quoted), because }, edits))
}

/// Text of which the quote is not closed in its line.
fn unclosed_quote(line: Line<'_>) -> Option<Slip> {
    let (mut open, mut escaped) = (None, false);
    for (at, c) in line.text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if open.is_some() => escaped = true,
            '"' if open.is_some() => open = None,
            '"' => open = Some(at),
            _ => {}
        }
    }
    let open = line.start + open?;
    let content = line.text.trim_end().trim_end_matches(',').trim_end_matches(['}', ']', ' ']);
    let end = (line.start + content.len()).max(open + 1);
    Some(Slip::new(open..end, Advice::UnclosedQuote, vec![(end..end, "\"".to_owned())]))
}

/// Two values side by side.
fn no_comma(text: &str, offset: usize) -> Option<Slip> {
    let before = text.get(..offset)?.trim_end();
    let last = before.chars().last().filter(|c| !matches!(c, '{' | '[' | ',' | ':'))?;
    let (at, end) = (before.len() - last.len_utf8(), before.len());
    Some(Slip::new(at..end, Advice::NoComma, vec![(end..end, ",".to_owned())]))
}

/// A key and its value without a colon.
fn no_colon(text: &str, offset: usize) -> Option<Slip> {
    let before = text.get(..offset)?.trim_end().strip_suffix('"')?;
    let (start, end) = (before.rfind('"')?, before.len() + 1);
    Some(Slip::new(start..end, Advice::NoColon, vec![(end..end, ":".to_owned())]))
}

/// Brackets that are open where the text ends. The first of them is told.
fn open_at_the_end(text: &str) -> Option<Slip> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => open.push((at, c)),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    let (at, bracket) = open.first().copied().filter(|_| !quoted)?;
    let close = |(_, bracket): &(usize, char)| if *bracket == '{' { '}' } else { ']' };
    let closing: String = open.iter().rev().map(close).collect();
    let end = text.trim_end().trim_end_matches(',').len();
    let advice = Advice::UnclosedBracket { bracket };
    Some(Slip::new(at..at + 1, advice, vec![(end..text.len(), closing)]))
}

/// More text behind the end.
fn second_document(text: &str, offset: usize) -> Option<Slip> {
    let first = text.get(offset..)?.chars().next()?;
    let edits = vec![(offset..text.len(), String::new())];
    Some(Slip::new(offset..offset + first.len_utf8(), Advice::SecondDocument, edits))
}
