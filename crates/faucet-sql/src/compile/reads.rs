//! The columns that a query reads.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Expr as Planned;
use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, Query, Select, SelectItem, SetExpr, TableFactor, Visit as _, Visitor,
};

use crate::engine::{RECEIVED_AT, Recipe};

/// Takes the columns out of the inputs that the query does not name: they need not be decoded.
///
/// The optimizer knows more columns that nobody needs, such as those of `SELECT COUNT(*) FROM (SELECT a FROM t)`. The
/// text of the query names them, and it is planned again.
pub(super) fn prune(recipe: &mut Recipe) -> Result<()> {
    if has_wildcard(&recipe.query) {
        return Ok(());
    }
    let (_, _, logical) = recipe.understand()?;
    let mut named: BTreeSet<String> = BTreeSet::new();
    logical.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Planned::Column(column) | Planned::OuterReferenceColumn(_, column) = expr {
                    named.insert(column.name.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    for input in &mut recipe.inputs {
        input.columns.retain(|column| named.contains(&column.name));
    }
    Ok(())
}

fn has_wildcard(query: &Query) -> bool {
    struct Wildcards(bool);
    impl Visitor for Wildcards {
        type Break = ();
        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
            self.0 |= select.projection.iter().any(|item| {
                matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
            });
            ControlFlow::Continue(())
        }
    }
    let mut found = Wildcards(false);
    let _ = query.visit(&mut found);
    found.0
}

/// Lets the times of arrival go through the query, where it is simple enough. Returns whether they do.
pub(super) fn keep_times(query: &mut Query) -> bool {
    if query.with.is_some() {
        return false;
    }
    let SetExpr::Select(select) = &mut *query.body else { return false };
    if !is_simple(select) {
        return false;
    }
    let is_all = |item: &&SelectItem| {
        matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
    };
    match select.projection.iter().filter(is_all).count() {
        0 => {
            let column = Expr::Identifier(Ident::with_quote('"', RECEIVED_AT));
            select.projection.push(SelectItem::UnnamedExpr(column));
            true
        }
        // It is one of all columns.
        1 => true,
        _ => false,
    }
}

/// Whether the SELECT reads one stream, row by row.
fn is_simple(select: &Select) -> bool {
    let one = match &select.from[..] {
        [from] => {
            from.joins.is_empty() && matches!(from.relation, TableFactor::Table { args: None, .. })
        }
        _ => false,
    };
    let by_row = matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    one && by_row && select.distinct.is_none()
}
