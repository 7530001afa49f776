//! A connector's reference page, made from its schema.

use std::fmt::Write as _;

use faucet_core::{OptionKey, SchemaKey, SchemaView};

use crate::pages::connector::Connector;
use crate::pages::meaning::{default_and_meaning, only_with};
use crate::pages::tree;
use crate::pages::words::{kind, shape};

/// The page.
pub(crate) fn page(connector: Connector<'_>, command: &str) -> String {
    let Connector { kind: of, name, options, .. } = connector;
    let schema = connector.view();
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
        let (default, meaning) = in_words(key);
        let _ = writeln!(
            rows,
            "| `{name}` | {} | {} | {} |",
            cell(&kind(key.schema)),
            cell(&default),
            cell(&meaning)
        );
        table(rows, sections, &format!("{name}."), &key.schema.keys());
        if let Some(values) = key.schema.map_values() {
            table(rows, sections, &format!("{name}.<name>."), &values.keys());
        }
        section(sections, &name, key.schema);
    }
}

/// Writes a section about the variants of a key, each with its meaning and its own keys.
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
            let (default, meaning) = in_words(key);
            let kind = kind(key.schema);
            let _ = writeln!(sections, "  - `{name}` ({kind}, {default}): {meaning}");
        }
        inner_keys(sections, &format!("{name}."), key.schema);
    }
}

/// The default and the meaning of a key, with the keys that it needs beside it.
fn in_words(key: &SchemaKey<'_>) -> (String, String) {
    let description = key.schema.description();
    let (default, mut meaning) = default_and_meaning(key.name, key.schema, description);
    if let Some(condition) = only_with(tree::only_with(key.schema)) {
        meaning = format!("{meaning} {condition}");
    }
    (if key.required { "required".to_owned() } else { default }, meaning)
}

/// Text for a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    text.replace("\n\n", "<br>").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use faucet_core::ComponentKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_has_every_key_every_nested_key_and_every_variant() {
        let schema = json!({
            "description": "Reads\na demo.\n\nSecond paragraph.",
            "required": ["url"],
            "properties": {
                "auth": {"$ref": "#/$defs/Auth", "description": "Credentials. Default: `none`."},
                "feeds": {"type": "object", "additionalProperties": {"type": "object", "required": ["path"],
                    "properties": {"path": {"type": "string", "description": "Its path."}}},
                    "description": "By name."},
                "limit_bytes": {"type": "integer", "default": 8_388_608, "description": "A | B."},
                "tls": {"$ref": "#/$defs/Tls"},
                "url": {"type": "string", "description": "Where."},
                "wait": {"$ref": "#/$defs/Duration", "default": 90, "description": "Pause.",
                    "x-only-with": {"auth": "given"}},
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
                    "ca_file": {"type": ["string", "null"], "default": null, "description": "PEM."},
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
| `feeds` | map to map | none | By name. |
| `feeds.<name>.path` | string | required | Its path. |
| `limit_bytes` | integer | `8388608` (8 MiB) | A \\| B. |
| `tls` | map | none | TLS. |
| `tls.ca_file` | string | none | PEM. |
| `wait` | duration | `90` (90 s) | Pause. Only where `auth` is given. |

A duration is seconds as a number, or text with units such as `250ms` or `1 min`.

## `auth`

- `{type: none}`: Nothing.
- `{type: bearer, config: {token: …}}`: A token.
  - `config.token` (secret string, required): It.
";
        let kind = ComponentKind::Source;
        let connector = Connector { kind, name: "demo", schema: &schema, options: &[] };
        let page = page(connector, "x");
        let (_, page) = page.split_once("\n\n").unwrap();
        assert_eq!(page, expected);
    }
}
