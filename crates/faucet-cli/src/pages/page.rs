//! A connector's reference page, made from its schema.

use std::fmt::Write as _;

use faucet_core::{Beside, ComponentKind, OptionKey, SchemaKey, SchemaView};
use serde_json::Value;

use crate::pages::words::{kind, plain, shape};

/// The page.
pub(crate) fn page(
    of: ComponentKind,
    name: &str,
    document: &Value,
    options: &[OptionKey],
    command: &str,
) -> String {
    let schema = SchemaView::new(document);
    let mut out =
        format!("<!-- Written by `{command}` from the doc comments of the configuration. -->\n\n");
    let file = format!("{of}-{name}.schema.json");
    let _ = write!(
        out,
        "# {name} {of}\n\n{}\n\nIn a pipeline file: `{of}: {{type: {name}, …}}`. \
         Schema: [{file}](../schema/{file}).\n",
        schema.description()
    );
    let mut sections = String::new();
    let mut rows = String::new();
    table(&mut rows, &mut sections, "", &schema.keys());
    if rows.is_empty() {
        out.push_str("\nIt has no keys but `type`.\n");
        return out;
    }
    let _ = write!(out, "\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}");
    if rows.contains("| size |") {
        out.push_str(
            "\nA size is bytes as a number, or text with a unit such as `64KiB` or `8 MiB`.\n",
        );
    }
    if rows.contains("| duration |") {
        out.push_str(
            "\nA duration is seconds as a number, or text with units such as `250ms` or `1 min`.\n",
        );
    }
    out.push_str(&sections);
    option_table(&mut out, name, options);
    out
}

/// The names and defaults that only the option map has.
fn option_table(out: &mut String, name: &str, options: &[OptionKey]) {
    if options.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "\n## In an option map\n\n\
         Every key is an option `{name}.<key>`, inner keys after another dot (`{name}.headers.X-Key`); \
         lists and objects may be JSON text. These options have names or defaults of their own. See \
         [option-map.md](../option-map.md).\n\n\
         | option | default | sets | meaning |\n|---|---|---|---|\n"
    );
    for option in options {
        let default = option.default.map_or("–".to_owned(), |default| format!("`{default}`"));
        let (name, key, help) = (option.name, option.key, option.help);
        let _ = writeln!(out, "| `{name}` | {default} | `{key}` | {} |", cell(help));
    }
}

