//! Values that a key takes, for examples and templates.

use faucet_core::SchemaView;
use serde_json::{Map, Number, Value};

use crate::pages::words::form;

/// The most maps and lists inside of each other.
const DEEPEST: usize = 4;

/// A value that the key `name` takes: the schema's example, or the simplest value of its type.
pub(crate) fn example(name: &str, schema: SchemaView<'_>) -> Value {
    at_depth(name, schema, DEEPEST)
}

fn at_depth(name: &str, schema: SchemaView<'_>, depth: usize) -> Value {
    if let Some(value) = schema.example().or(schema.constant()) {
        return value.clone();
    }
    match form(schema) {
        Some("duration") => return 10.into(),
        Some("size") => return "64KiB".into(),
        _ => {}
    }
    let schema = schema.resolve();
    if let Some(first) = schema.constants().first() {
        return (*first).clone();
    }
    if let Some(word) = schema.words().first() {
        return (*word).into();
    }
    let variants = schema.variants();
    if schema.items().is_none() && schema.keys().is_empty() && !variants.is_empty() && depth > 0 {
        // The last one: the first is often the default, such as no credentials.
        return at_depth(name, variants[variants.len().min(2) - 1], depth - 1);
    }
    match schema.types().first() {
        Some(&"integer" | &"number") => number(schema),
        Some(&"boolean") => Value::Bool(schema.default() != Some(&Value::Bool(true))),
        Some(&"array") => {
            let item = schema.items().filter(|_| depth > 0);
            item.map(|item| at_depth(name, item, depth - 1)).into_iter().collect()
        }
        Some(&"object") => map(schema, depth),
        None if !schema.keys().is_empty() => map(schema, depth),
        _ => Value::String(text(name, schema)),
    }
}

/// The smallest number above zero that the bounds allow.
fn number(schema: SchemaView<'_>) -> Value {
    let low = schema.bound("minimum").and_then(Value::as_f64).unwrap_or(0.0);
    let high = schema.bound("maximum").and_then(Value::as_f64).unwrap_or(f64::MAX);
    match schema.types().first() {
        Some(&"integer") => Value::from(low.max(1.0).min(high) as i64),
        _ => Number::from_f64(low.max(0.5).min(high)).map_or(Value::Null, Value::Number),
    }
}

/// The required keys of a map; one key where none is required.
fn map(schema: SchemaView<'_>, depth: usize) -> Value {
    let mut map = Map::new();
    if depth > 0 {
        for key in schema.keys().into_iter().filter(|key| key.required) {
            map.insert(key.name.to_owned(), at_depth(key.name, key.schema, depth - 1));
        }
        if let Some(key) = schema.keys().first().filter(|_| map.is_empty()) {
            map.insert(key.name.to_owned(), at_depth(key.name, key.schema, depth - 1));
        }
        if let Some(values) = schema.map_values().filter(|_| map.is_empty()) {
            map.insert("name".to_owned(), at_depth("value", values, depth - 1));
        }
    }
    Value::Object(map)
}

/// Text that fits the name of the key: a schema says no more about a path than that it is text.
fn text(name: &str, schema: SchemaView<'_>) -> String {
    if schema.is_secret() {
        let variable = name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        // Valid before the variable is set.
        return format!("${{{variable}:-secret}}");
    }
    let pattern = schema.value().get("pattern").and_then(Value::as_str).unwrap_or_default();
    let text = match name {
        _ if pattern.starts_with("^(/") => "/id",
        "url" if pattern.contains("[wW]") => "ws://127.0.0.1:9001/",
        "url" => "https://example.com/",
        "path" => "records.jsonl",
        _ => "example",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_of_the_schema_comes_first_and_its_type_otherwise() {
        let defs = json!({
            "Duration": {"type": ["number", "string"]},
            "Auth": {"oneOf": [
                {"type": "object", "properties": {"type": {"const": "none"}}, "required": ["type"]},
                {"type": "object", "properties": {"type": {"const": "bearer"}, "token":
                    {"type": "string", "writeOnly": true}}, "required": ["type", "token"]},
            ]},
            "Self": {"type": "object", "properties": {"a": {"$ref": "#/$defs/Self"}}, "required": ["a"]},
        });
        for (name, schema, expected) in [
            ("url", json!({"type": "string", "examples": ["ftp://x"]}), json!("ftp://x")),
            ("url", json!({"type": "string", "pattern": "^([wW]"}), json!("ws://127.0.0.1:9001/")),
            ("n", json!({"type": ["integer", "null"], "minimum": 3}), json!(3)),
            ("n", json!({"type": "integer", "maximum": 0}), json!(0)),
            ("share", json!({"type": "number", "maximum": 1}), json!(0.5)),
            ("on", json!({"type": "boolean", "default": false}), json!(true)),
            ("wait", json!({"anyOf": [{"$ref": "#/$defs/Duration"}, {"type": "null"}]}), json!(10)),
            (
                "auth",
                json!({"$ref": "#/$defs/Auth"}),
                json!({"type": "bearer", "token": "${TOKEN:-secret}"}),
            ),
            ("mode", json!({"enum": ["a", "b"]}), json!("a")),
            ("list", json!({"type": "array", "items": {"type": "integer"}}), json!([1])),
            (
                "map",
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                json!({"name": "example"}),
            ),
            (
                "tls",
                json!({"type": "object", "properties": {"ca_file": {"type": "string"}}}),
                json!({"ca_file": "example"}),
            ),
            ("self", json!({"$ref": "#/$defs/Self"}), json!({"a": {"a": {"a": {"a": {}}}}})),
        ] {
            let root = json!({"$defs": defs, "it": schema});
            assert_eq!(example(name, SchemaView::new(&root).part("/it")), expected, "{schema}");
        }
    }
}
