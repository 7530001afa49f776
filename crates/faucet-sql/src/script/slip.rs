//! Why the parser gave up, where, and what was probably meant.

use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::Token;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::fault::{With, syntax};
use crate::script::places::Places;
use crate::script::tokens::{Piece, expected};

/// The fault that the parser met in `pieces`.
pub(crate) fn gave_up(error: &ParserError, pieces: &[Piece], places: &Places<'_>) -> Diagnostic {
    let sentence = match error {
        ParserError::TokenizerError(sentence) | ParserError::ParserError(sentence) => sentence,
        ParserError::RecursionLimitExceeded => {
            let fault = syntax(span_of(pieces), "the statement is nested too deeply");
            return fault.with_help("name a part of it with `WITH name AS (…)`");
        }
    };
    let (why, place) = cut(sentence);
    let start = place.and_then(|(line, column)| places.offset(line, column));
    let at = start.and_then(|start| pieces.iter().position(|piece| piece.span.start == start));
    let at = at.unwrap_or(pieces.len());
    let Some(what) = why.strip_prefix("Expected: ") else {
        let span = pieces.get(at).map_or_else(|| end_of(pieces), |piece| piece.span);
        let span =
            start.filter(|_| at == pieces.len()).map_or(span, |start| Span::new(start, start));
        return syntax(span, lower(why));
    };
    unexpected(what.split(", found: ").next().unwrap_or(what), pieces, at)
}

/// The fault that something else than `what` stands at the token `at`, or that the statement ends there.
pub(crate) fn unexpected(what: &str, pieces: &[Piece], at: usize) -> Diagnostic {
    let stands =
        |at: usize, words: &[&str]| pieces.get(at).is_some_and(|piece| piece.is_one_of(words));
    let clause = at.checked_sub(1).filter(|before| stands(*before, &["GROUP", "ORDER"]));
    // The parser takes `GROUP` for a column.
    let (what, at) = match clause {
        Some(before) if stands(at, &["BY"]) => ("an expression", before),
        // The parser lets a list end with a comma.
        None if at.checked_sub(1).is_some_and(|before| pieces[before].is(&Token::Comma)) => {
            ("an expression", at)
        }
        _ => (what, at),
    };
    let found = pieces.get(at);
    let span = found.map_or_else(|| end_of(pieces), |piece| piece.span);
    let what = match what {
        "end of statement" => "the end of the statement",
        "identifier" => "a name",
        what => what,
    };
    let fault = syntax(span, expected(what, found));
    match help(what, pieces, at) {
        Some(help) => fault.with_help(help),
        None => fault,
    }
}

/// The sentence without the place at its end, and the place as line and column. The parser has it nowhere else;
/// the end of the text has none.
fn cut(sentence: &str) -> (&str, Option<(u64, u64)>) {
    let cut = || {
        let (why, place) = sentence.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        Some((why, (line.parse().ok()?, column.parse().ok()?)))
    };
    cut().map_or((sentence, None), |(why, place)| (why, Some(place)))
}

/// What to do about something unexpected.
fn help(what: &str, pieces: &[Piece], at: usize) -> Option<String> {
    let found = pieces.get(at)?;
    let before = at.checked_sub(1).and_then(|at| pieces.get(at));
    let is_name_wanted = what.contains("expression") || what.contains("name");
    match &found.token.token {
        _ if found.is_one_of(&["CREATE", "SELECT", "INSERT"]) && !is_name_wanted => {
            Some("end the statement before it with `;`".to_owned())
        }
        Token::Word(_) if !is_name_wanted && is_without_by(pieces, at) => {
            Some(format!("write {} BY", found.shown().trim_matches('`').to_uppercase()))
        }
        Token::Word(word) if is_name_wanted && is_reserved(pieces, at) => Some(format!(
            "`{name}` is a word of SQL; as a name it stands in double quotes: \"{name}\"",
            name = word.value
        )),
        Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_)
            if !is_name_wanted && before.is_some_and(ends_value) =>
        {
            Some(format!("is a comma or an operator missing before {}?", found.shown()))
        }
        Token::Char('\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}') => {
            Some("text stands in straight single quotes: 'text'".to_owned())
        }
        Token::RParen if !is_name_wanted => Some("no `(` belongs to this `)`".to_owned()),
        Token::LParen if before.is_some_and(|before| before.is_word("WINDOW")) => {
            Some("a window is written WINDOW TUMBLING(1 min)".to_owned())
        }
        Token::DoubleEq | Token::Assignment => Some("write `=`".to_owned()),
        _ => None,
    }
}

