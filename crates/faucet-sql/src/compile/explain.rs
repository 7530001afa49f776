//! What DataFusion says about a query, at its place in the script.

use datafusion::common::{DataFusionError, SchemaError, Span as PlanSpan};
use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::{Places, With as _, fault::invalid, fault::unknown};

/// What DataFusion says about a query, at its place. `statement` is the place of the whole query, for what has
/// no place of its own.
pub(crate) fn explain(
    error: &DataFusionError,
    places: &Places<'_>,
    statement: Span,
) -> Vec<Diagnostic> {
    error.iter().map(|error| one(error, places, statement)).collect()
}

fn one(error: &DataFusionError, places: &Places<'_>, statement: Span) -> Diagnostic {
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
    let mut fault = invalid(span.unwrap_or(statement), line);
    for note in told.into_iter().flat_map(|told| &told.notes) {
        if let Some(other) = at(note.span) {
            fault = fault.with_other(other);
        }
    }
    let helps = told.into_iter().flat_map(|told| &told.helps).map(|help| help.message.as_str());
    let help: Vec<&str> = helps.collect();
    match help.is_empty() {
        true => fault,
        false => fault.with_help(help.join("; ")),
    }
}
