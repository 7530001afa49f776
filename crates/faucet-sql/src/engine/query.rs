//! A query: its plan, made once, and its executions.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};
use datafusion::sql::parser::Statement as Planned;
use datafusion::sql::sqlparser::ast::{Query as SqlQuery, Statement as SqlStatement};

use crate::engine::merge::in_place;
use crate::engine::moment::Moment;
use crate::engine::plan::{Environment, Plan};
use crate::engine::ready::ready;
use crate::engine::row_part::{RowPart, split};
use crate::engine::rows_first::rows_first;
use crate::engine::session::Session;
use crate::schema::Column;

/// The hidden column with the time of a row, for queries that ask for it.
pub(crate) const ROW_TIME: &str = "__event_ts";

/// The hidden column that says when a row was received. It goes through a query, so that the records that come
/// out keep the time.
pub(crate) const RECEIVED_AT: &str = "__received_at";

/// The columns that each row brings beside those that were declared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hidden {
    /// [`ROW_TIME`].
    pub(crate) row_time: bool,
    /// [`RECEIVED_AT`].
    pub(crate) received_at: bool,
}

/// A stream that a query reads.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// All that a plan is made of. A run makes a plan of its own.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) inputs: Vec<Input>,
    pub(crate) query: Box<SqlQuery>,
    pub(crate) windowed: bool,
    pub(crate) hidden: Hidden,
    /// The columns of the target, if it was declared.
    pub(crate) target: Option<Vec<Column>>,
}

/// A planned query.
#[derive(Debug)]
pub(crate) struct Query {
    /// The plan that is executed for each window, or without a window for each batch of rows.
    pub(crate) plan: Plan,
    /// The parts of a query with a window that are executed for each batch of rows.
    pub(crate) parts: Vec<RowPart>,
    logical: LogicalPlan,
    /// The window that the functions of the query tell about.
    pub(crate) moment: Arc<Moment>,
}

impl Recipe {
    /// The logical plan of the query as it is written.
    ///
    /// # Errors
    /// What DataFusion says about the query.
    pub(crate) fn understand(&self) -> Result<(Session, Arc<Moment>, LogicalPlan)> {
        let moment = Arc::new(Moment::default());
        let session = Session::new(self.windowed.then_some(&moment))?;
        for input in &self.inputs {
            session.declare(&input.name, &self.schema_of(input))?;
        }
        let statement = SqlStatement::Query(self.query.clone());
        let statement = Planned::Statement(Box::new(statement));
        let logical = ready(session.state().statement_to_plan(statement))?;
        Ok((session, moment, logical))
    }

    /// The columns of an input, and the hidden ones.
    pub(crate) fn schema_of(&self, input: &Input) -> SchemaRef {
        let mut fields: Vec<Field> =
            input.columns.iter().map(|column| column.kind.field(&column.name)).collect();
        let hidden = |name| Field::new(name, DataType::Int64, false);
        fields.extend(self.hidden.row_time.then(|| hidden(ROW_TIME)));
        fields.extend(self.hidden.received_at.then(|| hidden(RECEIVED_AT)));
        Arc::new(Schema::new(fields))
    }

    /// Plans the query. `logical` is that of [`understand`](Self::understand); its rows have the columns of
    /// the target in their order.
    ///
    /// # Errors
    /// What DataFusion says about the query.
    pub(crate) fn plan(&self) -> Result<Query> {
        let (session, moment, logical) = self.understand()?;
        let logical = match &self.target {
            Some(target) => into_target(logical, target)?,
            None => logical,
        };
        let state = session.state();
        let plan = in_place(ready(state.create_physical_plan(&logical))?)?;
        let (config, runtime) = (state.config().clone(), Arc::clone(state.runtime_env()));
        let environment = Environment { config, runtime };
        let (plan, parts) = match self.windowed {
            true => split(rows_first(plan)?, &environment)?,
            false => (plan, Vec::new()),
        };
        Ok(Query { plan: Plan::new(plan, &environment), parts, logical, moment })
    }
}

/// Gives the rows the columns of the target: each by its name, with the type that was declared.
fn into_target(logical: LogicalPlan, target: &[Column]) -> Result<LogicalPlan> {
    let is_kept = logical.schema().fields().iter().any(|field| field.name() == RECEIVED_AT);
    let mut columns: Vec<Expr> = target
        .iter()
        .map(|column| {
            let field = column.kind.field(&column.name);
            let value = match logical.schema().field_with_unqualified_name(&column.name) {
                Ok(found) if found.data_type() == field.data_type() => ident(&column.name),
                Ok(_) => cast(ident(&column.name), field.data_type().clone()),
                Err(error) => return Err(error),
            };
            Ok(value.alias_with_metadata(&column.name, Some(field.metadata().into())))
        })
        .collect::<Result<_>>()?;
    if is_kept {
        columns.push(ident(RECEIVED_AT));
    }
    LogicalPlanBuilder::from(logical).project(columns)?.build()
}

impl Query {
    /// All plans, for people.
    pub(crate) fn described(&self) -> String {
        let Self { plan, parts, logical, .. } = self;
        let logical = logical.display_indent();
        if parts.is_empty() {
            return format!("{logical}\n\n{plan}");
        }
        let parts: String = parts
            .iter()
            .map(|part| format!("{}, for each page:\n{}\n", part.leaf, part.plan))
            .collect();
        format!("{logical}\n\n{parts}for each window:\n{plan}")
    }
}
