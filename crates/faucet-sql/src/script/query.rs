//! Queries: `SELECT`, with a target and a window that the parser does not know.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Query, Select, SetExpr, Spanned as _, Statement as SqlStatement, Visit as _, Visitor,
};
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Span as SqlSpan, Token};
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::create_stream::stream_name;
use crate::script::fault::{Read, With, syntax, twice};
use crate::script::places::Places;
use crate::script::slip::{gave_up, trailing_comma, unexpected};
use crate::script::statement::{Named, QueryStatement, WindowClause};
use crate::script::tokens::{Cursor, DIALECT, Piece, begins_with, expected, whole};
use crate::script::window_clause::{begins_window, window_clause};

/// `INSERT INTO name`, and where it stood.
struct Target {
    name: Named,
    span: Span,
    /// The number of tokens of the query before it.
    before: usize,
}

/// A query, and what was taken out of it.
#[derive(Default)]
struct Lifted {
    body: Vec<Piece>,
    into: Option<Target>,
    window: Option<WindowClause>,
}

/// Reads a statement that begins like a query.
pub(crate) fn query(pieces: &[Piece], places: &Places<'_>) -> Read<QueryStatement> {
    let span = whole(pieces).unwrap_or_default();
    let Lifted { body, into, window } = lift(pieces)?;
    let into = into.map(|target| placed(target, &body)).transpose()?;
    if let Some(fault) = trailing_comma(&body) {
        return Err(fault.into());
    }
    let tokens = body.iter().map(|piece| piece.token.clone()).collect();
    let mut parser = Parser::new(&DIALECT).with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(|error| gave_up(&error, &body, places))?;
    if parser.index() < body.len() {
        return Err(unexpected("end of statement", &body, parser.index()).into());
    }
    if let ControlFlow::Break((place, why, help)) = query.visit(&mut Refused) {
        let place = places.span(place).unwrap_or(span);
        return Err(syntax(place, why).with_help(help).into());
    }
    Ok(QueryStatement { into, query, window, span })
}

/// Takes the target and the window out of the tokens.
fn lift(pieces: &[Piece]) -> Read<Lifted> {
    let mut lifted = Lifted::default();
    let mut cursor = Cursor::new(pieces);
    let (mut depth, mut has_from) = (0_i64, false);
    while let Some(piece) = cursor.peek() {
        let rest = cursor.rest();
        match piece.token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        if depth == 0 && piece.is_word("INSERT") && is_target(rest, &lifted) {
            let target = target(&mut cursor, lifted.body.len())?;
            match &lifted.into {
                Some(first) => return Err(second_target(first, target.span).into()),
                None => lifted.into = Some(target),
            }
            continue;
        }
        if depth == 0 && begins_with(rest, &["CREATE", "STREAM"]) {
            let fault = syntax(piece.span, expected("`;`", Some(piece)));
            return Err(fault.with_help("end the statement before it with `;`").into());
        }
        if depth > 0 && begins_window(rest) && piece.is_word("WINDOW") && rest[1].word().is_some() {
            let fault =
                syntax(piece.span, "a window belongs to the whole query, and not to a part of it");
            let help = "write it behind the FROM of the query; a part with a window of its own is a query of its \
                        own with INSERT INTO";
            return Err(fault.with_help(help).into());
        }
        if depth == 0
            && let Some((clause, length)) = window_clause(rest)?
        {
            if !has_from {
                return Err(syntax(clause.span, "WINDOW stands behind FROM").into());
            }
            if let Some(first) = lifted.window {
                return Err(twice("WINDOW", first.span, clause.span).into());
            }
            lifted.window = Some(clause);
            cursor.skip(length);
            continue;
        }
        has_from |= depth == 0 && piece.is_word("FROM");
        lifted.body.push(piece.clone());
        cursor.skip(1);
    }
    Ok(lifted)
}

/// Whether `INSERT` begins a target, and is no name.
fn is_target(rest: &[Piece], lifted: &Lifted) -> bool {
    begins_with(rest, &["INSERT", "INTO"]) || lifted.body.is_empty()
}

/// `INSERT INTO name`.
fn target(cursor: &mut Cursor<'_>, before: usize) -> Read<Target> {
    let start = cursor.here().start;
    cursor.skip(1);
    if !cursor.take_word("INTO") {
        return Err(cursor.expected("INTO behind INSERT").into());
    }
    let name = stream_name(cursor)?;
    if cursor.peek().is_some_and(|piece| piece.is(&Token::LParen)) {
        let inner =
            |piece: &&Piece| piece.is(&Token::LParen) || piece.is_one_of(&["SELECT", "WITH"]);
        if cursor.rest().get(1).is_none_or(|piece| !inner(&piece)) {
            return Err(column_list(cursor).into());
        }
    }
    if cursor.peek().is_some_and(|piece| piece.is_word("VALUES")) {
        let fault = cursor.expected("SELECT");
        return Err(fault.with_help("the rows of a stream come from a SELECT").into());
    }
    let span = Span::new(start, name.span.end);
    Ok(Target { name, span, before })
}

/// `INSERT INTO name (a, b)`.
fn column_list(cursor: &Cursor<'_>) -> Diagnostic {
    let rest = cursor.rest();
    let close = rest.iter().position(|piece| piece.is(&Token::RParen)).unwrap_or(0);
    let span = whole(&rest[..=close]).unwrap_or_else(|| cursor.here());
    syntax(span, "INSERT INTO takes no list of columns")
        .with_help("name the columns in SELECT: SELECT x AS a, y AS b")
}

fn second_target(first: &Target, again: Span) -> Diagnostic {
    let fault = twice("INSERT INTO", first.span, again);
    fault.with_help("or end the first statement with `;`")
}

/// The target, where it stands before a SELECT or at the end.
fn placed(target: Target, body: &[Piece]) -> Read<Named> {
    let Some(next) = body.get(target.before) else {
        if body.is_empty() {
            let end = Span::new(target.span.end, target.span.end);
            let fault = syntax(end, expected("SELECT", None));
            return Err(fault.into());
        }
        return Ok(target.name);
    };
    let begins_query = next.is(&Token::LParen) || next.is_one_of(&["SELECT", "WITH"]);
    match begins_query && (target.before == 0 || body[0].is_word("WITH")) {
        true => Ok(target.name),
        false if target.before == 0 => {
            Err(syntax(next.span, expected("SELECT", Some(next))).into())
        }
        false => {
            let fault =
                syntax(target.span, "INSERT INTO stands before SELECT or at the end of a query");
            Err(fault.with_help("move it there, or end the statement before it with `;`").into())
        }
    }
}

/// Finds what the parser reads and scripts do not have.
struct Refused;

impl Visitor for Refused {
    type Break = (SqlSpan, &'static str, &'static str);

    fn pre_visit_statement(&mut self, statement: &SqlStatement) -> ControlFlow<Self::Break> {
        let why = "a query reads rows, and changes none";
        ControlFlow::Break((statement.span(), why, "write SELECT"))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        match &select.into {
            Some(into) => {
                let help = "write INSERT INTO before SELECT or at the end of the query";
                ControlFlow::Break((into.name.span(), "SELECT has no INTO", help))
            }
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        match query.body.as_ref() {
            SetExpr::Table(_) => {
                let why = "a query begins with SELECT, and not with TABLE";
                ControlFlow::Break((query.span(), why, "write SELECT * FROM"))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
