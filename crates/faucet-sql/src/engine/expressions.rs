//! Whether an expression of a plan asks for the window, and whether it may fail.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr,
    Literal, NotExpr, TryCastExpr,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::engine::functions::OfWindow;

/// Whether the expression asks for the window.
pub(super) fn asks_window(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let asks = |expr: &Arc<dyn PhysicalExpr>| {
        Ok(ScalarFunctionExpr::try_downcast_func::<OfWindow>(&**expr).is_some())
    };
    // The closure returns no error.
    expr.exists(asks).unwrap_or(true)
}

/// Whether the expression may fail for a row of `schema`, such as a cast of a text that is no number.
///
/// # Errors
/// The expression does not fit the schema.
pub(super) fn may_fail(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<bool> {
    let mut fails = false;
    expr.apply(|expr| {
        fails = fails_itself(&**expr, schema)?;
        Ok(if fails { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(fails)
}

/// Whether an expression may fail even if its parts do not.
fn fails_itself(expr: &dyn PhysicalExpr, schema: &Schema) -> Result<bool> {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return Ok(!is_safe(&cast.expr().data_type(schema)?, cast.cast_type()));
    }
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        return Ok(match binary.op() {
            // Whole numbers are not divided by zero.
            Operator::Divide | Operator::Modulo => !binary.left().data_type(schema)?.is_floating(),
            // Whole numbers wrap; decimals and times overflow.
            Operator::Plus | Operator::Minus | Operator::Multiply => {
                let kind = binary.left().data_type(schema)?;
                !(kind.is_floating() || kind.is_integer())
            }
            Operator::And
            | Operator::Or
            | Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
            | Operator::StringConcat => false,
            // A pattern may be wrong.
            _ => true,
        });
    }
    if let Some(like) = expr.downcast_ref::<LikeExpr>() {
        // A text of a row may be no pattern.
        return Ok(!collect_columns(like.pattern()).is_empty());
    }
    // A function may do anything.
    Ok(!(expr.is::<Column>()
        || expr.is::<Literal>()
        || expr.is::<CaseExpr>()
        || expr.is::<InListExpr>()
        || expr.is::<IsNullExpr>()
        || expr.is::<IsNotNullExpr>()
        || expr.is::<NotExpr>()
        || expr.is::<TryCastExpr>()))
}

/// Whether each value of one type has a value of the other.
fn is_safe(from: &DataType, to: &DataType) -> bool {
    let is_text = matches!(to, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let bits = |kind: &DataType| kind.primitive_width();
    from == to
        || *from == DataType::Null
        || is_text && (from.is_numeric() || *from == DataType::Boolean || from.is_string())
        || from.is_integer() && matches!(to, DataType::Float32 | DataType::Float64)
        || *from == DataType::Float32 && *to == DataType::Float64
        || from.is_signed_integer() && to.is_signed_integer() && bits(from) <= bits(to)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Field;
    use datafusion::common::DFSchema;
    use datafusion::prelude::SessionContext;

    use super::*;

    #[test]
    fn expressions_that_may_fail_for_a_row_are_known() {
        let field = |name: &str, kind| Field::new(name, kind, true);
        let schema = Schema::new(vec![
            field("s", DataType::Utf8),
            field("i", DataType::Int32),
            field("n", DataType::Int64),
            field("d", DataType::Float64),
            field("b", DataType::Boolean),
        ]);
        let context = SessionContext::new();
        let state = context.state();
        let known = DFSchema::try_from(schema.clone()).unwrap();
        for (text, fails) in [
            ("s", false),
            ("n + 1 > 2 AND NOT b", false),
            ("d * d / d", false),
            ("n / i", true),
            ("n % 2", true),
            ("CAST(s AS DOUBLE)", true),
            ("TRY_CAST(s AS DOUBLE)", false),
            ("CAST(i AS BIGINT)", false),
            ("CAST(n AS INT)", true),
            ("CAST(n AS DOUBLE)", false),
            ("CAST(d AS BIGINT)", true),
            ("CAST(d AS VARCHAR) LIKE '1%'", false),
            ("s LIKE s", true),
            ("s ~ 'a'", true),
            ("CASE WHEN b THEN 1 ELSE n END IS NULL", false),
            ("CASE WHEN b THEN CAST(s AS BIGINT) END", true),
            ("n IN (1, 2)", false),
            ("n IN (1, CAST(s AS BIGINT))", true),
            ("upper(s)", true),
            ("CAST(n AS DECIMAL(38, 0)) * 2", true),
        ] {
            let logical = state.create_logical_expr(text, &known).unwrap();
            let expr = state.create_physical_expr(logical, &known).unwrap();
            assert_eq!(may_fail(&expr, &schema).unwrap(), fails, "{text}: {expr}");
            assert!(!asks_window(&expr), "{text}");
        }
    }
}
