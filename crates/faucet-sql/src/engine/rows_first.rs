//! Computes what may fail for a row before the steps of a plan that keep rows or groups.
//!
//! A window is one execution of a plan. A text that is no number would fail the execution, and with it every row
//! of the window. Expressions such as `CAST(p AS DOUBLE)` in `SUM(CAST(p AS DOUBLE))` therefore become columns
//! of a projection below the step: [`split`](super::row_part::split) cuts the plan there.

use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::{
    Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion,
};
use datafusion::error::Result;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{CaseExpr, Column, case};
use datafusion::physical_expr::{
    LexOrdering, PhysicalExpr, PhysicalSortExpr, conjunction, split_conjunction,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateInputMode, PhysicalGroupBy};
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::sorts::sort::SortExec;

use crate::engine::expressions::{asks_window, may_fail};
use crate::engine::row_part::is_by_row;

type Plan = Arc<dyn ExecutionPlan>;
type Expr = Arc<dyn PhysicalExpr>;

/// The plan, with expressions that may fail for a row in projections of their own.
///
/// # Errors
/// DataFusion cannot put the plan together again.
pub(super) fn rows_first(plan: Plan) -> Result<Plan> {
    let lowered = |step: Plan| {
        let lowered = if let Some(aggregate) = step.downcast_ref::<AggregateExec>() {
            lower_aggregate(aggregate)?
        } else if let Some(projection) = step.downcast_ref::<ProjectionExec>() {
            lower_projection(projection)?
        } else if let Some(filter) = step.downcast_ref::<FilterExec>() {
            lower_filter(filter)?
        } else if let Some(sort) = step.downcast_ref::<SortExec>() {
            lower_sort(sort)?
        } else {
            None
        };
        Ok(lowered.map_or_else(|| Transformed::no(step), Transformed::yes))
    };
    plan.transform_up(lowered).data()
}

/// A projection below a step: the columns of its input, and behind them expressions of the step.
struct Below {
    input: Plan,
    schema: SchemaRef,
    taken: Vec<Expr>,
}

impl Below {
    /// `None`: the input is no plan that looks at each row by itself.
    fn new(input: &Plan) -> Option<Self> {
        let (input, schema) = (Arc::clone(input), input.schema());
        is_by_row(&input).then_some(Self { input, schema, taken: Vec::new() })
    }

    /// Takes the largest parts of an expression that may fail and do not ask for the window.
    fn take(&mut self, expr: &Expr) -> Result<Expr> {
        let taken = Arc::clone(expr).transform_down(|part| {
            if !may_fail(&part, &self.schema)? {
                return Ok(Transformed::new(part, false, TreeNodeRecursion::Jump));
            }
            match asks_window(&part) {
                // A branch of CASE is computed only for the rows that it is for.
                true if part.is::<CaseExpr>() => {
                    Ok(Transformed::new(part, false, TreeNodeRecursion::Jump))
                }
                true => Ok(Transformed::no(part)),
                false => Ok(Transformed::new(self.column(part), true, TreeNodeRecursion::Jump)),
            }
        });
        taken.data()
    }

    fn column(&mut self, expr: Expr) -> Expr {
        let known = self.taken.iter().position(|taken| **taken == *expr);
        let place = known.unwrap_or_else(|| {
            self.taken.push(expr);
            self.taken.len() - 1
        });
        Arc::new(Column::new(&name(place), self.schema.fields().len() + place))
    }

    /// The input of the step from now on. `None`: no expression was taken.
    fn projection(self) -> Result<Option<Plan>> {
        if self.taken.is_empty() {
            return Ok(None);
        }
        let taken = self.taken.into_iter().enumerate();
        let taken = taken.map(|(place, expr)| ProjectionExpr::new(expr, name(place)));
        let all = columns(&self.schema).into_iter().chain(taken);
        Ok(Some(Arc::new(ProjectionExec::try_new(all, self.input)?)))
    }
}

/// The name of a taken expression.
fn name(place: usize) -> String {
    format!("__row_{place}")
}

fn columns(schema: &Schema) -> Vec<ProjectionExpr> {
    let column = |(place, name): (usize, &String)| {
        ProjectionExpr::new(Arc::new(Column::new(name, place)), name)
    };
    schema.fields().iter().map(|field| field.name()).enumerate().map(column).collect()
}

