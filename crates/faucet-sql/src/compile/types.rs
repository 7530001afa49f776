//! The types in a query.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{DataType, Expr, Query, Spanned as _, Visit as _, Visitor};
use faucet_core::nearest;
use faucet_pipeline::diagnostic::Diagnostic;

use crate::schema::ColumnType;
use crate::script::{Places, fault::unknown};

/// The faults of types that nobody knows, such as in `CAST(x AS DUBLE)`.
pub(crate) fn unknown_types(query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut types = Types { places, faults: Vec::new() };
    let _ = query.visit(&mut types);
    types.faults
}

struct Types<'a> {
    places: &'a Places<'a>,
    faults: Vec<Diagnostic>,
}

impl Visitor for Types<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Cast { data_type: kind @ DataType::Custom(name, _), .. } = expr
            && ColumnType::of_sql(kind).is_none()
            && let Some(span) = self.places.span(name.span())
        {
            let known = ColumnType::ALL.map(ColumnType::as_str);
            let (name, near) = (name.to_string(), nearest(&name.to_string(), known));
            self.faults.push(unknown(span, "type", &name, near, &known));
        }
        ControlFlow::Continue(())
    }
}
