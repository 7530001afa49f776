//! Takes casts of columns out of a query over windows.
//!
//! A window is one execution of the plan. A text that is no number would fail the execution, and with it every
//! row of the window. The casts are therefore made before, row by row: a row with such a text is refused alone.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, Expr, GroupByExpr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr,
    TableFactor, VisitMut as _, VisitorMut,
};

use crate::engine::Cast;
use crate::schema::{Column, ColumnType};

/// The casts of a query, by what they cast.
#[derive(Debug, Default)]
struct Casts<'a> {
    columns: &'a [Column],
    /// The names by which the query calls its stream.
    names: Vec<String>,
    found: BTreeMap<(String, &'static str), Cast>,
    /// Inside of this many expressions that may not be computed for each row.
    lazy: usize,
}

/// Replaces the casts of columns by hidden columns. `names` are those of the rows, which stay as they are.
/// Returns the casts, and `None` where the query is not simple enough.
pub(crate) fn hoist(query: &mut Query, columns: &[Column], names: &[String]) -> Vec<Cast> {
    if query.with.is_some() {
        return Vec::new();
    }
    let SetExpr::Select(select) = &mut *query.body else { return Vec::new() };
    let Some(called) = stream_of(select) else { return Vec::new() };
    let is_plain = |item: &SelectItem| {
        matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })
    };
    if !select.projection.iter().all(is_plain) || select.projection.len() != names.len() {
        return Vec::new();
    }
    let mut casts = Casts { columns, names: called, ..Casts::default() };
    for (item, name) in select.projection.iter_mut().zip(names) {
        match item {
            SelectItem::ExprWithAlias { expr, .. } => casts.replace(expr),
            SelectItem::UnnamedExpr(expr) => {
                let before = casts.found.len();
                let mut replaced = expr.clone();
                casts.replace(&mut replaced);
                if replaced != *expr || casts.found.len() > before {
                    let alias = Ident::with_quote('"', name.clone());
                    *item = SelectItem::ExprWithAlias { expr: replaced, alias };
                }
            }
            _ => {}
        }
    }
    if let GroupByExpr::Expressions(by, _) = &mut select.group_by {
        by.iter_mut().for_each(|expr| casts.replace(expr));
    }
    select.having.iter_mut().for_each(|expr| casts.replace(expr));
    if let Some(order) = &mut query.order_by
        && let OrderByKind::Expressions(by) = &mut order.kind
    {
        by.iter_mut().for_each(|by| casts.replace(&mut by.expr));
    }
    casts.found.into_values().collect()
}

/// The names by which a SELECT calls the one stream that it reads.
fn stream_of(select: &Select) -> Option<Vec<String>> {
    let [from] = &select.from[..] else { return None };
    let TableFactor::Table { name, alias, args: None, .. } = &from.relation else { return None };
    if !from.joins.is_empty() {
        return None;
    }
    let alias = alias.as_ref().map(|alias| alias.name.value.clone());
    let name = name.0.last()?.as_ident()?.value.clone();
    Some(vec![alias.unwrap_or(name)])
}

impl Casts<'_> {
    fn replace(&mut self, expr: &mut Expr) {
        let _ = expr.visit(self);
    }

    /// The cast of a column, if the expression is one.
    fn cast(&self, expr: &Expr) -> Option<(String, ColumnType)> {
        let Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, .. } = expr
        else {
            return None;
        };
        let name = match &**expr {
            Expr::Identifier(name) => &name.value,
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [stream, name] if self.names.contains(&stream.value) => &name.value,
                _ => return None,
            },
            _ => return None,
        };
        let to = ColumnType::of_sql(data_type)?;
        let from = self.columns.iter().find(|column| column.name == *name)?;
        // Others cannot fail, or are DataFusion's to judge.
        let may_fail = from.kind != to && !matches!(to, ColumnType::Object | ColumnType::Bytes);
        let is_text = matches!(from.kind, ColumnType::String);
        let is_number = matches!(
            from.kind,
            ColumnType::Int | ColumnType::Long | ColumnType::Float | ColumnType::Double
        );
        (may_fail && (is_text || is_number)).then(|| (name.clone(), to))
    }
}

