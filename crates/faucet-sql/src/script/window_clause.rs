//! `WINDOW TUMBLING(1 min)` and `WINDOW('tumbling', 1 min)`.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::Token;
use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::duration::{Millis, duration};
use crate::script::fault::{Read, With, invalid, syntax, unknown};
use crate::script::statement::{WindowClause, WindowSpec};
use crate::script::tokens::{Piece, expected};

/// The windows that a row may belong to at once.
const MOST_OPEN: i64 = 10_000;

const SIGNATURES: &str = "TUMBLING(size), HOP(size, slide), SLIDING(size, slide)";
const SHOWN: [&str; 3] = ["TUMBLING", "HOP", "SLIDING"];
const TUMBLING: [&str; 2] = ["tumbling", "tumble"];
const HOPPING: [&str; 3] = ["hop", "hopping", "sliding"];
/// The windows of other dialects.
const ELSEWHERE: [&str; 19] = [
    "session",
    "time",
    "timebatch",
    "externaltime",
    "externaltimebatch",
    "delay",
    "length",
    "lengthbatch",
    "batch",
    "expression",
    "expressionbatch",
    "unique",
    "firstunique",
    "sort",
    "frequent",
    "lossyfrequent",
    "cron",
    "hash",
    "cumulate",
];

/// The ways to write a window.
enum Form<'a> {
    /// `WINDOW Kind(`
    Name(&'a str),
    /// `WINDOW('kind'`
    Argument(&'a str),
    /// `WINDOW Kind` without a bracket, or `WINDOW(1 min)` without a kind.
    Broken(Box<Diagnostic>),
}

/// Whether a window of ours begins here. The windows of standard SQL, `WINDOW w AS (…)`, are the parser's.
fn form(pieces: &[Piece]) -> Option<Form<'_>> {
    let [window, first, second, ..] = pieces else { return None };
    if !window.is_word("WINDOW") {
        return None;
    }
    if first.is(&Token::LParen) {
        return Some(match (&second.token.token, second.word()) {
            (Token::SingleQuotedString(kind), _) => Form::Argument(kind),
            (_, Some(kind)) if is_known(kind) => Form::Argument(kind),
            (Token::Number(..), _) => {
                let fault = syntax(second.span, "the kind of the window is missing");
                Form::Broken(Box::new(fault.with_help("such as WINDOW TUMBLING(1 min)")))
            }
            _ => return None,
        });
    }
    let kind = first.word()?;
    // `WHERE window IN (…)` has a column of this name.
    if is_keyword(first) && !is_known(kind) {
        return None;
    }
    match second.is(&Token::LParen) {
        true => Some(Form::Name(kind)),
        false if is_known(kind) && !second.is_word("AS") => {
            let fault = syntax(second.span, expected(&format!("`(` behind {kind}"), Some(second)));
            Some(Form::Broken(Box::new(fault.with_help("such as WINDOW TUMBLING(1 min)"))))
        }
        false => None,
    }
}

/// Whether a window of ours begins here.
pub(crate) fn begins_window(pieces: &[Piece]) -> bool {
    form(pieces).is_some()
}

/// The window that begins here, and the number of its tokens.
pub(crate) fn window_clause(pieces: &[Piece]) -> Read<Option<(WindowClause, usize)>> {
    let (kind, at_kind) = match form(pieces) {
        None => return Ok(None),
        Some(Form::Broken(fault)) => return Err(fault),
        // `WINDOW Kind (` and `WINDOW ( 'kind'`: the arguments begin behind the third token.
        Some(Form::Name(kind)) => (kind, pieces[1].span),
        Some(Form::Argument(kind)) => (kind, pieces[2].span),
    };
    let in_argument = pieces[1].is(&Token::LParen);
    let open = if in_argument { 1 } else { 2 };
    let Some(close) = closing(pieces, open) else {
        let fault = syntax(pieces[open].span, "a bracket is not closed");
        return Err(fault.with_help("add the `)`").into());
    };
    let mut inner = &pieces[3.min(close)..close];
    if let (true, [comma, rest @ ..]) = (in_argument, inner) {
        if !comma.is(&Token::Comma) {
            let what = expected("`,` behind the kind of the window", Some(comma));
            return Err(syntax(comma.span, what).into());
        }
        inner = rest;
    }
    let given: Vec<&[Piece]> = match inner.is_empty() {
        true => Vec::new(),
        false => inner.split(|piece| piece.is(&Token::Comma)).collect(),
    };
    let span = Span::new(pieces[0].span.start, pieces[close].span.end);
    let window = window(kind, at_kind, &given, pieces[close].span, span)?;
    Ok(Some((WindowClause { window, span }, close + 1)))
}

