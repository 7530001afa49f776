//! Values in one line of YAML, JSON or TOML.

use faucet_pipeline::SpecFormat;
use serde_json::{Map, Value};

/// A value as it stands behind its key. TOML has no null, which is left out of maps and lists.
pub(crate) fn inline(value: &Value, format: SpecFormat) -> String {
    match format {
        SpecFormat::Yaml => yaml(value),
        SpecFormat::Toml => toml(value),
        SpecFormat::Json => json(value),
    }
}

/// The value in YAML: text without quotes where nothing else could be meant.
pub(crate) fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::Array(items) => list(items.iter().map(yaml)),
        Value::Object(map) => braces(map, |name, value| match is_plain(name) {
            true => format!("{name}: {}", yaml(value)),
            false => format!("{}: {}", quoted(name), yaml(value)),
        }),
        // A JSON text is YAML.
        other => other.to_string(),
    }
}

fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => list(items.iter().filter(|item| !item.is_null()).map(toml)),
        Value::Object(map) => {
            let mut map = map.clone();
            map.retain(|_, value| !value.is_null());
            braces(&map, |name, value| format!("{} = {}", toml_key(name), toml(value)))
        }
        // A JSON string is a basic string of TOML, and the numbers are alike.
        other => other.to_string(),
    }
}

fn json(value: &Value) -> String {
    match value {
        Value::Array(items) => list(items.iter().map(json)),
        Value::Object(map) => {
            braces(map, |name, value| format!("{}: {}", quoted(name), json(value)))
        }
        other => other.to_string(),
    }
}

/// The name of a key in TOML.
pub(crate) fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn braces(map: &Map<String, Value>, pair: impl Fn(&str, &Value) -> String) -> String {
    let mut pairs: Vec<(&String, &Value)> = map.iter().collect();
    // The tag first, whatever the alphabet says.
    pairs.sort_by_key(|(name, _)| (*name != "type", *name));
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| pair(name, value)).collect();
    match pairs.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", pairs.join(", ")),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Whether YAML takes the text for this very text without quotes, in braces too.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let spoken = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    // `64KiB` is text, and `1e3` a number, as is `0x1f`.
    let unit =
        digits.len() < text.len() && !text.starts_with('0') && !digits.starts_with(['e', 'E']);
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    (begins(text) || unit && begins(digits))
        && text.chars().all(word)
        && !spoken.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_in_each_format() {
        for (value, yaml, toml) in [
            (json!("trades.jsonl"), "trades.jsonl", "\"trades.jsonl\""),
            (json!("{a}: b"), "\"{a}: b\"", "\"{a}: b\""),
            (json!("yes"), "\"yes\"", "\"yes\""),
            (json!("64KiB"), "64KiB", "\"64KiB\""),
            (json!("1e3"), "\"1e3\"", "\"1e3\""),
            (json!("0x1f"), "\"0x1f\"", "\"0x1f\""),
            (json!("10"), "\"10\"", "\"10\""),
            (json!("1 min"), "\"1 min\"", "\"1 min\""),
            (json!(0.5), "0.5", "0.5"),
            (json!(["a", null]), "[a, null]", "[\"a\"]"),
            (json!({}), "{}", "{}"),
            (
                json!({"X-A": "b c", "/p": null, "type": "t"}),
                "{ type: t, /p: null, X-A: \"b c\" }",
                "{ type = \"t\", X-A = \"b c\" }",
            ),
        ] {
            assert_eq!(inline(&value, SpecFormat::Yaml), yaml);
            assert_eq!(inline(&value, SpecFormat::Toml), toml);
            let json = inline(&value, SpecFormat::Json);
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
            assert!(!json.contains("\":\"") && !json.contains(",\""), "{json}");
        }
    }
}