/// The rows of `keys` and of the objects below them, and a section for each key that is a choice.
fn table(rows: &mut String, sections: &mut String, path: &str, keys: &[SchemaKey<'_>]) {
    for key in keys {
        let name = format!("{path}{}", key.name);
        let (default, meaning) = default_and_meaning(key);
        let _ = writeln!(
            rows,
            "| `{name}` | {} | {} | {} |",
            cell(&kind(key.schema)),
            cell(&default),
            cell(&meaning)
        );
        table(rows, sections, &format!("{name}."), &key.schema.keys());
        section(sections, &name, key.schema);
    }
}

/// What a key may be one of, each with its meaning and its own keys.
fn section(sections: &mut String, name: &str, schema: SchemaView<'_>) {
    let variants = schema.variants();
    if !variants.iter().any(|variant| !variant.description().is_empty()) {
        return;
    }
    let _ = write!(sections, "\n## `{name}`\n\n");
    for variant in variants {
        let _ = writeln!(sections, "- `{}`: {}", shape(variant), variant.description());
        inner_keys(sections, "", variant);
    }
}

fn inner_keys(sections: &mut String, path: &str, schema: SchemaView<'_>) {
    for key in schema.keys().iter().filter(|key| key.schema.constant().is_none()) {
        let name = format!("{path}{}", key.name);
        if !key.schema.description().is_empty() {
            let (default, meaning) = default_and_meaning(key);
            let kind = kind(key.schema);
            let _ = writeln!(sections, "  - `{name}` ({kind}, {default}): {meaning}");
        }
        inner_keys(sections, &format!("{name}."), key.schema);
    }
}

/// The default's text, taken out of the meaning where the schema cannot know it.
fn default_and_meaning(key: &SchemaKey<'_>) -> (String, String) {
    let meaning = [key.schema.description(), only_with(key.schema)].concat();
    if key.required {
        return ("required".into(), meaning);
    }
    if let Some((before, after)) = meaning.split_once("Default: ") {
        let (default, rest) = after.split_once(". ").unwrap_or((after, ""));
        let meaning = format!("{before}{rest}");
        return (default.trim_end_matches('.').into(), meaning.trim_end().into());
    }
    let default = match key.schema.default() {
        Some(Value::Null) => "none".into(),
        Some(value) => format!("`{}`{}", plain(value), in_units(key.name, value)),
        None if is_collection(key.schema) || key.schema.is_nullable() => "none".into(),
        // Its type cannot be written as JSON; the meaning has to say it.
        None => "–".into(),
    };
    (default, meaning)
}

/// The keys without which this one has no effect, as a sentence.
fn only_with(schema: SchemaView<'_>) -> String {
    let keys = schema.only_with().into_iter().map(|(key, beside)| match beside {
        Beside::OneOf(values) => {
            let values: Vec<_> =
                values.iter().map(|value| format!("`{key}: {}`", plain(value))).collect();
            values.join(" or ")
        }
        _ => format!("`{key}`"),
    });
    let keys: Vec<String> = keys.collect();
    if keys.is_empty() { String::new() } else { format!(" Only with {}.", keys.join(" and ")) }
}

/// Whether a value holds any number of values, and none if it is left out.
fn is_collection(schema: SchemaView<'_>) -> bool {
    matches!(schema.types().as_slice(), ["array" | "object"])
}

/// ` (8 MiB)` behind a round number of bytes.
fn in_units(key: &str, value: &Value) -> String {
    let Some(bytes) = value.as_u64().filter(|n| key.ends_with("bytes") && *n > 0) else {
        return String::new();
    };
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let round = units.iter().find(|(_, bits)| bytes.trailing_zeros() >= *bits);
    round.map(|(unit, bits)| format!(" ({} {unit})", bytes >> bits)).unwrap_or_default()
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace("\n\n", "<br>").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_has_every_key_every_nested_key_and_every_variant() {
        let schema = json!({
            "description": "Reads\na demo.\n\nSecond paragraph.",
            "required": ["url"],
            "properties": {
                "auth": {"$ref": "#/$defs/Auth", "description": "Credentials. Default: `none`."},
                "limit_bytes": {"type": "integer", "default": 8_388_608, "description": "A | B."},
                "tls": {"$ref": "#/$defs/Tls"},
                "url": {"type": "string", "description": "Where."},
                "wait": {"$ref": "#/$defs/Duration", "default": 1, "description": "Pause.",
                    "x-only-with": {"auth": "given", "limit_bytes": [1, 2]}},
            },
            "$defs": {
                "Auth": {"oneOf": [
                    {"description": "Nothing.", "properties": {"type": {"const": "none"}}},
                    {"description": "A token.", "properties": {
                        "config": {"required": ["token"], "properties": {
                            "token": {"type": "string", "writeOnly": true, "description": "It."},
                        }},
                        "type": {"const": "bearer"},
                    }},
                ]},
                "Duration": {"type": ["number", "string"], "x-form": "duration"},
                "Tls": {"description": "TLS.", "type": "object", "properties": {
                    "ca_file": {"type": ["string", "null"], "description": "PEM."},
                }},
            },
        });
        let expected = "\
# demo source

Reads a demo.

Second paragraph.

In a pipeline file: `source: {type: demo, …}`. Schema: \
[source-demo.schema.json](../schema/source-demo.schema.json).

| key | type | default | meaning |
|---|---|---|---|
| `url` | string | required | Where. |
| `auth` | `none` or `bearer` | `none` | Credentials. |
| `limit_bytes` | integer | `8388608` (8 MiB) | A \\| B. |
| `tls` | map | none | TLS. |
| `tls.ca_file` | string | none | PEM. |
| `wait` | duration | `1` | Pause. Only with `auth` and `limit_bytes: 1` or `limit_bytes: 2`. |

A duration is seconds as a number, or text with units such as `250ms` or `1 min`.

## `auth`

- `{type: none}`: Nothing.
- `{type: bearer, config: {token: …}}`: A token.
  - `config.token` (secret string, required): It.
";
        let page = page(ComponentKind::Source, "demo", &schema, &[], "x");
        let (_, page) = page.split_once("\n\n").unwrap();
        assert_eq!(page, expected);
    }
}