/// The bracket that closes the one at `open`.
fn closing(pieces: &[Piece], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, piece) in pieces.iter().enumerate().skip(open) {
        match piece.token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn window(kind: &str, at: Span, given: &[&[Piece]], close: Span, whole: Span) -> Read<WindowSpec> {
    let wanted = kind.to_ascii_lowercase();
    let is_hop = HOPPING.contains(&wanted.as_str());
    if !is_hop && !TUMBLING.contains(&wanted.as_str()) {
        return Err(no_window(kind, &wanted, at).into());
    }
    match given {
        [size] if !is_hop => {
            let size = duration(size, close)?;
            Ok(WindowSpec { size, slide: size })
        }
        [size, slide] if is_hop => {
            let spec = WindowSpec { size: duration(size, close)?, slide: duration(slide, close)? };
            hops(spec, kind, whole)?;
            Ok(spec)
        }
        _ => {
            let kind = kind.to_ascii_uppercase();
            let (takes, such) = match is_hop {
                true => ("two durations, its size and its slide", "(2 min, 30 sec)"),
                false => ("one duration, its size", "(1 min)"),
            };
            let fault = invalid(whole, format!("the window {kind} takes {takes}"));
            Err(fault.with_help(format!("such as WINDOW {kind}{such}")).into())
        }
    }
}

/// Windows begin at multiples of the slide, so that the size has to be one.
fn hops(spec: WindowSpec, kind: &str, span: Span) -> Read<()> {
    let WindowSpec { size, slide } = spec;
    let (kind, of, by) = (kind.to_ascii_uppercase(), Millis(size), Millis(slide));
    if slide > size {
        let fault =
            invalid(span, format!("windows of {of} every {by} leave rows out between them"));
        return Err(fault.with_help(format!("let the slide be at most {of}")).into());
    }
    if size % slide != 0 {
        let fault = invalid(span, format!("the size {of} is no multiple of the slide {by}"));
        let near = Millis((size + slide / 2) / slide * slide);
        return Err(fault.with_help(format!("write WINDOW {kind}({near}, {by})")).into());
    }
    if size / slide > MOST_OPEN {
        let why = format!("windows of {of} every {by} are {} windows at once", size / slide);
        let help = format!("let the size be at most {MOST_OPEN} times the slide");
        return Err(invalid(span, why).with_help(help).into());
    }
    Ok(())
}

fn no_window(kind: &str, wanted: &str, at: Span) -> Diagnostic {
    if ELSEWHERE.contains(&wanted) {
        let fault = invalid(at, format!("windows of the kind `{kind}` are not supported"));
        return fault.with_help(format!("supported: {SIGNATURES}"));
    }
    let known = TUMBLING.into_iter().chain(HOPPING);
    let near = nearest(wanted, known).map(str::to_ascii_uppercase);
    unknown(at, "window", kind, near.as_deref(), &SHOWN)
}

fn is_keyword(piece: &Piece) -> bool {
    matches!(&piece.token.token, Token::Word(word) if word.keyword != Keyword::NoKeyword)
}

fn is_known(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let known = [&TUMBLING[..], &HOPPING, &ELSEWHERE];
    known.iter().any(|kinds| kinds.contains(&kind.as_str()))
}
