//! The streams that a query reads and the functions that it calls.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Spanned as _, TableFactor, Visit as _, Visitor,
};
use faucet_pipeline::diagnostic::{Diagnostic, Span};

use crate::script::fault::{With, syntax};
use crate::script::places::Places;
use crate::script::statement::Named;

/// The streams that the query reads, each place on its own, and the faults of names with a dot.
pub(crate) fn streams(query: &Query, places: &Places<'_>) -> (Vec<Named>, Vec<Diagnostic>) {
    let mut found =
        Relations { places, scopes: Vec::new(), streams: Vec::new(), faults: Vec::new() };
    let _ = query.visit(&mut found);
    (found.streams, found.faults)
}

/// The functions that the query calls, each call on its own.
pub(crate) fn functions(query: &Query, places: &Places<'_>) -> Vec<Named> {
    let mut calls = Calls { places, found: Vec::new() };
    let _ = query.visit(&mut calls);
    calls.found
}

/// The first call of a function.
pub(crate) fn uses(query: &Query, function: &str, places: &Places<'_>) -> Option<Span> {
    let calls = functions(query, places).into_iter();
    calls.filter(|call| call.text.eq_ignore_ascii_case(function)).map(|call| call.span).min()
}

struct Calls<'a> {
    places: &'a Places<'a>,
    found: Vec<Named>,
}

impl Visitor for Calls<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.found.push(named(&function.name, self.places));
        }
        ControlFlow::Continue(())
    }
}

/// The names of `WITH` that a query sees.
#[derive(Default)]
struct Scope {
    /// Those that the query sees itself.
    names: HashSet<String>,
    /// Those that each query of its `WITH` sees: a later one sees the earlier ones.
    parts: Vec<(*const Query, HashSet<String>)>,
}

struct Relations<'a> {
    places: &'a Places<'a>,
    scopes: Vec<Scope>,
    streams: Vec<Named>,
    faults: Vec<Diagnostic>,
}

impl Visitor for Relations<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let mut names = match self.scopes.last() {
            Some(outer) => {
                let part = outer.parts.iter().find(|(part, _)| std::ptr::eq(*part, query));
                part.map_or_else(|| outer.names.clone(), |(_, names)| names.clone())
            }
            None => HashSet::new(),
        };
        let mut parts = Vec::new();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let name = cte.alias.name.value.clone();
                let mut seen = names.clone();
                if with.recursive {
                    seen.insert(name.clone());
                }
                parts.push((std::ptr::from_ref::<Query>(&cte.query), seen));
                names.insert(name);
            }
        }
        self.scopes.push(Scope { names, parts });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // With arguments it is a function.
        let TableFactor::Table { name, args: None, .. } = factor else {
            return ControlFlow::Continue(());
        };
        let named = named(name, self.places);
        let is_part = |scope: &Scope| scope.names.contains(&named.text);
        match name.0.len() {
            1 if self.scopes.last().is_some_and(is_part) => {}
            1 => self.streams.push(named),
            _ => {
                let fault = syntax(named.span, "the name of a stream has one part");
                self.faults.push(fault.with_help("put a name with a dot in double quotes"));
            }
        }
        ControlFlow::Continue(())
    }
}

/// A name without its quotes.
fn named(name: &ObjectName, places: &Places<'_>) -> Named {
    let parts = name.0.iter().map(|part| match part.as_ident() {
        Some(ident) => ident.value.clone(),
        None => part.to_string(),
    });
    let text = parts.collect::<Vec<_>>().join(".");
    Named { text, span: places.span(name.span()).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::tests::one_query;

    fn query(text: &str) -> Query {
        *one_query(text).query
    }

    fn shown(found: &[Named], text: &str) -> Vec<String> {
        found.iter().map(|found| format!("{}@{}", &text[found.span.range()], found.text)).collect()
    }

    #[test]
    fn streams_are_the_names_behind_from_and_join() {
        for (text, streams) in [
            ("SELECT a FROM T", &["T"][..]),
            ("SELECT a FROM \"T\" x", &["T"]),
            ("SELECT a FROM t, u JOIN v ON t.a = v.a", &["t", "u", "v"]),
            ("SELECT a FROM (SELECT a FROM t) x WHERE a IN (SELECT a FROM u)", &["t", "u"]),
            ("WITH x AS (SELECT a FROM t) SELECT a FROM x", &["t"]),
            ("WITH t AS (SELECT a FROM t) SELECT a FROM t", &["t"]),
            ("WITH x AS (SELECT a FROM y), y AS (SELECT a FROM x) SELECT a FROM y", &["y"]),
            (
                "WITH RECURSIVE x AS (SELECT a FROM t UNION ALL SELECT a FROM x) SELECT a FROM x",
                &["t"],
            ),
            ("SELECT a FROM (WITH x AS (SELECT a FROM t) SELECT a FROM x) z, x", &["t", "x"]),
            ("SELECT a FROM t UNION ALL SELECT a FROM u", &["t", "u"]),
            ("SELECT a FROM generate_series(1, 2)", &[]),
            ("SELECT 1", &[]),
        ] {
            let (found, faults) = super::streams(&query(text), &Places::new(text));
            assert_eq!(faults, [], "{text}");
            let names: Vec<_> = found.iter().map(|found| found.text.as_str()).collect();
            assert_eq!(names, streams, "{text}");
            for found in found {
                assert!(text[found.span.range()].contains(&found.text), "{text}");
            }
        }
    }

    #[test]
    fn a_stream_has_one_name() {
        let text = "SELECT a FROM x.t";
        let (found, faults) = streams(&query(text), &Places::new(text));
        assert!(found.is_empty());
        assert_eq!(faults[0].span, Some(Span::new(14, 17)));
    }

    #[test]
    fn calls_have_their_names_and_places() {
        let text = "SELECT Upper(a), SUM(abs(b)), CAST(a AS INT) FROM t WHERE upper(a) = 'x' HAVING count(*) > 1";
        let query = query(text);
        let found = functions(&query, &Places::new(text));
        let mut found = shown(&found, text);
        found.sort();
        assert_eq!(found, ["SUM@SUM", "Upper@Upper", "abs@abs", "count@count", "upper@upper"]);
    }
}
