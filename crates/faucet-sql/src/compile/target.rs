//! The columns of a query and those of its target.

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Spanned as _};
use faucet_core::nearest;
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::engine::RECEIVED_AT;
use crate::schema::Column;
use crate::script::{Places, With as _, fault::invalid};

/// Names expressions without a name by the columns of the target at their places. A column keeps its own
/// name: it is never taken by its place.
pub(crate) fn name_expressions(query: &mut Query, target: &[Column]) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    let is_plain = |item: &SelectItem| {
        matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })
    };
    if !select.projection.iter().all(is_plain) {
        return;
    }
    for (item, column) in select.projection.iter_mut().zip(target) {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            let alias = Ident::with_quote('"', column.name.clone());
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
}

/// What keeps the rows of a query from being those of its target.
pub(crate) fn misfits(
    rows: &Schema,
    target: &[Column],
    name: &str,
    query: &Query,
    places: &Places<'_>,
    statement: Span,
) -> Vec<Diagnostic> {
    let known: Vec<&str> = target.iter().map(|column| column.name.as_str()).collect();
    let fields: Vec<&Field> = rows
        .fields()
        .iter()
        .map(|field| &**field)
        .filter(|field| field.name() != RECEIVED_AT)
        .collect();
    let mut faults = Vec::new();
    for (n, field) in fields.iter().enumerate() {
        if !known.contains(&field.name().as_str()) {
            let span = item(query, n).and_then(|span| places.span(span)).unwrap_or(statement);
            let why = format!("`{name}` has no column `{}`", field.name());
            let near = nearest(field.name(), known.iter().copied());
            let open = known.iter().find(|name| !fields.iter().any(|field| field.name() == *name));
            let help = match (near, open) {
                (Some(near), _) => format!("did you mean `{near}`? write: … AS {near}"),
                (None, Some(open)) => format!("name it: … AS {open}"),
                (None, None) => "leave it out".to_owned(),
            };
            let columns = format!("the columns of `{name}`: {}", known.join(", "));
            faults.push(invalid(span, why).with_help(format!("{help}; {columns}")));
        }
    }
    let missing: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| !fields.iter().any(|field| field.name() == name))
        .collect();
    if faults.is_empty() && !missing.is_empty() {
        let why = format!("the query gives no `{}`, which `{name}` has", missing.join("`, `"));
        let help = format!("add it to SELECT: … AS {}, or NULL AS {}", missing[0], missing[0]);
        faults.push(invalid(statement, why).with_help(help));
    }
    faults
}

/// The place of an item of SELECT.
pub(crate) fn item(query: &Query, n: usize) -> Option<datafusion::sql::sqlparser::tokenizer::Span> {
    match &*query.body {
        SetExpr::Select(select) => select.projection.get(n).map(|item| item.span()),
        _ => None,
    }
}
