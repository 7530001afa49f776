//! A schema in the words of a reference page.

use faucet_core::SchemaView;
use serde_json::{Map, Value};

/// The type in a few words.
pub(crate) fn kind(schema: SchemaView<'_>) -> String {
    if let Some(form) = form(schema) {
        return form.to_owned();
    }
    if let Some(inner) = optional(schema) {
        return kind(inner);
    }
    let schema = schema.resolve();
    let variants = variants(schema);
    if schema.items().is_none() && !variants.is_empty() {
        let mut kinds: Vec<_> = variants.iter().map(|variant| choice(*variant)).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let names = schema.constants().into_iter().filter(|name| !name.is_null());
    let names: Vec<_> = names.map(|name| format!("`{}`", plain(name))).collect();
    if names.is_empty() { plain_kind(schema) } else { names.join(" or ") }
}

/// The alternatives of a value. Beside a list of words, text with a pattern is a variable of the
/// environment, which may stand for every word.
pub(crate) fn variants(schema: SchemaView<'_>) -> Vec<SchemaView<'_>> {
    let mut variants = schema.variants();
    let variable = |schema: &SchemaView<'_>| {
        let keywords = schema.value().as_object().into_iter().flatten();
        let mut others =
            keywords.filter(|(keyword, _)| !["type", "pattern"].contains(&keyword.as_str()));
        schema.value().get("pattern").is_some() && others.next().is_none()
    };
    if variants.iter().any(|schema| !schema.constants().is_empty()) {
        variants.retain(|schema| !variable(schema));
    }
    variants
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
    let keys = schema.keys();
    let tag = keys.iter().find_map(|key| key.schema.constant());
    tag.map_or_else(|| kind(schema), |tag| format!("`{}`", plain(tag)))
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
    // The ends of the machine's integers bound nothing.
    let high = schema.bound("maximum").filter(|high| {
        high.as_f64().is_none_or(|high| high < i64::MAX as f64 && high != f64::from(u32::MAX))
    });
    let low =
        schema.bound("minimum").filter(|low| low.as_f64().is_none_or(|low| low > i64::MIN as f64));
    match (low, high) {
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

/// The form in which a value is written beyond its type: `duration` or `size`.
pub(crate) fn form(schema: SchemaView<'_>) -> Option<&str> {
    let schema = present(schema);
    let noted = [schema, schema.resolve()].into_iter().find_map(|s| s.value().get("x-form"));
    noted.and_then(Value::as_str).or_else(|| match schema.definition() {
        Some("Duration" | "DurationOrZero") => Some("duration"),
        Some("Size") => Some("size"),
        _ => None,
    })
}

/// The schema of an optional value, or the schema itself: the name of its definition stands there.
fn present(schema: SchemaView<'_>) -> SchemaView<'_> {
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
            "Duration": {"type": ["number", "string"]},
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
            (json!({"anyOf": [{"x-form": "size"}, {"type": "null"}]}), "size"),
            (json!({"$ref": "#/$defs/Format"}), "`json` or `binary`"),
            (json!({"$ref": "#/$defs/Auth"}), "`none` or `bearer`"),
            (json!({"enum": ["a", "b"]}), "`a` or `b`"),
            (
                json!({"anyOf": [{"enum": ["a", null]}, {"type": "string", "pattern": "[$]"}]}),
                "`a`",
            ),
            (json!({"type": "integer", "minimum": 1, "maximum": u64::MAX}), "integer ≥ 1"),
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
