//! The functions of time in queries without a window.
//!
//! DataFusion knows our functions in queries with a window. In the others the time is that of the row: it stands
//! in a hidden column of the stream.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ExceptSelectItem, Expr, Function, FunctionArguments, Ident, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned as _, TableFactor, VisitMut as _, VisitorMut,
    WildcardAdditionalOptions,
};
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::fault::{With, invalid};
use crate::script::names::functions;
use crate::script::places::Places;

/// The column of streams that has the time of the row, in milliseconds since 1970.
pub(crate) const EVENT_TS: &str = "__event_ts";
/// The time of the row, or the end of its window.
pub(crate) const EVENT_TIMESTAMP: &str = "event_timestamp";
/// The functions that only a query with a window has.
pub(crate) const WINDOW_FUNCTIONS: [&str; 3] = ["window_start", "window_end", "window_complete"];

/// Whether a query reads the times of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowTime {
    pub(crate) used: bool,
}

/// Lets `event_timestamp()` read the hidden column. Only for queries without a window.
///
/// `*` leaves the hidden column out.
pub(crate) fn use_row_time(query: &mut Query) -> RowTime {
    let mut parts = Parts::default();
    let _ = query.visit(&mut parts);
    if !parts.uses_time {
        return RowTime { used: false };
    }
    let _ = query.visit(&mut Replace { parts: parts.names });
    RowTime { used: true }
}

/// The faults of the calls in a query without a window that only a query with one has.
pub(crate) fn without_window(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let calls = functions(query, places).into_iter();
    let is_ours = |name: &str| WINDOW_FUNCTIONS.iter().any(|ours| ours.eq_ignore_ascii_case(name));
    let found = calls.filter(|call| is_ours(&call.text));
    found.map(|call| needs_window(&call.text, call.span)).collect()
}

fn needs_window(name: &str, span: Span) -> Diagnostic {
    let fault = invalid(span, format!("{name}() needs WINDOW"));
    fault.with_help("add a window behind FROM, such as WINDOW TUMBLING(1 min)")
}

/// Whether the expression is a call of `event_timestamp()`.
fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(Function { name, args, over: None, .. })
        if name.to_string().eq_ignore_ascii_case(EVENT_TIMESTAMP) && is_empty(args))
}

fn is_empty(args: &FunctionArguments) -> bool {
    match args {
        FunctionArguments::None => true,
        FunctionArguments::List(list) => list.args.is_empty() && list.clauses.is_empty(),
        FunctionArguments::Subquery(_) => false,
    }
}

fn hidden() -> Ident {
    Ident::with_quote('"', EVENT_TS)
}

/// The hidden column in the place of a call.
fn column(call: &Expr) -> Expr {
    Expr::Identifier(Ident { span: call.span(), ..hidden() })
}

/// The names of `WITH`, and whether the time is asked for.
#[derive(Default)]
struct Parts {
    names: HashSet<String>,
    uses_time: bool,
}

impl VisitorMut for Parts {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let parts = query.with.iter().flat_map(|with| &with.cte_tables);
        self.names.extend(parts.map(|part| part.alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.uses_time |= is_time(expr);
        ControlFlow::Continue(())
    }
}

struct Replace {
    /// The names of `WITH`: they have no hidden column.
    parts: HashSet<String>,
}

impl VisitorMut for Replace {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let streams = self.streams(select);
        for item in &mut select.projection {
            match item {
                SelectItem::Wildcard(options) if !streams.is_empty() => except(options),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) if name
                    .0
                    .last()
                    .and_then(|part| part.as_ident())
                    .is_some_and(|name| streams.contains(&name.value)) =>
                {
                    except(options);
                }
                // The column keeps the name that it has with a window.
                SelectItem::UnnamedExpr(expr) if is_time(expr) => {
                    let alias = Ident::with_quote('"', format!("{EVENT_TIMESTAMP}()"));
                    *item = SelectItem::ExprWithAlias { expr: column(expr), alias };
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if is_time(expr) {
            *expr = column(expr);
        }
        ControlFlow::Continue(())
    }
}

impl Replace {
    /// The names by which a SELECT calls the streams that it reads itself.
    fn streams(&self, select: &Select) -> HashSet<String> {
        let joined = select.from.iter().flat_map(|from| {
            std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
        });
        let stream = |factor: &TableFactor| match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let name = name.0.last()?.as_ident()?.value.clone();
                let alias = || alias.as_ref().map(|alias| alias.name.value.clone());
                (!self.parts.contains(&name)).then(|| alias().unwrap_or(name))
            }
            _ => None,
        };
        joined.filter_map(stream).collect()
    }
}

/// Leaves the hidden column out of `*`, beside what the user leaves out.
fn except(options: &mut WildcardAdditionalOptions) {
    match &mut options.opt_except {
        Some(except) => except.additional_elements.push(hidden()),
        none => {
            *none =
                Some(ExceptSelectItem { first_element: hidden(), additional_elements: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::tests::one_query;

    fn query(text: &str) -> Query {
        *one_query(text).query
    }

    #[test]
    fn the_time_of_the_row_is_a_hidden_column() {
        let ts = "\"__event_ts\"";
        for (text, rewritten) in [
            ("SELECT a, event_timestamp() AS at FROM t", format!("SELECT a, {ts} AS at FROM t")),
            (
                "SELECT Event_Timestamp() FROM t",
                format!("SELECT {ts} AS \"event_timestamp()\" FROM t"),
            ),
            (
                "SELECT * FROM t WHERE event_timestamp() > 5",
                format!("SELECT * EXCEPT ({ts}) FROM t WHERE {ts} > 5"),
            ),
            (
                "SELECT *, abs(event_timestamp()) AS x FROM t",
                format!("SELECT * EXCEPT ({ts}), abs({ts}) AS x FROM t"),
            ),
            (
                "SELECT x.* EXCEPT (a), y.*, event_timestamp() AS at FROM t x, (SELECT 1) y",
                format!("SELECT x.* EXCEPT (a, {ts}), y.*, {ts} AS at FROM t x, (SELECT 1) y"),
            ),
            (
                "WITH w AS (SELECT *, event_timestamp() AS at FROM t) SELECT * FROM w",
                format!("WITH w AS (SELECT * EXCEPT ({ts}), {ts} AS at FROM t) SELECT * FROM w"),
            ),
        ] {
            let mut query = query(text);
            assert_eq!(use_row_time(&mut query), RowTime { used: true }, "{text}");
            assert_eq!(query.to_string(), rewritten);
        }
    }

    #[test]
    fn other_queries_stay_as_they_are() {
        for text in
            ["SELECT * FROM t", "SELECT event_timestamp FROM t", "SELECT event_timestamp(1) FROM t"]
        {
            let mut query = query(text);
            assert_eq!(use_row_time(&mut query), RowTime { used: false }, "{text}");
            assert_eq!(query.to_string(), text);
        }
    }

    #[test]
    fn functions_of_windows_need_one() {
        let text = "SELECT a FROM t WHERE window_end() > 5 AND Window_Complete()";
        let faults = without_window(&query(text), &Places::new(text));
        let found: Vec<_> =
            faults.iter().map(|fault| (fault.message(), fault.span.unwrap())).collect();
        assert_eq!(
            found,
            [
                ("window_end() needs WINDOW".to_owned(), Span::new(22, 32)),
                ("Window_Complete() needs WINDOW".to_owned(), Span::new(43, 58)),
            ]
        );
        assert_eq!(without_window(&query("SELECT event_timestamp() FROM t"), &Places::new("")), []);
    }
}
