//! What DataFusion says about a query, at its place in the script.

use datafusion::common::{DataFusionError, SchemaError, Span as PlanSpan};
use datafusion::sql::sqlparser::ast::Query;
use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::compile::target::item;
use crate::engine::ROW_TIME;
use crate::script::{Places, With as _, fault::invalid, fault::unknown, uses};

/// A query as a user wrote it, and where.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a Query,
    pub(crate) places: &'a Places<'a>,
    /// The place of the whole query, for what has no place of its own.
    pub(crate) statement: Span,
}

/// What DataFusion says about a query, at its place.
pub(crate) fn explain(error: &DataFusionError, asked: Asked<'_>) -> Vec<Diagnostic> {
    error.iter().map(|error| one(error, asked)).collect()
}

fn one(error: &DataFusionError, asked: Asked<'_>) -> Diagnostic {
    let Asked { query, places, statement } = asked;
    let told = error.diagnostic();
    let at = |span: Option<PlanSpan>| {
        let span = span?;
        Some(Span::new(
            places.offset(span.start.line, span.start.column)?,
            places.offset(span.end.line, span.end.column)?,
        ))
    };
    let span = told.and_then(|told| at(told.span));
    let root = error.find_root();
    if let DataFusionError::SchemaError(error, _) = root
        && let SchemaError::FieldNotFound { field, valid_fields } = &**error
    {
        let span = span.or_else(|| at(field.spans().first())).unwrap_or(statement);
        if field.name == ROW_TIME {
            let why =
                "event_timestamp() is the time of a row of a stream, and this SELECT reads none";
            return invalid(span, why)
                .with_help("let the inner query bring it: SELECT event_timestamp() AS at, …");
        }
        // Hidden columns are ours.
        let visible = valid_fields.iter().filter(|field| !field.name.starts_with("__"));
        let known: Vec<&str> = visible.map(|field| field.name.as_str()).collect();
        let near = nearest(&field.name, known.iter().copied());
        return unknown(span, "column", &field.name, near, &known);
    }
    let text = match told {
        Some(told) => told.message.clone(),
        None => root.message().into_owned(),
    };
    // Behind the first line stand suggestions and traces.
    let line = text.lines().next().unwrap_or_default();
    if let Some((name, position)) = twice(line) {
        let span = item(query, position).and_then(|span| places.span(span)).unwrap_or(statement);
        let fault = invalid(span, format!("two columns of the result have the name `{name}`"));
        return fault.with_help(format!("give one of them another name: … AS {name}_2"));
    }
    let call = quoted(line).and_then(|name| Some((name, uses(query, name, places)?)));
    let span = span.or(call.map(|(_, span)| span)).unwrap_or(statement);
    let (why, advice) = shorter(line, call.map(|(name, _)| name));
    let mut fault = invalid(span, why);
    for note in told.into_iter().flat_map(|told| &told.notes) {
        if let Some(other) = at(note.span) {
            fault = fault.with_other(other, "here");
        }
    }
    let helps = told.into_iter().flat_map(|told| &told.helps).map(|help| help.message.as_str());
    let help: Vec<&str> = helps.chain(advice).collect();
    match help.is_empty() {
        true => fault,
        false => fault.with_help(help.join("; ")),
    }
}

/// The first name in single quotes.
fn quoted(line: &str) -> Option<&str> {
    line.split('\'').nth(1).filter(|name| !name.is_empty())
}

/// The name that two columns of a result have, and the place of the second one.
fn twice(line: &str) -> Option<(&str, usize)> {
    let rest =
        line.strip_prefix("Projections require unique expression names but the expression \"")?;
    let (first, rest) = rest.split_once("\" at position ")?;
    let (_, rest) = rest.split_once("\" at position ")?;
    let (position, _) = rest.split_once(' ')?;
    let name = first.rsplit_once(" AS ").map_or(first, |(_, name)| name);
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    Some((name, position.parse().ok()?))
}

/// The sentence without what only DataFusion's developers want to know, and what to do. `function` is a function
/// of the query that the sentence names.
fn shorter(line: &str, function: Option<&str>) -> (String, Option<&'static str>) {
    const CAST: &str = "convert the value: CAST(x AS DOUBLE)";
    let line = line.strip_prefix("Internal error: ").unwrap_or(line);
    if let (Some(name), Some((_, why))) =
        (function, line.split_once("failed to match any signature"))
    {
        let given = why.split_once("but received ").and_then(|(_, given)| given.split(' ').next());
        let given = given.map_or_else(
            || "these values".to_owned(),
            |given| format!("a value of the type {given}"),
        );
        return (format!("the function `{name}` does not take {given}"), Some(CAST));
    }
    if line.starts_with("Invalid function 'event_timestamp'") {
        return ("event_timestamp() takes no argument".to_owned(), None);
    }
    let (line, advice) = match line.split_once(". No function matches") {
        Some((line, _)) => {
            (line, function.map(|_| "look at the number and the types of its arguments"))
        }
        None => (line, None),
    };
    let mut chars = line.chars();
    let lower = chars.next().map(|first| first.to_lowercase().chain(chars).collect());
    (lower.unwrap_or_default(), advice)
}
