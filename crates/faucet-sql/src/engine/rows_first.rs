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
use datafusion::physical_expr::expressions::{BinaryExpr, CaseExpr, Column, case};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr, conjunction, split_conjunction};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateInputMode, PhysicalGroupBy};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties as _, replace_children_if_necessary,
};

use crate::engine::expressions::{asks_window, may_fail};
use crate::engine::merge::Merge;
use crate::engine::row_part::is_by_row;

type Plan = Arc<dyn ExecutionPlan>;
type Expr = Arc<dyn PhysicalExpr>;

/// The plan, with expressions that may fail for a row in projections of their own.
///
/// # Errors
/// DataFusion cannot put the plan together again.
pub(super) fn rows_first(plan: Plan) -> Result<Plan> {
    plan.transform_up(|step| Ok(Transformed::yes(lowered(step)?))).data()
}

fn lowered(step: Plan) -> Result<Plan> {
    if let Some(Limit { skip, fetch, below }) = limit_in(&step)? {
        return Ok(Arc::new(GlobalLimitExec::new(lowered(below)?, skip, fetch)));
    }
    let step = match step.downcast_ref::<FilterExec>() {
        Some(filter) => lower_filter(filter)?.unwrap_or(step),
        None => step,
    };
    let lowered = match step.downcast_ref::<AggregateExec>() {
        Some(aggregate) if is_lowered(aggregate) => lower_aggregate(aggregate)?,
        _ if is_by_row(&step) => None,
        _ => guarded(&step)?,
    };
    Ok(lowered.unwrap_or(step))
}

/// A limit, and the plan whose rows it counts.
struct Limit {
    skip: usize,
    fetch: Option<usize>,
    below: Plan,
}

/// The limit in a leaf or a filter, or below a projection. It has to stand above all that looks at each row by
/// itself: a part of the plan that is executed for each page would count the rows of a page.
fn limit_in(step: &Plan) -> Result<Option<Limit>> {
    if step.is::<StreamingTableExec>() || step.is::<FilterExec>() {
        let all = || Some(Limit { skip: 0, fetch: step.fetch(), below: step.with_fetch(None)? });
        return Ok(step.fetch().and_then(|_| all()));
    }
    if !(step.is::<ProjectionExec>() || step.is::<CooperativeExec>()) {
        return Ok(None);
    }
    let [input] = &step.children()[..] else { return Ok(None) };
    let Some(limit) = input.downcast_ref::<GlobalLimitExec>() else { return Ok(None) };
    let (skip, fetch, input) = (limit.skip(), limit.fetch(), Arc::clone(limit.input()));
    let below = replace_children_if_necessary(Arc::clone(step), vec![input])?;
    Ok(Some(Limit { skip, fetch, below }))
}

/// A projection below a step: the columns of its input, and behind them expressions of the step.
struct Below {
    input: Plan,
    schema: SchemaRef,
    taken: Vec<Expr>,
}

impl Below {
    fn new(input: &Plan) -> Self {
        Self { input: Arc::clone(input), schema: input.schema(), taken: Vec::new() }
    }

    /// Takes the largest parts of an expression that may fail, are about columns of the input and do not ask for
    /// the window.
    fn take(&mut self, expr: &Expr) -> Result<Expr> {
        let width = self.schema.fields().len();
        let taken = Arc::clone(expr).transform_down(|part| {
            let is_other = |column: &Column| column.index() >= width;
            if asks_window(&part) || collect_columns(&part).iter().any(is_other) {
                // The other operands decide later for which rows this part is computed.
                let next = if is_lazy(&part) {
                    TreeNodeRecursion::Jump
                } else {
                    TreeNodeRecursion::Continue
                };
                return Ok(Transformed::new(part, false, next));
            }
            if !may_fail(&part, &self.schema)? {
                return Ok(Transformed::new(part, false, TreeNodeRecursion::Jump));
            }
            Ok(Transformed::new(self.column(part), true, TreeNodeRecursion::Jump))
        });
        taken.data()
    }

    fn column(&mut self, expr: Expr) -> Expr {
        // Two calls of `random()` are two numbers.
        let is_known = |taken: &Expr| **taken == *expr && !is_volatile(&expr);
        let known = self.taken.iter().position(is_known);
        let place = known.unwrap_or_else(|| {
            self.taken.push(expr);
            self.taken.len() - 1
        });
        Arc::new(Column::new(&name(place), self.schema.fields().len() + place))
    }

    /// The input with the taken expressions. `None`: no expression was taken.
    fn projection(self) -> Result<Option<Plan>> {
        if self.taken.is_empty() {
            return Ok(None);
        }
        let taken = self.taken.into_iter().enumerate();
        let taken = taken.map(|(place, expr)| ProjectionExpr::new(expr, name(place)));
        let all = columns(&self.schema).into_iter().chain(taken);
        Ok(Some(Arc::new(ProjectionExec::try_new(all, self.input)?)))
    }

