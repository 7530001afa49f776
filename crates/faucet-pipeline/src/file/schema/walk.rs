//! A walk through the parts of a JSON Schema that describe values.

use serde_json::Value;

/// Calls `change` for every schema inside `schema`, the inner ones first, and for itself. Conditions
/// (`if`, `not`) and the names of keys are left alone: what a value is asked does not say what it may
/// be.
pub(crate) fn each_schema(schema: &mut Value, change: &mut impl FnMut(&mut Value)) {
    if let Value::Object(object) = &mut *schema {
        for (keyword, inner) in object.iter_mut() {
            match (keyword.as_str(), inner) {
                ("properties" | "patternProperties" | "$defs", Value::Object(schemas)) => {
                    schemas.values_mut().for_each(|schema| each_schema(schema, change));
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                    schemas.iter_mut().for_each(|schema| each_schema(schema, change));
                }
                ("additionalProperties" | "items" | "then" | "else", inner) => {
                    each_schema(inner, change);
                }
                _ => {}
            }
        }
    }
    change(schema);
}