fn lower_aggregate(step: &AggregateExec) -> Result<Option<Plan>> {
    let Some(mut below) = Below::new(step.input()) else { return Ok(None) };
    if step.mode().input_mode() != AggregateInputMode::Raw {
        return Ok(None);
    }
    let by = step.group_expr();
    let groups = by.expr().iter().map(|(expr, name)| Ok((below.take(expr)?, name.clone())));
    let groups = groups.collect::<Result<Vec<_>>>()?;
    let aggregates = step.aggr_expr().iter().zip(step.filter_expr());
    let arguments = aggregates.map(|(aggregate, filter)| {
        let guarded = |expr: &Expr| match filter {
            // An aggregate computes its arguments for the rows that its FILTER leaves out, too.
            Some(filter) if may_fail(expr, &step.input().schema())? => {
                case(None, vec![(Arc::clone(filter), Arc::clone(expr))], None)
            }
            _ => Ok(Arc::clone(expr)),
        };
        let all = aggregate.all_expressions();
        let mut take = |exprs: &[Expr]| {
            exprs.iter().map(|expr| below.take(&guarded(expr)?)).collect::<Result<Vec<_>>>()
        };
        Ok((take(&all.args)?, take(&all.order_by_exprs)?))
    });
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    let filters = step.filter_expr().iter();
    let filters =
        filters.map(|filter| filter.as_ref().map(|filter| below.take(filter)).transpose());
    let filters = filters.collect::<Result<Vec<_>>>()?;
    let Some(input) = below.projection()? else { return Ok(None) };
    let schema = input.schema();
    let aggregates = step.aggr_expr().iter().zip(arguments);
    let aggregates = aggregates.map(|(aggregate, (arguments, order))| {
        with_arguments(aggregate, arguments, order, &schema).map(Arc::new)
    });
    let aggregates = aggregates.collect::<Result<Vec<_>>>()?;
    let (nulls, sets) = (by.null_expr().to_vec(), by.groups().to_vec());
    let by = PhysicalGroupBy::new(groups, nulls, sets, by.has_grouping_set());
    let lowered = AggregateExec::try_new(*step.mode(), by, aggregates, filters, input, schema)?;
    Ok(Some(Arc::new(lowered.with_limit_options(step.limit_options()))))
}

/// The aggregate over other arguments, which are columns of `schema`.
fn with_arguments(
    aggregate: &AggregateFunctionExpr,
    arguments: Vec<Expr>,
    order: Vec<Expr>,
    schema: &SchemaRef,
) -> Result<AggregateFunctionExpr> {
    let order = aggregate.order_bys().iter().zip(order);
    let order = order.map(|(by, expr)| PhysicalSortExpr::new(expr, by.options));
    AggregateExprBuilder::new(Arc::new(aggregate.fun().clone()), arguments)
        .schema(Arc::clone(schema))
        .alias(aggregate.name())
        .order_by(order.collect())
        .with_reversed(aggregate.is_reversed())
        .with_distinct(aggregate.is_distinct())
        .with_ignore_nulls(aggregate.ignore_nulls())
        .build()
}

/// A projection that asks for the window stays above the expressions that do not.
fn lower_projection(step: &ProjectionExec) -> Result<Option<Plan>> {
    if !step.expr().iter().any(|column| asks_window(&column.expr)) {
        return Ok(None);
    }
    let Some(mut below) = Below::new(step.input()) else { return Ok(None) };
    let taken = step.expr().iter();
    let taken = taken
        .map(|column| Ok(ProjectionExpr::new(below.take(&column.expr)?, column.alias.clone())));
    let taken = taken.collect::<Result<Vec<_>>>()?;
    let Some(input) = below.projection()? else { return Ok(None) };
    Ok(Some(Arc::new(ProjectionExec::try_new(taken, input)?)))
}

/// Conditions that do not ask for the window stand below those that do.
fn lower_filter(step: &FilterExec) -> Result<Option<Plan>> {
    let conditions = split_conjunction(step.predicate()).into_iter().cloned();
    let (above, below): (Vec<_>, Vec<_>) = conditions.partition(asks_window);
    if above.is_empty() || below.is_empty() {
        return Ok(None);
    }
    let input: Plan = Arc::new(FilterExec::try_new(conjunction(below), Arc::clone(step.input()))?);
    let lowered =
        FilterExecBuilder::from(step).with_input(input).with_predicate(conjunction(above));
    Ok(Some(Arc::new(lowered.build()?)))
}

fn lower_sort(step: &SortExec) -> Result<Option<Plan>> {
    let Some(mut below) = Below::new(step.input()) else { return Ok(None) };
    let keys = step.expr().iter();
    let keys = keys.map(|key| Ok(PhysicalSortExpr::new(below.take(&key.expr)?, key.options)));
    let keys = LexOrdering::new(keys.collect::<Result<Vec<_>>>()?);
    let (Some(keys), Some(input)) = (keys, below.projection()?) else { return Ok(None) };
    let sorted = SortExec::new(keys, input)
        .with_fetch(step.fetch())
        .with_preserve_partitioning(step.preserve_partitioning());
    let shown = columns(&step.schema());
    Ok(Some(Arc::new(ProjectionExec::try_new(shown, Arc::new(sorted))?)))
}
