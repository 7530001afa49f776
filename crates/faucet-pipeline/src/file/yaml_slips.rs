//! The commonest slips that break YAML.

use crate::diagnostic::Advice;
use crate::file::slips::{
    Line, Slip, is_balanced, lines, quoted, trailing_comma, unclosed, without_comment,
};

/// The slips that could explain an error at `offset`, the likeliest first.
pub(crate) fn candidates(text: &str, offset: usize) -> Vec<Slip> {
    let lines = lines(text);
    let error = lines.iter().rposition(|line| line.start <= offset).unwrap_or_default();
    let mut found = Vec::new();
    found.extend(odd_blanks(&lines, '\t', |more| Advice::Tab { more }));
    for odd in ['\u{a0}', '\u{3000}', '\u{2003}'] {
        found.extend(odd_blanks(&lines, odd, |more| Advice::OddBlank { more }));
    }
    let near = error.saturating_sub(3)..error + 1;
    for line in lines[near].iter().rev() {
        found.extend(in_line(*line));
    }
    found.extend(trailing_comma(text, offset));
    for at in [error, error.saturating_sub(1)] {
        found.extend(indentation(&lines, at));
    }
    // A quote or a bracket may have been opened far above.
    found.extend(lines[..=error].iter().rev().filter_map(|l| unclosed_quote(*l)));
    found.extend(unclosed(text, offset));
    found.extend(lines.iter().skip(1).find(|line| line.text == "---").map(|line| {
        let rest = line.start..text.len();
        Slip::new(line.start..line.end(), Advice::SecondDocument, vec![(rest, String::new())])
    }));
    found
}

/// Tabs in front of keys, and other characters that are no blanks of YAML.
fn odd_blanks(lines: &[Line<'_>], odd: char, advice: impl Fn(usize) -> Advice) -> Option<Slip> {
    let with_odd: Vec<Line<'_>> =
        lines.iter().copied().filter(|line| line.blanks().contains(odd)).collect();
    let first = with_odd.first()?;
    let step = lines.iter().map(|line| line.indent()).filter(|n| *n > 0).min().unwrap_or(2);
    let instead = if odd == '\t' { " ".repeat(step) } else { " ".to_owned() };
    let edits = with_odd.iter().rev().map(|line| {
        let before = line.blanks();
        (line.start..line.start + before.len(), before.replace(odd, &instead))
    });
    let at = first.start + first.blanks().find(odd)?;
    Some(Slip::new(at..at + odd.len_utf8(), advice(with_odd.len() - 1), edits.collect()))
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
    found.extend(no_colon(line));
    found
}

fn quote(at: usize, value: &str, because: &'static str) -> Slip {
    let quoted = quoted(value);
    let advice = Advice::Quote { quoted: Some(quoted.clone()), because };
    let whole = at..at + value.len();
    Slip::new(whole.clone(), advice, vec![(whole, quoted)])
}

/// Why a plain value is not read as text.
fn needs_quotes(value: &str) -> Option<&'static str> {
    match value.chars().next()? {
        '{' if is_balanced(value) && !value.ends_with('}') || placeholder(value).is_some() => {
            Some("a value that begins with `{` is a map")
        }
        '[' if is_balanced(value) && !value.ends_with(']') => {
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

/// A key without a colon: `reconnect true`, or `sink` above other lines.
fn no_colon(line: Line<'_>) -> Option<Slip> {
    let content = without_comment(line.text);
    let indent = line.indent();
    let word = content.get(indent..)?.split(' ').next()?;
    let is_key = |c: char| c.is_ascii_lowercase() || c == '_';
    if word.is_empty() || !word.chars().all(is_key) || content.contains(':') {
        return None;
    }
    let at = line.start + indent;
    let end = at + word.len();
    Some(Slip::new(at..end, Advice::NoColon, vec![(end..end, ":".to_owned())]))
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
