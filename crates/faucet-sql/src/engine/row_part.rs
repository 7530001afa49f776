//! The parts of a plan that look at each row by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{
    Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion,
};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion::physical_plan::union::UnionExec;

use crate::engine::expressions::{asks_window, may_fail};
use crate::engine::inlet::Inlet;
use crate::engine::merge::{Merge, in_place};
use crate::engine::plan::{Environment, Plan};

/// A part of a plan that looks at each row by itself, and is executed once for each batch of rows: where it
/// fails, the row can be found.
#[derive(Debug)]
pub(crate) struct RowPart {
    /// The leaf of the other plan that takes the results.
    pub(crate) leaf: Arc<str>,
    pub(crate) plan: Plan,
    /// The streams that it reads.
    streams: BTreeSet<String>,
}

impl RowPart {
    /// A part whose results go to `leaf`.
    ///
    /// # Errors
    /// DataFusion cannot begin it.
    pub(crate) fn new(leaf: &str, plan: Plan) -> Result<Self> {
        let streams = plan.begin()?.streams();
        Ok(Self { leaf: leaf.into(), plan, streams })
    }

    pub(crate) fn reads(&self, stream: &str) -> bool {
        self.streams.contains(stream)
    }
}

/// Cuts the largest parts out of a plan that look at each row by itself. Leaves stand in their places. A plan
/// whose parts cannot fail stays whole: it is faster.
///
/// # Errors
/// DataFusion cannot put the plan together again.
pub(super) fn split(
    plan: Arc<dyn ExecutionPlan>,
    environment: &Environment,
) -> Result<(Arc<dyn ExecutionPlan>, Vec<RowPart>)> {
    let (mut parts, mut may_fail) = (Vec::new(), false);
    let rest = Arc::clone(&plan).transform_down(|step| {
        if !is_by_row(&step) {
            return Ok(Transformed::no(step));
        }
        may_fail |= row_may_fail(&step)?;
        let name = format!("__rows_{}", parts.len());
        let step = in_place(step)?;
        let inlet = Arc::new(Inlet { name: name.clone(), schema: step.schema() });
        let leaf = StreamingTableExec::try_new(step.schema(), vec![inlet], None, [], false, None)?;
        let leaf = Merge::like(Arc::new(leaf), &*step);
        parts.push(RowPart::new(&name, Plan::new(step, environment))?);
        Ok(Transformed::new(Arc::new(leaf) as _, true, TreeNodeRecursion::Jump))
    });
    Ok(if may_fail { (rest.data()?, parts) } else { (plan, Vec::new()) })
}

/// Whether the plan looks at each row of its streams by itself, and not at the window.
pub(super) fn is_by_row(plan: &Arc<dyn ExecutionPlan>) -> bool {
    // A limit counts rows.
    if plan.fetch().is_some() {
        return false;
    }
    let is_step = plan.is::<UnionExec>()
        || plan.is::<Merge>()
        || plan.is::<CooperativeExec>()
        || plan.is::<FilterExec>()
        || plan.is::<ProjectionExec>();
    plan.is::<StreamingTableExec>()
        || is_step
            && !expressions(plan).into_iter().any(asks_window)
            && plan.children().into_iter().all(is_by_row)
}

/// The expressions that a step computes for each row.
fn expressions(plan: &Arc<dyn ExecutionPlan>) -> Vec<&Arc<dyn PhysicalExpr>> {
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        return projection.expr().iter().map(|column| &column.expr).collect();
    }
    plan.downcast_ref::<FilterExec>().map(FilterExec::predicate).into_iter().collect()
}

/// Whether the plan may fail for a row.
fn row_may_fail(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    plan.exists(|step| {
        let Some(input) = step.children().first().map(|input| input.schema()) else {
            return Ok(false);
        };
        for expr in expressions(step) {
            if may_fail(expr, &input)? {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

#[cfg(test)]
mod tests {
    use crate::engine::query::{Hidden, Input, Recipe};
    use crate::schema::{Column, ColumnType};
    use crate::script::{Statement, parse};

    /// The streams of each part of a query over a window.
    fn parts(text: &str) -> Vec<String> {
        let Statement::Query(query) = parse(text).statements.remove(0) else { panic!("{text}") };
        let column = |(name, kind): (&str, ColumnType)| Column {
            name: name.to_owned(),
            kind,
            pointer: None,
        };
        let columns =
            [("s", ColumnType::String), ("n", ColumnType::Long), ("d", ColumnType::Double)];
        let columns: Vec<Column> = columns.into_iter().map(column).collect();
        let input = |name: &str| Input { name: name.to_owned(), columns: columns.clone() };
        let recipe = Recipe {
            inputs: vec![input("t"), input("u")],
            query: query.query,
            windowed: true,
            hidden: Hidden::default(),
            target: None,
        };
        let plan = recipe.plan().unwrap();
        let streams = |part: &super::RowPart| part.streams.iter().cloned().collect::<Vec<_>>();
        let mut parts: Vec<_> = plan.parts.iter().map(|part| streams(part).join("+")).collect();
        parts.sort();
        parts
    }

    #[test]
    fn only_a_plan_that_may_fail_for_a_row_is_cut() {
        for (text, expected) in [
            ("SELECT SUM(d * n) AS x FROM t WHERE n > 1", &[][..]),
            ("SELECT t.s, COUNT(*) AS n FROM t JOIN u ON t.s = u.s GROUP BY t.s", &[]),
            ("SELECT s, window_end() AS e FROM t", &[]),
            ("SELECT SUM(1 / n) AS x FROM t", &["t"]),
            ("SELECT SUM(CAST(s AS LONG)) AS x FROM t", &["t"]),
            ("SELECT CAST(s AS LONG) + window_end() AS x FROM t", &["t"]),
            ("SELECT s FROM t WHERE CAST(s AS LONG) > 1 AND window_end() > 2", &["t"]),
            ("SELECT n / 2 AS n FROM t UNION ALL SELECT n FROM u", &["t+u"]),
            // The window sees either the rows of all streams or what became of them.
            ("SELECT COUNT(*) AS x FROM t JOIN u ON t.n = CAST(u.s AS LONG)", &["t", "u"]),
            // A branch is computed only for the rows that it is for.
            ("SELECT CASE WHEN window_end() > 1 THEN CAST(s AS LONG) END AS x FROM t", &[]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
