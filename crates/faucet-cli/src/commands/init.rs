//! `faucet init`: writes a commented pipeline file.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use faucet_core::{ComponentKind, Error, ErrorKind, Registry, Result, SchemaKey, SchemaView};
use serde_json::Value;

use crate::args::InitArgs;
use crate::output::{found, note};

/// The file that is written where both of its components are there; it runs against `faucet feed`.
const PIPELINE: &str = include_str!("init.yaml");

pub(crate) fn init(
    args: &InitArgs,
    registry: &Registry,
    name: &str,
    template: Option<&str>,
) -> Result<()> {
    let text = text(args, registry, name, template)?;
    let file = args.file.display();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut out| out.write_all(text.as_bytes()))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::usage(format!("{file} exists already and was left alone"))
                    .with_hint(format!("name another file: {name} init FILE"))
            }
            _ => Error::new(ErrorKind::Sink, format!("cannot write {file}")).with_source(error),
        })?;
    let told = args.source.is_some() || args.sink.is_some();
    let then = if told { "Fill in its keys, and then" } else { "Try it" };
    let feed = if text == PIPELINE { format!("\n  {name} feed &") } else { String::new() };
    note(&format!("wrote {file}. {then}:{feed}\n  {name} validate {file}\n  {name} run {file}"));
    Ok(())
}

fn text(
    args: &InitArgs,
    registry: &Registry,
    name: &str,
    template: Option<&str>,
) -> Result<String> {
    let told = args.source.is_some() || args.sink.is_some();
    let ours =
        registry.sources.find("websocket").is_some() && registry.sinks.find("jsonl").is_some();
    match template {
        Some(template) if !told => return Ok(template.to_owned()),
        None if !told && ours && name == "faucet" => return Ok(PIPELINE.to_owned()),
        _ => {}
    }
    let first = |named: &Option<String>, mut names: Box<dyn Iterator<Item = &'static str> + '_>| {
        named.clone().or_else(|| names.next().map(str::to_owned)).unwrap_or_default()
    };
    let source = first(&args.source, Box::new(registry.sources.names()));
    let sink = first(&args.sink, Box::new(registry.sinks.names()));
    let mut out = format!(
        "# Records come from `source` and go to `sink`. Fill in the keys that are no comments. Keys that\n\
         # are comments show their defaults; `…` stands where there is none.\n\
         #   {name} validate FILE   reports every mistake, without touching the network\n\
         #   {name} run FILE        runs it until Ctrl-C\n"
    );
    section(
        &mut out,
        ComponentKind::Source,
        &source,
        found(registry.sources.get(&source))?.schema(),
    );
    section(&mut out, ComponentKind::Sink, &sink, found(registry.sinks.get(&sink))?.schema());
    Ok(out)
}

/// A component with all its keys: required ones to be filled in, the others as comments.
fn section(out: &mut String, kind: ComponentKind, name: &str, schema: &Value) {
    let _ = writeln!(out, "\n{kind}:\n  type: {name}");
    for key in SchemaView::new(schema).keys() {
        let meaning = key.schema.description();
        let meaning = meaning.split(". ").next().unwrap_or_default().trim_end_matches('.');
        if !meaning.is_empty() {
            comment(out, meaning);
        }
        let _ = match key.required {
            true => writeln!(out, "  {}: {}", key.name, to_fill_in(&key)),
            false => writeln!(out, "  # {}: {}", key.name, default(&key)),
        };
    }
}

/// Writes a comment in lines of at most 100 characters.
fn comment(out: &mut String, text: &str) {
    let mut line = "  #".to_owned();
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            let _ = writeln!(out, "{line}");
            line = "  #".to_owned();
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(out, "{line}");
}

/// A value of the type that a required key takes.
fn to_fill_in(key: &SchemaKey<'_>) -> String {
    let of_type = || match key.schema.types().first() {
        Some(&"integer" | &"number") => "1",
        Some(&"boolean") => "false",
        Some(&"array") => "[]",
        Some(&"object") => "{}",
        _ => "\"\"",
    };
    key.schema.words().first().copied().unwrap_or_else(of_type).to_owned()
}

fn default(key: &SchemaKey<'_>) -> String {
    match key.schema.default() {
        Some(Value::Null) | None => "…".to_owned(),
        Some(default) => default.to_string(),
    }
}
