//! `faucet init`: writes a commented pipeline file.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use faucet_core::{ComponentKind, Error, ErrorKind, Registry, Result, SchemaKey, SchemaView};
use serde_json::Value;

use crate::args::InitArgs;
use crate::output::note;

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
    let feed = if text == PIPELINE { format!("\n  {name} feed &") } else { String::new() };
    note(&format!("wrote {file}. Try it:{feed}\n  {name} validate {file}\n  {name} run {file}"));
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
        "# Records come from `source` and go to `sink`. Keys that are comments show their defaults.\n\
         #   {name} validate FILE   reports every mistake, without touching the network\n\
         #   {name} run FILE        runs it until Ctrl-C\n"
    );
    section(&mut out, ComponentKind::Source, &source, registry.sources.get(&source)?.schema());
    section(&mut out, ComponentKind::Sink, &sink, registry.sinks.get(&sink)?.schema());
    Ok(out)
}

/// A component with all its keys: required ones to be filled in, the others as comments.
fn section(out: &mut String, kind: ComponentKind, name: &str, schema: &Value) {
    let _ = writeln!(out, "\n{kind}:\n  type: {name}");
    for key in SchemaView::new(schema).keys() {
        let meaning = key.schema.description();
        let meaning = meaning.split(". ").next().unwrap_or_default().trim_end_matches('.');
        if !meaning.is_empty() {
            let _ = writeln!(out, "  # {}", meaning.replace('\n', " "));
        }
        let comment = if key.required { "" } else { "# " };
        let _ = writeln!(out, "  {comment}{}: {}", key.name, value(&key));
    }
}

/// What stands behind a key: its default, or what it takes.
fn value(key: &SchemaKey<'_>) -> String {
    let of_type = || match key.schema.types().first() {
        Some(&"integer" | &"number") => "1".to_owned(),
        Some(&"boolean") => "false".to_owned(),
        Some(&"array") => "[]".to_owned(),
        Some(&"object") => "{}".to_owned(),
        _ => "\"\"".to_owned(),
    };
    match (key.schema.default(), key.schema.words().first()) {
        (Some(Value::Null) | None, Some(word)) => (*word).to_owned(),
        (Some(Value::Null) | None, None) => of_type(),
        (Some(default), _) => default.to_string(),
    }
}
