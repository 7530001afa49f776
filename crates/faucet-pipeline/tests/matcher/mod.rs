//! Whether a value matches a JSON Schema, for the keywords that schemas of pipeline files have. A
//! keyword that is not known here is a panic: nothing is accepted unseen.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use serde_json::Value;

/// Says whether `value` matches `schema`, a part of `root`.
pub(crate) fn matches(root: &Value, schema: &Value, value: &Value) -> bool {
    let keywords = match schema {
        Value::Bool(all) => return *all,
        schema => schema.as_object().unwrap(),
    };
    let here = |schema: &Value| matches(root, schema, value);
    let list = |keyword: &Value| keyword.as_array().unwrap().clone();
    keywords.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$defs" | "$schema" | "title" | "description" | "default" | "format" | "writeOnly" => true,
        "$ref" => here(root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap()),
        "const" => value == rule,
        "enum" => list(rule).contains(value),
        "type" => match rule {
            Value::Array(types) => types.iter().any(|name| has_type(value, name)),
            name => has_type(value, name),
        },
        "allOf" => list(rule).iter().all(here),
        "anyOf" => list(rule).iter().any(here),
        "oneOf" => list(rule).iter().filter(|one| here(one)).count() == 1,
        "not" => !here(rule),
        "if" => here(&keywords[if here(rule) { "then" } else { "else" }]),
        "then" | "else" => keywords.contains_key("if"),
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > rule.as_f64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| at_least(text.len(), rule)),
        "pattern" => value.as_str().is_none_or(|text| has_pattern(text, rule.as_str().unwrap())),
        "items" => all_items(value, |item| matches(root, rule, item)),
        "minItems" => value.as_array().is_none_or(|items| at_least(items.len(), rule)),
        "uniqueItems" => value.as_array().is_none_or(|items| {
            items.iter().enumerate().all(|(n, item)| !items[..n].contains(item))
        }),
        "minProperties" => value.as_object().is_none_or(|map| at_least(map.len(), rule)),
        "required" => value
            .as_object()
            .is_none_or(|map| list(rule).iter().all(|key| map.contains_key(key.as_str().unwrap()))),
        "properties" => all_entries(value, |key, inner| {
            rule.get(key).is_none_or(|schema| matches(root, schema, inner))
        }),
        "propertyNames" => all_entries(value, |key, _| matches(root, rule, &key.into())),
        "additionalProperties" => all_entries(value, |key, inner| {
            let known = keywords.get("properties").is_some_and(|known| known.get(key).is_some());
            known || matches(root, rule, inner)
        }),
        other => panic!("unknown keyword {other}"),
    })
}

fn at_least(count: usize, least: &Value) -> bool {
    count as u64 >= least.as_u64().unwrap()
}

fn all_items(value: &Value, rule: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_none_or(|items| items.iter().all(rule))
}

fn all_entries(value: &Value, rule: impl Fn(&str, &Value) -> bool) -> bool {
    value.as_object().is_none_or(|map| map.iter().all(|(key, inner)| rule(key, inner)))
}

fn has_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}

fn has_pattern(text: &str, pattern: &str) -> bool {
    match pattern {
        "^[a-z][a-z0-9_]*$" => {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        }
        "^(/([^/~]|~[01])*)*$" => faucet_core::select::Pointer::parse(text).is_ok(),
        other => panic!("unknown pattern {other}"),
    }
}
