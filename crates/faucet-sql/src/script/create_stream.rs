//! `CREATE STREAM name (columns) WITH (options)`.

use datafusion::sql::sqlparser::ast::DataType as SqlType;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;
use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Advice, Diagnostic, Span};

use crate::schema::ColumnType;
use crate::script::fault::{Read, With, invalid, syntax, twice, unknown};
use crate::script::options::options;
use crate::script::places::Places;
use crate::script::slip::gave_up;
use crate::script::statement::{ColumnDef, CreateStream, Named};
use crate::script::tokens::{Cursor, DIALECT, Piece, begins_with, whole};

/// The names of standard SQL that are close to a slip, and the types that they stand for.
const STANDARD: [(&str, ColumnType); 8] = [
    ("VARCHAR", ColumnType::String),
    ("TEXT", ColumnType::String),
    ("INTEGER", ColumnType::Int),
    ("BIGINT", ColumnType::Long),
    ("REAL", ColumnType::Float),
    ("BOOLEAN", ColumnType::Bool),
    ("JSON", ColumnType::Object),
    ("BLOB", ColumnType::Bytes),
];

/// Reads what stands behind `CREATE STREAM`.
pub(crate) fn create_stream(
    pieces: &[Piece],
    places: &Places<'_>,
) -> Result<CreateStream, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    match read(pieces, places, &mut faults) {
        Ok(stream) if faults.is_empty() => Ok(stream),
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.push(*fault);
            Err(faults)
        }
    }
}

fn read(pieces: &[Piece], places: &Places<'_>, faults: &mut Vec<Diagnostic>) -> Read<CreateStream> {
    let mut cursor = Cursor::new(pieces);
    if let Some(clause) =
        pieces.get(..3).filter(|three| begins_with(three, &["IF", "NOT", "EXISTS"]))
    {
        let fault = syntax(whole(clause).unwrap_or_default(), "a script creates each stream once");
        return Err(fault.with_help("leave out `IF NOT EXISTS`").into());
    }
    let name = stream_name(&mut cursor)?;
    let begins_columns = cursor.peek().is_some_and(|piece| piece.is(&Token::LParen));
    let columns = match begins_columns {
        true => columns(&mut cursor, places, faults)?,
        false => Vec::new(),
    };
    let options = match cursor.take_word("WITH") {
        true => {
            let (options, repeated) = options(&mut cursor)?;
            faults.extend(repeated);
            Some(options)
        }
        false => None,
    };
    match cursor.peek() {
        None if begins_columns || options.is_some() => Ok(CreateStream { name, columns, options }),
        None => Err(cursor.expected("`(` with the columns").into()),
        Some(piece) if piece.is_word("AS") => {
            let fault = cursor.expected("`(` with the columns");
            let help = format!("a query fills a stream so: INSERT INTO {} SELECT …", name.text);
            Err(fault.with_help(help).into())
        }
        Some(piece)
            if piece.is_one_of(&["CREATE", "SELECT", "INSERT"])
                && (begins_columns || options.is_some()) =>
        {
            Err(cursor.expected("`;`").with_help("end the statement before it with `;`").into())
        }
        Some(_) => Err(match (begins_columns, &options) {
            (_, Some(_)) => cursor.expected("`;`"),
            (true, None) => cursor.expected("WITH or `;`"),
            (false, None) => cursor.expected("`(` with the columns, or WITH"),
        }
        .into()),
    }
}

/// The name of a stream.
pub(crate) fn stream_name(cursor: &mut Cursor<'_>) -> Read<Named> {
    let Some((name, piece)) = cursor.peek().and_then(|piece| Some((piece.name()?, piece))) else {
        return Err(cursor.expected("the name of a stream").into());
    };
    let is_dot = |piece: Option<&Piece>| piece.is_some_and(|piece| piece.is(&Token::Period));
    if piece.is_one_of(&["SELECT", "WITH"]) && !is_dot(cursor.rest().get(1)) {
        return Err(cursor.expected("the name of a stream").into());
    }
    cursor.skip(1);
    if is_dot(cursor.peek()) {
        let end = cursor.rest().get(1).map_or(piece.span.end, |next| next.span.end);
        let fault = syntax(Span::new(piece.span.start, end), "the name of a stream has one part");
        return Err(fault.with_help("put a name with a dot in double quotes").into());
    }
    Ok(Named { text: name.to_owned(), span: piece.span })
}

