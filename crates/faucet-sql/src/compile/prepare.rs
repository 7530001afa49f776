//! From a query to a transform, or to what is wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::Query;
use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::compile::explain::{Asked, explain};
use crate::compile::limits::{asks_early, endless};
use crate::compile::reads::{keep_times, prune};
use crate::compile::stream::{StreamDecl, TimeDecl};
use crate::compile::target::{misfits, name_expressions};
use crate::compile::types::unknown_types;
use crate::engine::{Hidden, Input, RECEIVED_AT, Recipe, Session};
use crate::rows::{Encoder, Format};
use crate::schema::Column;
use crate::script::{
    Places, WindowClause, fault::invalid, fault::unknown, functions, use_row_time, without_window,
};
use crate::stage::{InputPlan, TimeColumn};
use crate::transform::SqlTransform;
use crate::window::Time;

/// How long a window waits for rows that arrived before its end and are on their way, in milliseconds.
const GRACE: i64 = 1000;

/// A query, and the streams around it.
pub(crate) struct Question<'a> {
    /// The statement, for errors at run time.
    pub(crate) label: String,
    pub(crate) query: Box<Query>,
    pub(crate) window: Option<WindowClause>,
    /// The streams that the query reads.
    pub(crate) inputs: Vec<StreamDecl>,
    /// The stream that takes the rows, if it was declared with columns.
    pub(crate) target: Option<(&'a str, &'a [Column])>,
    /// How the rows become records.
    pub(crate) format: Format,
    pub(crate) places: &'a Places<'a>,
    /// The place of the whole query.
    pub(crate) span: Span,
}

impl Question<'_> {
    fn asked(&self) -> Asked<'_> {
        Asked { query: &self.query, places: self.places, statement: self.span }
    }
}

/// Plans a query.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn prepare(mut question: Question<'_>) -> Result<SqlTransform, Vec<Diagnostic>> {
    let mut faults = unknown_functions(&question);
    faults.extend(unknown_types(&question.query, question.places));
    if !faults.is_empty() {
        return Err(faults);
    }
    let time = time_of(&question)?;
    let mut hidden = Hidden::default();
    if question.window.is_none() {
        let faults = without_window(&question.query, question.places);
        if !faults.is_empty() {
            return Err(faults);
        }
        hidden.row_time = use_row_time(&mut question.query).used;
    }
    if let Some((_, target)) = question.target {
        name_expressions(&mut question.query, target);
    }
    let input = |stream: &StreamDecl| Input {
        name: stream.name.to_string(),
        columns: stream.columns.clone(),
    };
    let mut recipe = Recipe {
        inputs: question.inputs.iter().map(input).collect(),
        query: question.query.clone(),
        windowed: question.window.is_some(),
        hidden,
        target: question.target.map(|(_, columns)| columns.to_vec()),
    };
    let holds = understand(&question, &recipe)?;
    if question.window.is_none() {
        // Behind the look at the query: nobody is told of a column that is ours.
        recipe.hidden.received_at = keep_times(&mut recipe.query);
    }
    prune(&mut recipe).map_err(|error| explain(&error, question.asked()))?;
    let plan = recipe.plan().map_err(|error| explain(&error, question.asked()))?;
    let rows = visible(&plan.plan.schema());
    if let Err(error) = Encoder::new(question.format, &rows) {
        return Err(vec![invalid(question.span, error.to_string())]);
    }
    let inputs = question.inputs.iter().zip(&recipe.inputs);
    let inputs = inputs.map(|(stream, input)| plan_of(stream, input));
    Ok(SqlTransform {
        label: question.label.into(),
        inputs: inputs.collect(),
        feeds: None,
        window: question.window.map(|clause| clause.window),
        time,
        holds,
        format: question.format,
        rows,
        described: plan.described().into(),
        recipe: Arc::new(recipe),
    })
}

/// Looks at the plan of the query as it is written. Returns whether rows have to wait for the end of their
/// window.
fn understand(question: &Question<'_>, recipe: &Recipe) -> Result<bool, Vec<Diagnostic>> {
    let Question { places, span, .. } = *question;
    let told = |error| explain(&error, question.asked());
    let (session, _, logical) = recipe.understand().map_err(told)?;
    if question.window.is_none() {
        let state = session.state();
        let is_aggregate =
            |name: &str| state.aggregate_functions().contains_key(&name.to_lowercase());
        if let Some(fault) = endless(&logical, &recipe.query, is_aggregate, places, span) {
            return Err(vec![fault]);
        }
    }
    if let Some((name, target)) = question.target {
        let rows = logical.schema().as_arrow();
        let faults = misfits(rows, target, name, &recipe.query, places, span);
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    asks_early(&logical).map_err(told)
}

fn unknown_functions(question: &Question<'_>) -> Vec<Diagnostic> {
    // Those of a window are known to all queries: without one they get an error of their own.
    let moment = Arc::default();
    let Ok(session) = Session::new(Some(&moment)) else { return Vec::new() };
    let state = session.state();
    let names: BTreeSet<&str> = (state.scalar_functions().keys())
        .chain(state.aggregate_functions().keys())
        .chain(state.window_functions().keys())
        .chain(state.higher_order_functions().keys())
        .map(String::as_str)
        .collect();
    let called = functions(&question.query, question.places).into_iter();
    let missing = called.filter(|call| !names.contains(call.text.to_lowercase().as_str()));
    let known: Vec<&str> = names.iter().copied().collect();
    missing
        .map(|call| {
            let near = nearest(&call.text.to_lowercase(), names.iter().copied());
            unknown(call.span, "function", &call.text, near, &known)
        })
        .collect()
}

/// By which time the query has windows.
fn time_of(question: &Question<'_>) -> Result<Time, Vec<Diagnostic>> {
    let times: Vec<TimeDecl> = question.inputs.iter().filter_map(|stream| stream.time).collect();
    match question.window {
        Some(_) if !times.is_empty() && times.len() < question.inputs.len() => {
            let without = question.inputs.iter().find(|stream| stream.time.is_none());
            let name = without.map(|stream| &*stream.name).unwrap_or_default();
            let why = format!(
                "the other streams have an event time, and `{name}` has none: set `time.column` for it too"
            );
            Err(vec![invalid(question.span, why)])
        }
        Some(_) if !times.is_empty() => Ok(Time::Event {
            lateness: times.iter().map(|time| time.lateness).max().unwrap_or_default(),
            idle: times.iter().map(|time| time.idle).max().unwrap_or_default(),
        }),
        _ => Ok(Time::Arrival { grace: GRACE }),
    }
}

/// How the stream is read. The column of the time is decoded, also where the query does not read it.
fn plan_of(stream: &StreamDecl, input: &Input) -> InputPlan {
    let mut columns = input.columns.clone();
    let visible = columns.len();
    let mut place = |wanted: &Column| {
        let known = columns.iter().position(|column| column.name == wanted.name);
        known.unwrap_or_else(|| {
            columns.push(wanted.clone());
            columns.len() - 1
        })
    };
    let time = stream.time.map(|time| {
        let column = place(&stream.columns[time.column]);
        TimeColumn { column, unit: time.unit }
    });
    InputPlan {
        name: Arc::clone(&stream.name),
        format: stream.format,
        columns,
        visible,
        time,
        on_bad_row: stream.on_bad_row,
    }
}

/// The fields of the rows without the hidden ones.
fn visible(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().filter(|field| field.name() != RECEIVED_AT);
    Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()))
}