impl VisitorMut for Casts<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.lazy += usize::from(is_lazy(expr));
        if self.lazy == 0
            && let Some((column, to)) = self.cast(expr)
        {
            let number = self.found.len();
            let cast = self.found.entry((column.clone(), to.as_str())).or_insert_with(|| Cast {
                column,
                to,
                name: format!("__cast_{number}"),
            });
            *expr = Expr::Identifier(Ident::with_quote('"', cast.name.clone()));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.lazy -= usize::from(is_lazy(expr));
        ControlFlow::Continue(())
    }
}

/// Whether parts of the expression are computed only where they are needed: a cast there may guard itself.
fn is_lazy(expr: &Expr) -> bool {
    match expr {
        Expr::Case { .. } | Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => {
            true
        }
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            function.filter.is_some()
                || matches!(name.as_str(), "coalesce" | "nullif" | "ifnull" | "nvl")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Statement, parse};

    fn hoisted(text: &str) -> (String, Vec<String>) {
        let mut parsed = parse(text);
        assert_eq!(parsed.faults, [], "{text}");
        let Statement::Query(mut query) = parsed.statements.remove(0) else { panic!("{text}") };
        let column = |name: &str, kind| Column { name: name.to_owned(), kind, pointer: None };
        let columns = [
            column("p", ColumnType::String),
            column("n", ColumnType::Long),
            column("d", ColumnType::Double),
        ];
        let SetExpr::Select(select) = &*query.query.body else { panic!("{text}") };
        let names: Vec<String> = (0..select.projection.len()).map(|n| format!("c{n}")).collect();
        let casts = hoist(&mut query.query, &columns, &names);
        let casts = casts.iter().map(|cast| format!("{}={}:{}", cast.name, cast.column, cast.to));
        (query.query.to_string(), casts.collect())
    }

    #[test]
    fn casts_of_columns_are_taken_out_once() {
        let (query, casts) = hoisted(
            "SELECT sum(CAST(p AS DOUBLE)) / sum(t.p::DOUBLE) AS x, CAST(n AS INT) FROM t \
             WHERE CAST(p AS DOUBLE) > 1 GROUP BY CAST(n AS INT) HAVING max(CAST(p AS DOUBLE)) > 1",
        );
        assert_eq!(
            query,
            "SELECT sum(\"__cast_0\") / sum(\"__cast_0\") AS x, \"__cast_1\" AS \"c1\" FROM t \
             WHERE CAST(p AS DOUBLE) > 1 GROUP BY \"__cast_1\" HAVING max(\"__cast_0\") > 1"
        );
        assert_eq!(casts, ["__cast_1=n:INT", "__cast_0=p:DOUBLE"]);
    }

    #[test]
    fn others_stay_where_they_are() {
        for text in [
            "SELECT sum(TRY_CAST(p AS DOUBLE)) FROM t",
            "SELECT sum(CASE WHEN n > 1 THEN CAST(p AS DOUBLE) END) FROM t",
            "SELECT sum(CAST(p AS DOUBLE)) FILTER (WHERE n > 1) FROM t",
            "SELECT coalesce(CAST(p AS DOUBLE), 1) FROM t",
            "SELECT sum(CAST(p || '1' AS DOUBLE)) FROM t",
            "SELECT sum(CAST(x AS DOUBLE)) FROM t",
            "SELECT sum(CAST(d AS DOUBLE)) FROM t",
            "SELECT sum(CAST(p AS DATE)) FROM t",
            "SELECT *, CAST(p AS DOUBLE) FROM t",
            "SELECT sum(CAST(t.p AS DOUBLE)) FROM t JOIN u ON t.n = u.n",
        ] {
            let (query, casts) = hoisted(text);
            assert_eq!((query.as_str(), casts.len()), (text, 0));
        }
    }
}
