//! The default and the conditions of a key, in the words of pages, of `explain` and of `init`.

use faucet_core::{SchemaView, duration};
use serde_json::Value;

use crate::pages::words::{form, plain};

/// The default's text, and the meaning. The default is taken out of the description where the schema
/// cannot know it.
pub(crate) fn default_and_meaning(
    name: &str,
    schema: SchemaView<'_>,
    meaning: String,
) -> (String, String) {
    for begins in ["Default: ", "Default "] {
        let Some((before, after)) = meaning.split_once(begins) else { continue };
        if before.is_empty() || before.ends_with(". ") || before.ends_with("\n\n") {
            let (default, rest) = after.split_once(". ").unwrap_or((after, ""));
            let meaning = format!("{before}{rest}");
            return (default.trim_end_matches('.').into(), meaning.trim_end().into());
        }
    }
    let default = match schema.default() {
        Some(value) if is_nothing(value) => "none".into(),
        Some(value) => format!("`{}`{}", plain(value), in_units(name, schema, value)),
        // An optional value, a list or a map that is left out has no default to show.
        None if schema.is_nullable() || is_collection(schema) => "none".into(),
        // Its type cannot be written as JSON; the meaning has to say it.
        None => "–".into(),
    };
    (default, meaning)
}

/// Whether a default is as good as none.
pub(crate) fn is_nothing(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether a value holds any number of values, and none if it is left out.
fn is_collection(schema: SchemaView<'_>) -> bool {
    matches!(schema.types().as_slice(), ["array" | "object"])
}

/// ` (8 MiB)` behind a round number of bytes, ` (5 min)` behind a duration.
fn in_units(key: &str, schema: SchemaView<'_>, value: &Value) -> String {
    match form(schema) {
        Some("duration") => value.as_f64().map(in_time).unwrap_or_default(),
        Some("size") => in_bytes(value),
        _ if key.ends_with("bytes") => in_bytes(value),
        _ => String::new(),
    }
}

fn in_bytes(value: &Value) -> String {
    let Some(bytes) = value.as_u64().filter(|bytes| *bytes > 0) else { return String::new() };
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let round = units.iter().find(|(_, bits)| bytes.trailing_zeros() >= *bits);
    round.map(|(unit, bits)| format!(" ({} {unit})", bytes >> bits)).unwrap_or_default()
}

fn in_time(seconds: f64) -> String {
    match seconds {
        0.0 => String::new(),
        ..1.0 => format!(" ({} ms)", seconds * 1e3),
        120.0.. if seconds % 60.0 == 0.0 => format!(" ({} min)", seconds / 60.0),
        _ => format!(" ({seconds} s)"),
    }
}

/// The sentence about the keys that another key needs beside it: each with the values of which it
/// must have one, or none where it is enough that the key is given.
pub(crate) fn only_with(others: Vec<(&str, &[Value])>) -> Option<String> {
    let sentence = |(key, values): (&str, &[Value])| match values {
        [] => format!("Only where `{key}` is given."),
        values => {
            let forms: Vec<String> =
                values.iter().map(|value| format!("`{key}: {}`", plain(value))).collect();
            format!("Only with {}.", forms.join(" or "))
        }
    };
    let sentences: Vec<String> = others.into_iter().map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Bounds of the value that the words of its type do not name.
pub(crate) fn bounds(schema: SchemaView<'_>) -> Option<String> {
    let bound =
        |name: &str| schema.value().get(name).or_else(|| schema.resolve().value().get(name));
    let number = |name: &str| bound(name).and_then(Value::as_f64);
    let mut words = Vec::new();
    // The type of a plain number has its bounds.
    if !matches!(schema.types().as_slice(), ["integer" | "number"]) {
        let low = number("minimum").filter(|low| *low > 0.0);
        words.extend(match low {
            // The shortest of all durations.
            Some(..1.0) => Some("more than 0".to_owned()),
            Some(low) => Some(format!("at least {low}")),
            None => number("exclusiveMinimum").map(|low| format!("more than {low}")),
        });
        // The longest of all durations, and the largest of all sizes, bound nothing.
        let high = number("maximum").filter(|high| match form(schema) {
            Some("duration") => *high < duration::LONGEST.as_secs_f64(),
            _ => *high < u64::MAX as f64,
        });
        words.extend(high.map(|high| format!("at most {high}")));
    }
    let counts = [
        ("minItems", "at least", "item"),
        ("maxItems", "at most", "item"),
        ("minLength", "at least", "character"),
        ("maxLength", "at most", "character"),
    ];
    words.extend(counts.iter().filter_map(|(name, words, what)| {
        let count = bound(name)?.as_u64().filter(|count| *count > 0)?;
        Some(format!("{words} {count} {what}{}", if count == 1 { "" } else { "s" }))
    }));
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_default_is_read_from_the_description_or_the_schema() {
        let duration = json!({"$ref": "#/$defs/Duration"});
        let with = |default: Value| json!({"$ref": "#/$defs/Duration", "default": default});
        for (key, schema, description, default, meaning) in [
            ("wait", with(json!(300)), "Pause.", "`300` (5 min)", "Pause."),
            ("wait", with(json!(0.05)), "Pause.", "`0.05` (50 ms)", "Pause."),
            ("wait", with(json!(0)), "Pause.", "`0`", "Pause."),
            ("wait", duration.clone(), "Pause. Default 1.8 seconds.", "1.8 seconds", "Pause."),
            ("wait", duration.clone(), "Pause. Default: none. Long.", "none", "Pause. Long."),
            ("wait", duration, "By Default it waits.", "–", "By Default it waits."),
            ("a_bytes", json!({"default": 1024}), "", "`1024` (1 KiB)", ""),
            ("on", json!({"type": ["boolean", "null"]}), "", "none", ""),
            ("list", json!({"type": "array"}), "", "none", ""),
            ("list", json!({"type": "array", "default": []}), "", "none", ""),
        ] {
            let words = default_and_meaning(key, SchemaView::new(&schema), description.to_owned());
            assert_eq!(words, (default.to_owned(), meaning.to_owned()), "{schema}");
        }
    }

    #[test]
    fn bounds_are_named_once() {
        for (schema, words) in [
            (json!({"type": "integer", "minimum": 1}), None),
            (json!({"type": ["number", "string"], "minimum": 0}), None),
            (json!({"type": ["number", "string"], "exclusiveMinimum": 0}), Some("more than 0")),
            (
                json!({"type": ["integer", "string"], "minimum": 1, "maximum": 9}),
                Some("at least 1, at most 9"),
            ),
            (
                json!({"type": ["number", "string"], "x-form": "duration", "minimum": 1e-9,
                    "maximum": 315_360_000}),
                Some("more than 0"),
            ),
            (json!({"type": "array", "minItems": 1}), Some("at least 1 item")),
            (json!({"type": "string", "maxLength": 125}), Some("at most 125 characters")),
        ] {
            assert_eq!(bounds(SchemaView::new(&schema)).as_deref(), words, "{schema}");
        }
    }

    #[test]
    fn conditions_are_sentences() {
        let formats = [json!("json"), json!("text")];
        let others = vec![("format", &formats[..]), ("idle_timeout", &[][..])];
        let words =
            "Only with `format: json` or `format: text`. Only where `idle_timeout` is given.";
        assert_eq!(only_with(others).as_deref(), Some(words));
        assert_eq!(only_with(Vec::new()), None);
    }
}