fn columns(
    cursor: &mut Cursor<'_>,
    places: &Places<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Read<Vec<ColumnDef>> {
    let mut columns: Vec<ColumnDef> = Vec::new();
    cursor.skip(1);
    loop {
        if begins_constraint(cursor.rest()) {
            return Err(constraint(cursor).into());
        }
        let Some((name, piece)) = cursor.peek().and_then(|piece| Some((piece.name()?, piece)))
        else {
            return Err(cursor.expected("the name of a column").into());
        };
        let name = Named { text: name.to_owned(), span: piece.span };
        cursor.skip(1);
        let kind = match column_type(cursor, places, &name)? {
            Ok(kind) => Some(kind),
            Err(fault) => {
                faults.push(*fault);
                None
            }
        };
        if let Some(first) = columns.iter().find(|column| column.name.text == name.text) {
            faults.push(twice(&name.text, first.name.span, name.span));
        } else {
            // The faults keep a statement without a type from use.
            columns.push(ColumnDef { name, kind: kind.unwrap_or(ColumnType::String) });
        }
        if cursor.take(&Token::RParen) {
            return Ok(columns);
        }
        if !cursor.take(&Token::Comma) {
            return Err(behind_type(cursor).into());
        }
    }
}

/// The type of a column. The outer error ends the statement, the inner one does not.
fn column_type(
    cursor: &mut Cursor<'_>,
    places: &Places<'_>,
    column: &Named,
) -> Read<Read<ColumnType>> {
    let ends = |piece: &Piece| piece.is(&Token::Comma) || piece.is(&Token::RParen);
    if cursor.peek().is_none_or(ends) {
        let what = format!("the type of the column `{}`", column.text);
        return Err(cursor.expected(&what).into());
    }
    let tokens: Vec<_> = cursor.rest().iter().map(|piece| piece.token.clone()).collect();
    let mut parser = Parser::new(&DIALECT).with_tokens_with_locations(tokens);
    let sql = parser.parse_data_type();
    let sql = sql.map_err(|error| Box::new(gave_up(&error, cursor.rest(), places)))?;
    let read = &cursor.rest()[..parser.index().min(cursor.rest().len())];
    let span = whole(read).unwrap_or_else(|| cursor.here());
    cursor.skip(read.len());
    Ok(ColumnType::of_sql(&sql).ok_or_else(|| Box::new(unknown_type(&sql, read, span))))
}

fn unknown_type(sql: &SqlType, read: &[Piece], span: Span) -> Diagnostic {
    let name = sql.to_string();
    let bare = name.split(['(', '<', '[']).next().unwrap_or_default().trim();
    if let (Some(kind), true) = (ColumnType::of_name(bare), bare.len() < name.len()) {
        let span = read.first().map_or(span, |first| Span::new(first.span.end, span.end));
        let fault = invalid(span, format!("the type {kind} takes nothing in brackets"));
        return fault.with_help(format!("write {kind}"));
    }
    let known = ColumnType::ALL.map(ColumnType::as_str);
    let standard = || nearest(bare, STANDARD.map(|(name, _)| name));
    unknown(span, "type", &name, nearest(bare, known).or_else(standard), &known)
}

/// Whether a constraint of a table stands here, and no column.
fn begins_constraint(rest: &[Piece]) -> bool {
    let is_list = rest.get(1).is_some_and(|piece| piece.is(&Token::LParen));
    begins_with(rest, &["PRIMARY", "KEY"])
        || begins_with(rest, &["FOREIGN", "KEY"])
        || rest.first().is_some_and(|piece| piece.is_one_of(&["UNIQUE", "CHECK"]) && is_list)
}

/// The fault of a constraint, up to the next comma or the end of the list.
fn constraint(cursor: &Cursor<'_>) -> Diagnostic {
    let rest = cursor.rest();
    let mut depth = 0_usize;
    let ends = |piece: &Piece| {
        match piece.token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return true,
            Token::RParen => depth -= 1,
            Token::Comma => return depth == 0,
            _ => {}
        }
        false
    };
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    let span = whole(&rest[..length]).unwrap_or_else(|| cursor.here());
    syntax(span, "a column of a stream has a name and a type, and no constraints")
        .with_help("leave it out; every column may be NULL")
}

/// What follows a type is neither a comma nor the end of the list.
fn behind_type(cursor: &Cursor<'_>) -> Diagnostic {
    const CONSTRAINTS: [&str; 10] = [
        "NOT",
        "NULL",
        "PRIMARY",
        "UNIQUE",
        "DEFAULT",
        "CHECK",
        "REFERENCES",
        "CONSTRAINT",
        "COLLATE",
        "GENERATED",
    ];
    let last = cursor.last().map_or_else(|| cursor.here(), |piece| piece.span);
    match cursor.peek() {
        Some(piece) if piece.is_one_of(&CONSTRAINTS) => constraint(cursor),
        Some(piece) if piece.is_word("WITH") => {
            cursor.expected("`)` behind the columns").with_help("add the `)`")
        }
        Some(piece) if piece.name().is_some() => {
            syntax(last, "a comma is missing").with_advice(Advice::NoComma)
        }
        _ => cursor.expected("`,` or `)` behind the type"),
    }
}
