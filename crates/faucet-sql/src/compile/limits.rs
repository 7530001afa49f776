//! What a query may ask of a feed without an end.

use std::ops::ControlFlow;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr as PlanExpr, LogicalPlan};
use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Query, Select, SetExpr, Spanned as _, Visit as _, Visitor,
};
use datafusion::sql::sqlparser::tokenizer::Span as SqlSpan;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::{Places, With as _, fault::invalid, functions};

/// The function whose answer is known when the window closes.
const COMPLETE: &str = "window_complete";

/// What a query without a window asks that only a window can answer: it would wait for the end of a feed.
pub(crate) fn endless(
    logical: &LogicalPlan,
    query: &Query,
    is_aggregate: impl Fn(&str) -> bool,
    places: &Places<'_>,
    statement: Span,
) -> Option<Diagnostic> {
    let mut what = None;
    // The outermost step is the one that the query speaks of last.
    let _ = logical.apply_with_subqueries(|plan| {
        what = what.or(match plan {
            LogicalPlan::Aggregate(_) => Some("an aggregate"),
            LogicalPlan::Distinct(_) if is_union(query) => Some("UNION without ALL"),
            LogicalPlan::Distinct(_) => Some("DISTINCT"),
            LogicalPlan::Sort(_) => Some("ORDER BY"),
            LogicalPlan::Limit(_) => Some("LIMIT"),
            LogicalPlan::Window(_) => Some("a function with OVER"),
            LogicalPlan::Join(_) => Some("a join"),
            LogicalPlan::Subquery(_) => Some("a query inside an expression"),
            LogicalPlan::RecursiveQuery(_) => Some("a recursive query"),
            _ => None,
        });
        Ok(if what.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    let what = what?;
    let span = match what {
        "an aggregate" => {
            let call = functions(query, places).into_iter().find(|call| is_aggregate(&call.text));
            call.map(|call| call.span).or_else(|| places.span(group_by(query)?))
        }
        "DISTINCT" => select(query).and_then(distinct).and_then(|span| places.span(span)),
        "ORDER BY" => query.order_by.as_ref().and_then(|by| places.span(by.span())),
        "a join" => {
            let from = select(query).and_then(|select| select.from.first());
            from.and_then(|from| places.span(from.span()))
        }
        "LIMIT" => query.limit_clause.as_ref().and_then(|limit| places.span(limit.span())),
        "a function with OVER" | "a query inside an expression" => {
            let mut found = Inner(None);
            let _ = query.visit(&mut found);
            found.0.and_then(|span| places.span(span))
        }
        _ => None,
    };
    let why = format!("{what} needs WINDOW: a feed has no end to wait for");
    let help = "add a window behind FROM, such as WINDOW TUMBLING(1 min)";
    Some(invalid(span.unwrap_or(statement), why).with_help(help))
}

fn is_union(query: &Query) -> bool {
    matches!(&*query.body, SetExpr::SetOperation { .. })
}

/// Finds the first function with OVER, or the first query inside an expression.
struct Inner(Option<SqlSpan>);

impl Visitor for Inner {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.0 = match expr {
            Expr::Function(function) if function.over.is_some() => Some(function.name.span()),
            Expr::InSubquery { subquery, .. }
            | Expr::Exists { subquery, .. }
            | Expr::Subquery(subquery) => Some(subquery.span()),
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(())
    }
}

fn select(query: &Query) -> Option<&Select> {
    match &*query.body {
        SetExpr::Select(select) => Some(select),
        _ => None,
    }
}

fn group_by(query: &Query) -> Option<SqlSpan> {
    match &select(query)?.group_by {
        GroupByExpr::Expressions(by, _) if !by.is_empty() => Some(by[0].span()),
        _ => None,
    }
}

fn distinct(select: &Select) -> Option<SqlSpan> {
    matches!(select.distinct, Some(Distinct::Distinct | Distinct::On(_)))
        .then(|| select.projection.first().map(|item| item.span()))?
}

/// Whether a query asks of a row, before its window closes, if the window is complete. Its rows have to wait.
pub(crate) fn asks_early(logical: &LogicalPlan) -> Result<bool> {
    let mut early = false;
    logical.apply_with_subqueries(|plan| {
        let mut asks = false;
        plan.apply_expressions(|expr| {
            asks |= expr.exists(|expr| Ok(is_complete(expr)))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        if asks && !plan.inputs().into_iter().all(waits) {
            early = true;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(early)
}

fn is_complete(expr: &PlanExpr) -> bool {
    matches!(expr, PlanExpr::ScalarFunction(function) if function.name() == COMPLETE)
}

/// Whether a plan gives out rows only when its input is over.
fn waits(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(_) | LogicalPlan::Sort(_) => true,
        other => {
            let inputs = other.inputs();
            !inputs.is_empty() && inputs.into_iter().all(waits)
        }
    }
}
