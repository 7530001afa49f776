//! A schema in the words of a reference page.

use faucet_core::SchemaView;
use serde_json::{Map, Value};

/// The type in a few words.
pub(crate) fn kind(schema: SchemaView<'_>) -> String {
    if let Some(form) = schema.form() {
        return form.into();
    }
    if let Some(inner) = optional(schema) {
        return kind(inner);
    }
    let schema = schema.resolve();
    let variants = schema.variants();
    if schema.items().is_none() && !variants.is_empty() {
        // Tags are words of their own only where nothing else stands beside them.
        let tagged = variants.iter().all(|variant| tag(*variant).is_some());
        let of = |variant: &SchemaView<'_>| if tagged { choice(*variant) } else { kind(*variant) };
        let mut kinds: Vec<_> = variants.iter().map(of).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let names: Vec<_> =
        schema.constants().into_iter().map(|name| format!("`{}`", plain(name))).collect();
    if names.is_empty() { plain_kind(schema) } else { names.join(" or ") }
}

/// The schema of an optional value, without `null`.
fn optional(schema: SchemaView<'_>) -> Option<SchemaView<'_>> {
    let branches = schema.value().get("anyOf").and_then(Value::as_array)?;
    let null = branches.iter().any(|branch| branch["type"] == "null");
    let present: Vec<_> = schema.variants_here();
    match (null, present.as_slice()) {
        (true, [only]) => Some(*only),
        _ => None,
    }
}

/// The type of a variant: its tag, if it has one.
fn choice(schema: SchemaView<'_>) -> String {
    tag(schema).map_or_else(|| kind(schema), |tag| format!("`{}`", plain(tag)))
}

fn tag<'a>(schema: SchemaView<'a>) -> Option<&'a Value> {
    schema.keys().iter().find_map(|key| key.schema.constant())
}

fn plain_kind(schema: SchemaView<'_>) -> String {
    match schema.types().join(" or ").as_str() {
        "array" => match schema.items() {
            Some(items) => format!("list of {}", plural(kind(items))),
            None => "list".into(),
        },
        "object" => match schema.map_values() {
            Some(values) => format!("map to {}", kind(values)),
            None => "map".into(),
        },
        "string" if schema.is_secret() => "secret string".into(),
        "" => "any".into(),
        other => format!("{other}{}", range(schema)),
    }
}

/// The kind of many values, where that is one word.
fn plural(kind: String) -> String {
    match kind.chars().all(char::is_alphabetic) && kind != "any" {
        true => kind + "s",
        false => kind,
    }
}

fn range(schema: SchemaView<'_>) -> String {
    match (schema.bound("minimum"), schema.bound("maximum")) {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        // A number that may not be negative goes without saying.
        (Some(low), None) if *low == 0 => String::new(),
        (Some(low), None) => format!(" ≥ {low}"),
        (None, Some(high)) => format!(" ≤ {high}"),
        (None, None) => String::new(),
    }
}

/// How a variant is written: its constant, or its tag and the keys beside it.
pub(crate) fn shape(schema: SchemaView<'_>) -> String {
    if let Some(constant) = schema.constant() {
        return plain(constant);
    }
    let keys = schema.keys();
    if keys.is_empty() {
        return kind(schema);
    }
    let mut parts: Vec<_> = keys
        .iter()
        .map(|key| {
            let constants: Vec<_> = key.schema.constants().into_iter().map(plain).collect();
            let value = match (constants.is_empty(), key.schema.keys().is_empty()) {
                (false, _) => constants.join("|"),
                (true, true) => "…".to_owned(),
                (true, false) => shape(key.schema),
            };
            format!("{}: {value}", key.name)
        })
        .collect();
    // The tag first, whatever the alphabet says.
    parts.sort_by_key(|part| !part.starts_with("type:"));
    format!("{{{}}}", parts.join(", "))
}

/// A value as it is written in YAML: strings without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The first sentence of a description, without its full stop.
pub(crate) fn first_sentence(description: &str) -> &str {
    let first = description.split("\n\n").next().unwrap_or_default();
    first.split(". ").next().unwrap_or_default().trim_end_matches('.')
}

/// The first sentence of a description; nothing where there is none.
pub(crate) fn sentence(description: &str) -> String {
    match first_sentence(description) {
        "" => String::new(),
        first => [first, "."].concat(),
    }
}

/// The schema of an optional value, or the schema itself: the name of its definition stands there.
pub(crate) fn present(schema: SchemaView<'_>) -> SchemaView<'_> {
    match schema.definition() {
        Some(_) => schema,
        None => optional(schema).map_or(schema, present),
    }
}

/// A schema document with a stable order of keys.
pub(crate) fn to_text(schema: &Value) -> String {
    // Other crates of a build may turn on `preserve_order`; the files must not depend on it.
    format!("{:#}\n", sorted(schema))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let sorted = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(sorted.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_a_few_words() {
        let defs = json!({
            "Duration": {"type": ["number", "string"], "x-form": "duration"},
            "Format": {"oneOf": [{"const": "json"}, {"const": "binary"}]},
            "Auth": {"oneOf": [
                {"type": "object", "properties": {"type": {"const": "none"}}},
                {"type": "object", "properties": {"type": {"const": "bearer"}, "config": {}}},
            ]},
        });
        for (schema, words) in [
            (json!({"type": ["integer", "null"], "minimum": 1}), "integer ≥ 1"),
            (json!({"type": "number", "minimum": 0, "maximum": 1}), "number from 0 to 1"),
            (json!({"anyOf": [{"$ref": "#/$defs/Duration"}, {"type": "null"}]}), "duration"),
            (json!({"$ref": "#/$defs/Format"}), "`json` or `binary`"),
            (json!({"$ref": "#/$defs/Auth"}), "`none` or `bearer`"),
            (json!({"enum": ["a", "b"]}), "`a` or `b`"),
            (json!({"type": "integer", "minimum": 0}), "integer"),
            (json!({"type": "string", "writeOnly": true}), "secret string"),
            (json!({"type": "array", "items": {"type": "string"}}), "list of strings"),
            (
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                "map to string",
            ),
            (json!({"anyOf": [{"type": "string"}, {"type": "object"}]}), "string or map"),
            (json!(true), "any"),
        ] {
            let root = json!({"$defs": defs, "it": schema});
            assert_eq!(kind(SchemaView::new(&root).part("/it")), words, "{schema}");
        }
    }

    #[test]
    fn a_variant_is_written_with_its_tag_first() {
        let variant = json!({"properties": {
            "config": {"properties": {"token": {"type": "string"}}},
            "kind": {"enum": ["a", "b"]},
            "type": {"const": "bearer"},
        }});
        let shape = shape(SchemaView::new(&variant));
        assert_eq!(shape, "{type: bearer, config: {token: …}, kind: a|b}");
    }

    #[test]
    fn documents_are_written_in_one_order() {
        let one: Value = serde_json::from_str(r#"{"b": {"d": 1, "c": 2}, "a": []}"#).unwrap();
        assert_eq!(
            to_text(&one),
            "{\n  \"a\": [],\n  \"b\": {\n    \"c\": 2,\n    \"d\": 1\n  }\n}\n"
        );
    }
}
