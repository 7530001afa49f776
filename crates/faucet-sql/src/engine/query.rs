//! A query: its plan, made once, and its executions.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as Planned;
use datafusion::sql::sqlparser::ast::{Query as SqlQuery, Statement as SqlStatement};

use crate::engine::execution::Execution;
use crate::engine::inlet::Feed;
use crate::engine::merge::in_place;
use crate::engine::moment::Moment;
use crate::engine::ready::ready;
use crate::engine::session::Session;
use crate::schema::{Column, ColumnType};

/// The hidden column with the time of a row, for queries that ask for it.
pub(crate) const ROW_TIME: &str = "__event_ts";

/// The hidden column that says when a row was received. It goes through a query, so that the records that come
/// out keep the time.
pub(crate) const RECEIVED_AT: &str = "__received_at";

/// The hidden column with the place of a row in its batch.
pub(crate) const ROW: &str = "__row";

/// A cast of a column that is made before the query sees the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cast {
    /// The column that is cast.
    pub(crate) column: String,
    pub(crate) to: ColumnType,
    /// The hidden column with the result.
    pub(crate) name: String,
}

/// The columns that each row brings beside those that were declared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hidden {
    /// [`ROW`].
    pub(crate) row: bool,
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
    /// The casts that are made before.
    pub(crate) casts: Vec<Cast>,
    /// The columns of the target, if it was declared.
    pub(crate) target: Option<Vec<Column>>,
}

/// A planned query.
pub(crate) struct Query {
    plan: Arc<dyn ExecutionPlan>,
    /// How many of its parts read a stream.
    leaves: usize,
    logical: LogicalPlan,
    config: SessionConfig,
    runtime: Arc<RuntimeEnv>,
    moment: Arc<Moment>,
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
        fields.extend(self.casts.iter().map(|cast| cast.to.field(&cast.name)));
        let hidden = |name| Field::new(name, DataType::Int64, false);
        fields.extend(self.hidden.row.then(|| hidden(ROW)));
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
        let leaves = leaves(&*plan);
        Ok(Query { plan, leaves, logical, config, runtime, moment })
    }
}

/// How many parts of the plan read a stream.
fn leaves(plan: &dyn ExecutionPlan) -> usize {
    let own = usize::from(plan.name() == "StreamingTableExec");
    own + plan.children().into_iter().map(|child| leaves(&**child)).sum::<usize>()
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
    /// Begins an execution.
    ///
    /// # Errors
    /// DataFusion cannot begin it.
    pub(crate) fn begin(&self) -> Result<Execution> {
        let feed = Arc::new(Feed::new(self.leaves));
        let config = self.config.clone().with_extension(Arc::clone(&feed));
        let none = HashMap::new;
        // Functions are bound in the plan: the context of an execution needs none.
        let context = TaskContext::new(
            None,
            String::new(),
            config,
            none(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            Arc::clone(&self.runtime),
        );
        // An execution leaves its metrics in the plan, 4 KiB each, unless the plan begins anew.
        let plan = reset_plan_states(Arc::clone(&self.plan))?;
        Ok(Execution::new(feed, execute_stream(plan, Arc::new(context))?))
    }

    /// The fields of the result.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.plan.schema()
    }

    /// The window that the functions of the query tell about.
    pub(crate) fn moment(&self) -> &Moment {
        &self.moment
    }

    /// The bytes that all executions hold at the moment.
    pub(crate) fn memory(&self) -> usize {
        self.runtime.memory_pool.reserved()
    }

    /// Both plans, for people.
    pub(crate) fn described(&self) -> String {
        let physical = displayable(&*self.plan).indent(false);
        format!("{}\n\n{physical}", self.logical.display_indent())
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query").field("schema", &self.schema()).finish_non_exhaustive()
    }
}