/// Whether `GROUP` or `ORDER` stands here without `BY`.
fn is_without_by(pieces: &[Piece], at: usize) -> bool {
    let is = |at: usize, words: &[&str]| pieces.get(at).is_some_and(|piece| piece.is_one_of(words));
    is(at, &["GROUP", "ORDER"]) && !is(at + 1, &["BY"])
}

/// The fault of `FROM` without a stream: the parser takes the next word for its name.
pub(crate) fn no_stream(pieces: &[Piece]) -> Option<Diagnostic> {
    let is_clause =
        |piece: &Piece| piece.is_one_of(&["WHERE", "GROUP", "ORDER", "HAVING", "LIMIT"]);
    let found = pieces.windows(2).find(|two| two[0].is_word("FROM") && is_clause(&two[1]))?;
    Some(syntax(found[1].span, expected("the name of a stream", found.get(1))))
}

/// Whether a value may end with this token.
fn ends_value(piece: &Piece) -> bool {
    matches!(
        piece.token.token,
        Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen
    )
}

/// Whether the word has a meaning in SQL, and probably not the one that it has at the beginning of a clause.
fn is_reserved(pieces: &[Piece], at: usize) -> bool {
    use datafusion::sql::sqlparser::keywords::Keyword;
    const CLAUSES: [&str; 9] =
        ["FROM", "WHERE", "HAVING", "SELECT", "UNION", "LIMIT", "AS", "ON", "WITH"];
    let Some(piece) = pieces.get(at) else { return false };
    let is_by = pieces.get(at + 1).is_some_and(|next| next.is_word("BY"));
    let is_keyword =
        matches!(&piece.token.token, Token::Word(word) if word.keyword != Keyword::NoKeyword);
    is_keyword && !is_by && !piece.is_one_of(&CLAUSES)
}

/// A comma before the end of its list.
pub(crate) fn trailing_comma(pieces: &[Piece]) -> Option<Diagnostic> {
    let (comma, behind) = pieces.iter().enumerate().find_map(|(at, piece)| {
        let behind = pieces.get(at + 1);
        let ends = |next: &Piece| {
            next.is(&Token::RParen) || next.is(&Token::Comma) || next.is_word("FROM")
        };
        (piece.is(&Token::Comma) && behind.is_none_or(ends)).then_some((piece, behind))
    })?;
    let before = behind.map_or_else(|| "the end of the statement".to_owned(), Piece::shown);
    let fault = syntax(comma.span, format!("a comma stands before {before}"));
    Some(fault.with_help("remove the comma"))
}

fn span_of(pieces: &[Piece]) -> Span {
    crate::script::tokens::whole(pieces).unwrap_or_default()
}

/// The place behind the last token.
fn end_of(pieces: &[Piece]) -> Span {
    let end = pieces.last().map_or(0, |last| last.span.end);
    Span::new(end, end)
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;
    use crate::script::tokens::DIALECT;

    // The places of all faults of queries come from these words.
    #[test]
    fn the_parser_ends_its_sentences_with_the_place() {
        let error = |sql: &str| match Parser::parse_sql(&DIALECT, sql).unwrap_err() {
            ParserError::ParserError(sentence) => sentence,
            other => panic!("{other}"),
        };
        let sentence = error("SELECT a\n FROM t WHERE *");
        assert_eq!(cut(&sentence), ("Expected: an expression, found: *", Some((2, 15))));
        let sentence = error("SELECT a FROM t WHERE");
        assert_eq!(cut(&sentence), ("Expected: an expression, found: EOF", None));
    }

    #[test]
    fn a_sentence_without_a_place_stays_whole() {
        for sentence in ["", "x at Line: ", "x at Line: 1, Column: y"] {
            assert_eq!(cut(sentence), (sentence, None));
        }
    }
}
