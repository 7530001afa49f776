//! The session in which queries are planned.

use std::sync::Arc;

use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::TableReference;
use datafusion::error::Result;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::optimizer::common_subexpr_eliminate::CommonSubexprEliminate;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::sqlparser::ast::DataType as SqlType;

use crate::engine::functions::of_window;
use crate::engine::inlet::Inlet;
use crate::engine::moment::Moment;
use crate::schema::ColumnType;

/// The memory that the groups and open windows of one query may take, in bytes.
pub(crate) const MEMORY: usize = 1 << 30;

/// Knows the types of streams in `CAST(x AS LONG)` too.
#[derive(Debug)]
struct Types;

impl TypePlanner for Types {
    fn plan_type_field(&self, sql: &SqlType) -> Result<Option<FieldRef>> {
        Ok(ColumnType::of_sql(sql).map(|kind| Arc::new(kind.field(""))))
    }
}

/// A session of one query: its streams and functions.
pub(crate) struct Session {
    context: SessionContext,
}

impl Session {
    /// A session of a query with a window if there is a `moment`.
    ///
    /// # Errors
    /// DataFusion cannot set up its runtime environment.
    pub(crate) fn new(moment: Option<&Arc<Moment>>) -> Result<Self> {
        let mut builder = SessionStateBuilder::new_with_default_features()
            .with_config(config())
            .with_runtime_env(runtime()?)
            .with_type_planner(Arc::new(Types));
        if moment.is_some() {
            builder = builder.with_optimizer_rules(rules_for_windows());
        }
        let mut state = builder.build();
        datafusion_functions_json::register_all(&mut state)?;
        let context = SessionContext::new_with_state(state);
        for function in moment.map(of_window).unwrap_or_default() {
            context.register_udf((*function).clone());
        }
        Ok(Self { context })
    }

    /// Declares a stream.
    ///
    /// # Errors
    /// The name is taken.
    pub(crate) fn declare(&self, name: &str, schema: &SchemaRef) -> Result<()> {
        let inlet = Inlet { name: name.to_owned(), schema: Arc::clone(schema) };
        // Bounded: each execution has an end, and DataFusion refuses to aggregate what has none.
        let table = StreamingTable::try_new(Arc::clone(schema), vec![Arc::new(inlet)])?;
        // A plain text would become lower case.
        self.context.register_table(TableReference::bare(name), Arc::new(table))?;
        Ok(())
    }

    pub(crate) fn state(&self) -> SessionState {
        self.context.state()
    }
}

/// The rules of the optimizer for a query with a window.
fn rules_for_windows() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    // An expression that stands behind FILTER twice would be computed once, for the rows that FILTER leaves out too.
    let is_kept = |rule: &Arc<dyn OptimizerRule + Send + Sync>| {
        rule.name() != CommonSubexprEliminate::new().name()
    };
    Optimizer::new().rules.into_iter().filter(is_kept).collect()
}

fn config() -> SessionConfig {
    // One partition: several would work in tasks of their own, and mix up the order of rows.
    let mut config = SessionConfig::new().with_target_partitions(1);
    let options = config.options_mut();
    // `t` and `T` are two columns.
    options.sql_parser.enable_ident_normalization = false;
    // Errors have the place of the column that they are about.
    options.sql_parser.collect_spans = true;
    // A plan is executed many times; what a filter has learned in one execution is wrong in the next.
    options.optimizer.enable_dynamic_filter_pushdown = false;
    // Each side of UNION ALL would be sorted in a task of its own.
    options.optimizer.repartition_sorts = false;
    // A subquery in an expression would begin to read when its first rows have gone by.
    options.optimizer.enable_physical_uncorrelated_scalar_subquery = false;
    config
}

fn runtime() -> Result<Arc<RuntimeEnv>> {
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(MEMORY)))
        .with_disk_manager_builder(disk)
        .build_arc()
}
