//! The reference page of the report, made from its schema.

use std::fmt::Write as _;

use faucet_core::SchemaView;
use serde_json::Value;

use crate::pages::page::cell;
use crate::pages::words::kind;

/// The page, written by the command `writer`.
pub(crate) fn report_page(schema: &Value, writer: &str) -> String {
    let view = SchemaView::new(schema);
    let mut out = format!(
        "<!-- Written by `{writer}` from the doc comments of the report. -->\n\n\
         # The report\n\n{}\n\n\
         `faucet run FILE --report PATH` writes it when the run ends, however it ends; `SIGUSR1` has it written now, \
         and `/report` of `--serve` shows it. Schema: [report.schema.json](../schema/report.schema.json). The reasons \
         under `skipped` are in [semantics.md](../semantics.md#what-is-lost-and-how-you-know).\n",
        view.description()
    );
    let mut sections = String::new();
    table(&mut out, &mut sections, "", view);
    out.push_str(&sections);
    out
}

/// The keys of an object, and a section for each that has keys or words of its own.
fn table(out: &mut String, sections: &mut String, path: &str, schema: SchemaView<'_>) {
    out.push_str("\n| key | type | meaning |\n|---|---|---|\n");
    let mut keys = schema.keys();
    keys.sort_by_key(|key| key.name);
    for key in keys {
        let name = format!("{path}{}", key.name);
        let inner = key.schema.resolve();
        let (place, inner) = match (inner.items(), inner.map_values()) {
            (Some(items), _) => (format!("{name}[]"), items.resolve()),
            (None, Some(values)) => (format!("{name}.NAME"), values.resolve()),
            (None, None) => (name.clone(), inner),
        };
        let mut of = type_of(key.schema);
        if !inner.keys().is_empty() {
            let _ = write!(sections, "\n## `{place}`\n\n{}\n", inner.description());
            let mut deeper = String::new();
            table(sections, &mut deeper, &format!("{place}."), inner);
            sections.push_str(&deeper);
        } else if inner.words().len() > 1 && !path.is_empty() && name.ends_with("ended") {
            // The words have a section already.
            of = "as `ended`".to_owned();
        } else if inner.words().len() > 1 {
            words(sections, &name, inner);
            of = "a word".to_owned();
        }
        let meaning = cell(&key.schema.description());
        let _ = writeln!(out, "| `{name}` | {of} | {meaning} |");
    }
}

/// Writes a table of the words that a key takes.
fn words(sections: &mut String, name: &str, schema: SchemaView<'_>) {
    let _ = write!(sections, "\n## `{name}`\n\n| word | meaning |\n|---|---|\n");
    for variant in schema.variants() {
        let word = variant.words().join(", ");
        let _ = writeln!(sections, "| `{word}` | {} |", cell(&variant.description()));
    }
}

fn type_of(schema: SchemaView<'_>) -> String {
    let is_map_of_maps =
        schema.resolve().map_values().is_some_and(|v| !v.resolve().keys().is_empty());
    let of = if is_map_of_maps { "map to map".to_owned() } else { kind(schema) };
    match schema.is_nullable() {
        true => format!("{of} or null"),
        false => of,
    }
}
