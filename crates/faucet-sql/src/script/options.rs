//! The options of `WITH`.

use datafusion::sql::sqlparser::tokenizer::Token;
use faucet_pipeline::diagnostic::{Advice, Diagnostic, Span};

use crate::script::fault::{Read, With, syntax, twice};
use crate::script::statement::{Named, OptionDef};
use crate::script::tokens::Cursor;

/// The list behind `WITH`, and the options in it that are given twice.
pub(crate) fn options(cursor: &mut Cursor<'_>) -> Read<(Vec<OptionDef>, Vec<Diagnostic>)> {
    let mut options: Vec<OptionDef> = Vec::new();
    let mut repeated = Vec::new();
    if !cursor.take(&Token::LParen) {
        return Err(cursor.expected("`(` behind WITH").into());
    }
    while !cursor.take(&Token::RParen) {
        let name = option_name(cursor)?;
        equals(cursor, &name)?;
        let value = value(cursor)?;
        match options.iter().find(|option| option.name.text == name.text) {
            Some(first) => repeated.push(twice(&name.text, first.name.span, name.span)),
            None => options.push(OptionDef { name, value }),
        }
        let closes = cursor.peek().is_some_and(|piece| piece.is(&Token::RParen));
        if !closes && !cursor.take(&Token::Comma) {
            return Err(no_comma(cursor, options.last()).into());
        }
    }
    Ok((options, repeated))
}

fn option_name(cursor: &mut Cursor<'_>) -> Read<Named> {
    let Some(first) = cursor.peek() else {
        return Err(cursor.expected("an option or `)`").into());
    };
    if let Token::SingleQuotedString(text) = &first.token.token {
        let fault = syntax(first.span, "the name of an option does not stand in single quotes");
        return Err(fault.with_help(format!("put it in double quotes: \"{text}\"")).into());
    }
    let Some(name) = first.name() else {
        return Err(cursor.expected("the name of an option").into());
    };
    let mut named = Named { text: name.to_owned(), span: first.span };
    cursor.skip(1);
    while cursor.take(&Token::Period) {
        let Some((part, piece)) = cursor.peek().and_then(|piece| Some((piece.name()?, piece)))
        else {
            return Err(cursor.expected("the next part of the name").into());
        };
        named.text.push('.');
        named.text.push_str(part);
        named.span.end = piece.span.end;
        cursor.skip(1);
    }
    Ok(named)
}

fn equals(cursor: &mut Cursor<'_>, name: &Named) -> Read<()> {
    if cursor.take(&Token::Eq) {
        return Ok(());
    }
    let fault = cursor.expected(&format!("`=` behind `{}`", name.text));
    let help = match cursor.peek().map(|piece| &piece.token.token) {
        Some(Token::DoubleEq | Token::Colon | Token::Assignment | Token::RArrow) => "write `=`",
        Some(Token::Minus | Token::Mul | Token::Div) => {
            "a name with such a character stands in double quotes"
        }
        _ => "an option is written `name = 'value'`",
    };
    Err(fault.with_help(help).into())
}

fn value(cursor: &mut Cursor<'_>) -> Read<Named> {
    let begin = cursor.here();
    let is_negative = cursor.take(&Token::Minus);
    let Some(piece) = cursor.peek() else {
        return Err(cursor.expected("a value").into());
    };
    let text = match &piece.token.token {
        Token::SingleQuotedString(text) if !is_negative => text.clone(),
        Token::Number(number, _) if is_negative => format!("-{number}"),
        Token::Number(number, _) => number.clone(),
        Token::Word(word) if !is_negative && piece.is_one_of(&["true", "false"]) => {
            word.value.to_ascii_lowercase()
        }
        Token::Word(word) if !is_negative => {
            let why = match word.quote_style {
                Some(_) => "a value stands in single quotes, and not in double quotes",
                None => "a value stands in single quotes",
            };
            let fault = syntax(piece.span, why);
            // A text in quotes may be a secret.
            return Err(match word.quote_style {
                Some(_) => fault.with_help("replace the double quotes by single ones"),
                None => fault.with_help(format!("write '{}'", word.value)),
            }
            .into());
        }
        Token::EscapedStringLiteral(_) | Token::NationalStringLiteral(_) if !is_negative => {
            let fault = syntax(piece.span, "a value stands in plain single quotes");
            return Err(fault.with_help("remove the letter before the quote").into());
        }
        _ => {
            let fault = cursor.expected("a value in single quotes");
            return Err(fault.into());
        }
    };
    cursor.skip(1);
    Ok(Named { text, span: Span::new(begin.start, piece.span.end) })
}

/// What follows a value is no comma.
fn no_comma(cursor: &Cursor<'_>, last: Option<&OptionDef>) -> Diagnostic {
    if cursor.peek().is_none() {
        return cursor.expected("`,` or `)`");
    }
    let value = cursor.last().map_or_else(|| cursor.here(), |piece| piece.span);
    // The quote of the next option closed this one.
    if last.is_some_and(|option| option.value.text.contains(['=', '\n'])) && !begins_option(cursor)
    {
        return syntax(value, "a quote is not closed").with_advice(Advice::UnclosedQuote);
    }
    match begins_option(cursor) {
        true => syntax(value, "a comma is missing").with_advice(Advice::NoComma),
        false => cursor.expected("`,` or `)`"),
    }
}

/// Whether `name =` or `name.name` stands here.
fn begins_option(cursor: &Cursor<'_>) -> bool {
    let is_name = cursor.peek().is_some_and(|piece| piece.name().is_some());
    let behind = cursor.rest().get(1);
    is_name && behind.is_some_and(|piece| piece.is(&Token::Eq) || piece.is(&Token::Period))
}
