//! From the text of a script to its statements.

use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::create_stream::create_stream;
use crate::script::fault::{syntax, unknown};
use crate::script::places::Places;
use crate::script::query::query;
use crate::script::statement::Statement;
use crate::script::tokens::{Piece, begins_with, expected, statements};

/// What a script says.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The statements without faults, in the order of the text.
    pub(crate) statements: Vec<Statement>,
    /// What is wrong with the others.
    pub(crate) faults: Vec<Diagnostic>,
}

/// Reads a whole script. A statement that cannot be read is a fault, and the others are read.
pub(crate) fn parse(text: &str) -> Parsed {
    let places = Places::new(text);
    let (pieces, broken) = statements(&places);
    let mut parsed = Parsed { statements: Vec::new(), faults: Vec::new() };
    for pieces in &pieces {
        match statement(pieces, &places) {
            Ok(statement) => parsed.statements.push(statement),
            Err(faults) => parsed.faults.extend(faults),
        }
    }
    parsed.faults.extend(broken);
    parsed
}

fn statement(pieces: &[Piece], places: &Places<'_>) -> Result<Statement, Vec<Diagnostic>> {
    use datafusion::sql::sqlparser::tokenizer::Token;
    let Some(first) = pieces.first() else { return Err(Vec::new()) };
    if begins_with(pieces, &["CREATE", "STREAM"]) {
        return create_stream(&pieces[2..], places).map(Statement::Stream);
    }
    if first.is(&Token::LParen) || first.is_one_of(&["SELECT", "WITH", "INSERT"]) {
        return query(pieces, places).map(Statement::Query).map_err(|fault| vec![*fault]);
    }
    Err(vec![no_statement(pieces, first)])
}

/// The statement is none that scripts have.
fn no_statement(pieces: &[Piece], first: &Piece) -> Diagnostic {
    const KNOWN: [&str; 3] = ["CREATE STREAM", "INSERT INTO", "SELECT"];
    let Some(word) = first.word() else {
        return syntax(first.span, expected("CREATE STREAM, INSERT INTO or SELECT", Some(first)));
    };
    let second = pieces.get(1).and_then(Piece::word);
    if first.is_word("CREATE")
        || first.is_word("DEFINE")
        || second.is_some_and(|second| second.eq_ignore_ascii_case("STREAM"))
    {
        // `CREATE OR REPLACE TABLE` is named as a whole.
        let filler =
            ["CREATE", "DEFINE", "OR", "REPLACE", "TEMPORARY", "TEMP", "EXTERNAL", "UNBOUNDED"];
        let length =
            pieces.iter().position(|piece| !piece.is_one_of(&filler)).unwrap_or(pieces.len());
        let named = &pieces[..(length + 1).max(2).min(pieces.len())];
        let words: Vec<&str> = named.iter().filter_map(Piece::word).collect();
        let end = named.last().map_or(first.span.end, |last| last.span.end);
        let span = Span::new(first.span.start, end);
        return unknown(span, "statement", &words.join(" ").to_uppercase(), Some(KNOWN[0]), &KNOWN);
    }
    let near = match nearest(word, ["CREATE", "INSERT", "SELECT", "FROM"]) {
        Some("CREATE") => Some(KNOWN[0]),
        Some("INSERT") => Some(KNOWN[1]),
        Some(_) => Some(KNOWN[2]),
        None => None,
    };
    unknown(first.span, "statement", &word.to_uppercase(), near, &KNOWN)
}