    /// The input without the rows for which a taken expression fails. `None`: no expression was taken.
    fn guard(self) -> Result<Option<Plan>> {
        let (columns, input) = (columns(&self.schema), Arc::clone(&self.input));
        let Some(taken) = self.projection()? else { return Ok(None) };
        let checked = Arc::new(ProjectionExec::try_new(columns, taken)?);
        Ok(Some(match input.output_partitioning().partition_count() {
            1 => Arc::new(Merge::like(checked, &*input)),
            _ => checked,
        }))
    }
}

/// Whether parts of an expression are computed only for the rows that they are for.
fn is_lazy(expr: &Expr) -> bool {
    let binary = expr.downcast_ref::<BinaryExpr>();
    expr.is::<CaseExpr>() || binary.is_some_and(|binary| binary.op().is_logic_operator())
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

/// The arguments of an aggregate function.
struct Arguments {
    values: Vec<Expr>,
    order: Vec<Expr>,
}

/// The arguments of the functions of an aggregate. It computes them for the rows that a FILTER leaves out, too: those
/// that may fail stand in a CASE.
fn arguments(step: &AggregateExec) -> Result<Vec<Arguments>> {
    let schema = step.input().schema();
    let functions = step.aggr_expr().iter().zip(step.filter_expr());
    let arguments = functions.map(|(function, filter)| {
        // A condition of chance would be another one in the CASE.
        let is_same = |filter: &&Expr| asks_window(filter) || !is_volatile(filter);
        let filter = filter.as_ref().filter(is_same);
        let guarded = |expr: Expr| match filter {
            Some(filter) if may_fail(&expr, &schema)? => {
                case(None, vec![(Arc::clone(filter), expr)], None)
            }
            _ => Ok(expr),
        };
        let all = function.all_expressions();
        let values = all.args.into_iter().map(guarded).collect::<Result<_>>()?;
        let order = all.order_by_exprs.into_iter().map(guarded).collect::<Result<_>>()?;
        Ok(Arguments { values, order })
    });
    arguments.collect()
}

fn is_lowered(step: &AggregateExec) -> bool {
    step.mode().input_mode() == AggregateInputMode::Raw && is_by_row(step.input())
}

/// Computes the arguments of an aggregate below it, and not in it.
fn lower_aggregate(step: &AggregateExec) -> Result<Option<Plan>> {
    let mut below = Below::new(step.input());
    let by = step.group_expr();
    let groups = by.expr().iter().map(|(expr, name)| Ok((below.take(expr)?, name.clone())));
    let groups = groups.collect::<Result<Vec<_>>>()?;
    let arguments = arguments(step)?.into_iter().map(|Arguments { values, order }| {
        let mut take = |exprs: Vec<Expr>| -> Result<Vec<Expr>> {
            exprs.iter().map(|expr| below.take(expr)).collect()
        };
        Ok((take(values)?, take(order)?))
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

/// Computes expressions of a step below it a first time, so that they cannot fail in the step.
fn guarded(step: &Plan) -> Result<Option<Plan>> {
    let is_guarded = step.is::<ProjectionExec>()
        || step.is::<FilterExec>()
        || step.is::<SortExec>()
        || step.is::<AggregateExec>()
        || passes_rows(step);
    let [input] = &step.children()[..] else { return Ok(None) };
    let Some(ground) = ground(input).filter(|_| is_guarded) else { return Ok(None) };
    let mut below = Below::new(ground);
    for expr in computed(step)? {
        below.take(&expr)?;
    }
    let Some(guard) = below.guard()? else { return Ok(None) };
    let guarded = Arc::clone(step).transform_down(|part| {
        Ok(match is_by_row(&part) {
            true => Transformed::new(Arc::clone(&guard), true, TreeNodeRecursion::Jump),
            false => Transformed::no(part),
        })
    });
    guarded.data().map(Some)
}

/// The expressions that a step computes for each row.
fn computed(step: &Plan) -> Result<Vec<Expr>> {
    let mut computed = Vec::new();
    let Some(aggregate) = step.downcast_ref::<AggregateExec>() else {
        step.apply_expressions(&mut |expr| {
            computed.push(Arc::clone(expr));
            Ok(TreeNodeRecursion::Continue)
        })?;
        return Ok(computed);
    };
    if aggregate.mode().input_mode() == AggregateInputMode::Raw {
        computed.extend(aggregate.group_expr().input_exprs());
        computed.extend(aggregate.filter_expr().iter().flatten().cloned());
        computed.extend(
            arguments(aggregate)?.into_iter().flat_map(|of| [of.values, of.order].concat()),
        );
    }
    Ok(computed)
}

/// The part of an input that looks at each row by itself, where all its rows come through.
fn ground(input: &Plan) -> Option<&Plan> {
    if is_by_row(input) {
        return Some(input);
    }
    match &input.children()[..] {
        [below] if passes_rows(input) => ground(below),
        _ => None,
    }
}

/// Whether a step passes all rows, with their columns in front.
fn passes_rows(step: &Plan) -> bool {
    step.is::<SortExec>() && step.fetch().is_none()
        || step.is::<WindowAggExec>()
        || step.is::<BoundedWindowAggExec>()
}
