//! Values that stand for others.

use serde_json::{Map, Value};

use crate::config::schema_view::SchemaView;

/// How deep a stand-in may hold others: a schema may hold itself.
const DEEPEST: usize = 6;

/// A value that the schema allows: the default, else the example, else a word, else something of the
/// type.
pub(crate) fn stand_in(schema: SchemaView<'_>) -> Value {
    of_depth(schema, DEEPEST)
}

fn of_depth(schema: SchemaView<'_>, depth: usize) -> Value {
    if let Some(value) = schema.default().or(schema.constant()).or(schema.example()) {
        return value.clone();
    }
    if schema.is_nullable() || depth == 0 {
        return Value::Null;
    }
    if let Some(word) = schema.words().first() {
        return (*word).into();
    }
    let resolved = schema.resolve();
    match resolved.types().first() {
        Some(&"boolean") => false.into(),
        Some(&"integer" | &"number") => resolved.bound("minimum").cloned().unwrap_or(1.into()),
        Some(&"array") => Value::Array(Vec::new()),
        Some(&"string") => "".into(),
        _ => {
            let variants = resolved.variants();
            if let (Some(first), true) = (variants.first(), resolved.keys().is_empty()) {
                return of_depth(*first, depth - 1);
            }
            let required = resolved.keys().into_iter().filter(|key| key.required);
            let entries =
                required.map(|key| (key.name.to_owned(), of_depth(key.schema, depth - 1)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stand_in_is_what_the_schema_allows() {
        for (schema, expected) in [
            (json!({"type": "integer", "minimum": 3}), json!(3)),
            (json!({"type": "integer", "default": 7, "minimum": 3}), json!(7)),
            (json!({"type": "string", "examples": ["ws://h"]}), json!("ws://h")),
            (json!({"enum": ["a", "b"]}), json!("a")),
            (json!({"type": ["integer", "null"]}), json!(null)),
            (json!({"type": "boolean"}), json!(false)),
            (
                json!({"type": "object", "required": ["x"],
                    "properties": {"x": {"type": "array"}, "y": {"type": "string"}}}),
                json!({"x": []}),
            ),
            (
                json!({"oneOf": [{"type": "object", "required": ["type"],
                    "properties": {"type": {"const": "none"}}}]}),
                json!({"type": "none"}),
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "object", "required": ["type"],
                    "properties": {"type": {"const": "binary"}}}]}),
                json!(""),
            ),
        ] {
            assert_eq!(stand_in(SchemaView::new(&schema)), expected, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_holds_itself_has_a_stand_in() {
        let schema = json!({"type": "object", "required": ["next"],
            "properties": {"next": {"$ref": "#"}}});
        assert!(stand_in(SchemaView::new(&schema)).is_object());
    }
}
