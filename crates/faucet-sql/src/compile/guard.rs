//! The rows that a query reads, for casts that are taken out of it.

use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr, Ident, Query, SelectItem, SetExpr};

use crate::compile::hoist::hoist;
use crate::engine::{Hidden, ROW, Recipe};
use crate::script::{Places, functions};

/// Takes casts out of the query. Returns the query that finds the rows that it reads, where it has a WHERE: a
/// row that WHERE leaves out may have any text.
pub(super) fn take_out_casts(recipe: &mut Recipe, names: &[String]) -> Option<Box<Query>> {
    let [input] = &recipe.inputs[..] else { return None };
    let before = recipe.query.clone();
    let SetExpr::Select(select) = &*before.body else { return None };
    let guard = select.selection.is_some().then(|| {
        let mut guard = before.clone();
        let mut select = select.clone();
        let row = Expr::Identifier(Ident::with_quote('"', ROW));
        select.projection = vec![SelectItem::UnnamedExpr(row)];
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
        (select.having, select.distinct) = (None, None);
        (guard.order_by, guard.limit_clause, guard.fetch) = (None, None, None);
        *guard.body = SetExpr::Select(select);
        guard
    });
    let mut query = recipe.query.clone();
    recipe.casts = hoist(&mut query, &input.columns, names);
    // WHERE may ask for the window, which the rows do not have yet.
    let asks = guard.as_ref().is_some_and(|guard| {
        let places = Places::new("");
        functions(guard, &places).iter().any(|call| is_of_window(&call.text))
    });
    if recipe.casts.is_empty() || asks {
        recipe.casts.clear();
        return None;
    }
    recipe.query = query;
    guard
}

fn is_of_window(function: &str) -> bool {
    let name = function.to_lowercase();
    name.starts_with("window_") || name == "event_timestamp"
}

/// The recipe of the query that finds rows.
pub(super) fn guard_of(query: Box<Query>, recipe: &Recipe) -> Recipe {
    Recipe {
        inputs: recipe.inputs.clone(),
        query,
        windowed: false,
        hidden: Hidden { row: true, ..Hidden::default() },
        casts: Vec::new(),
        target: None,
    }
}
