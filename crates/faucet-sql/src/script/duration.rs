//! The durations of windows: `1 min`, `INTERVAL '1' MINUTE`, `'2 hours 30 minutes'`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;
use faucet_core::nearest;
use faucet_pipeline::diagnostic::Span;

use crate::script::fault::{Read, With, invalid, syntax, unknown};
use crate::script::tokens::{Piece, expected, whole};

/// The units, and the milliseconds in each. The first name is the one that messages show.
const UNITS: [(&[&str], i64); 5] = [
    (&["ms", "millisecond", "milliseconds"], 1),
    (&["sec", "s", "second", "seconds"], 1_000),
    (&["min", "m", "minute", "minutes"], 60_000),
    (&["hour", "h", "hours"], 3_600_000),
    (&["day", "d", "days"], 86_400_000),
];

const LONGEST: i64 = 365 * 86_400_000;

/// Milliseconds, as a script writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Millis(pub(crate) i64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, unit): &&(&[&str], i64)| self.0 % unit == 0;
        let (names, unit) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
        write!(f, "{} {}", self.0 / unit, names[0])
    }
}

/// The duration that `pieces` spell, in milliseconds. `behind`: where the argument would stand.
pub(crate) fn duration(pieces: &[Piece], behind: Span) -> Read<i64> {
    let Some(span) = whole(pieces) else {
        return Err(syntax(behind, "a duration is missing").with_help("such as 1 min").into());
    };
    let words = match pieces {
        [interval, rest @ ..] if interval.is_word("INTERVAL") => words(rest, span)?,
        _ => words(pieces, span)?,
    };
    total(&words, span)
}

/// A number or a unit, and its place.
struct Word {
    text: String,
    span: Span,
}

/// The numbers and units of a duration, apart from each other.
fn words(pieces: &[Piece], span: Span) -> Read<Vec<Word>> {
    let mut words = Vec::new();
    for piece in pieces {
        let text = match &piece.token.token {
            Token::Number(number, _) => number.clone(),
            Token::SingleQuotedString(text) => text.clone(),
            Token::Word(word) if word.quote_style.is_none() => word.value.clone(),
            Token::Minus => "-".to_owned(),
            _ => return Err(syntax(piece.span, expected("a duration", Some(piece))).into()),
        };
        split(&text, |part| words.push(Word { text: part.to_owned(), span: piece.span }));
    }
    match words.is_empty() {
        true => Err(syntax(span, "a duration is missing").with_help("such as 1 min").into()),
        false => Ok(words),
    }
}

/// Cuts `1min 30s` into numbers and units.
fn split(text: &str, mut found: impl FnMut(&str)) {
    for part in text.split_whitespace() {
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let is_number = |c: char| c.is_ascii_digit() || c == '.';
            let end = match first {
                '-' => 1,
                _ => rest
                    .find(|c| is_number(c) != is_number(first) || c == '-')
                    .unwrap_or(rest.len()),
            };
            let (word, behind) = rest.split_at(end);
            found(word);
            rest = behind;
        }
    }
}

/// The sum of all numbers with their units.
fn total(words: &[Word], span: Span) -> Read<i64> {
    let mut total = 0.0;
    let mut rest = words;
    while let Some((number, behind)) = rest.split_first() {
        if number.text == "-" {
            return Err(out_of_range(span).into());
        }
        let Ok(count) = number.text.parse::<f64>() else {
            let why = format!("a duration has a number before `{}`", shown(&number.text));
            return Err(syntax(number.span, why).with_help("such as 1 min").into());
        };
        let Some((unit, behind)) = behind.split_first() else {
            let fault = invalid(number.span, format!("`{}` has no unit", shown(&number.text)));
            return Err(fault
                .with_help(format!("write {} ms for milliseconds", number.text))
                .into());
        };
        total += count * millis(unit)? as f64;
        rest = behind;
    }
    // One in a thousand of a millisecond is the rounding of `0.001 sec`.
    let whole = total.round();
    match whole >= 1.0 && whole <= LONGEST as f64 && (total - whole).abs() < 0.001 {
        true => Ok(whole as i64),
        false => Err(out_of_range(span).into()),
    }
}

/// The milliseconds in a unit.
fn millis(unit: &Word) -> Read<i64> {
    let wanted = unit.text.to_ascii_lowercase();
    if let Some((_, millis)) = UNITS.iter().find(|(names, _)| names.contains(&wanted.as_str())) {
        return Ok(*millis);
    }
    let known = UNITS.map(|(names, _)| names[0]);
    let near = nearest(&wanted, UNITS.iter().flat_map(|(names, _)| names.iter().copied()));
    Err(unknown(unit.span, "unit of time", shown(&unit.text), near, &known).into())
}

fn out_of_range(span: Span) -> faucet_pipeline::diagnostic::Diagnostic {
    invalid(span, "a window lasts from 1 ms to 365 days, in whole milliseconds")
}

/// A word as a message shows it.
fn shown(text: &str) -> &str {
    text.char_indices().nth(20).map_or(text, |(end, _)| &text[..end])
}
