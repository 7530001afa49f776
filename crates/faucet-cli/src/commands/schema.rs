//! `faucet schema`: JSON Schemas.

use std::fs;
use std::io;
use std::path::Path;

use faucet_core::{ComponentKind, Error, ErrorKind, Registry, Result};
use faucet_pipeline::component_schema;
use serde_json::Value;

use crate::args::{SchemaArgs, SchemaOf};
use crate::output::{found, note, print_line};
use crate::pages::{SCHEMA_FILE, schema_lines, to_text};

pub(crate) fn schema(args: SchemaArgs, registry: &Registry) -> Result<()> {
    let is_file = matches!(args.of, Some(SchemaOf::Pipeline) | None);
    let schema = match args.of {
        Some(SchemaOf::Source { name }) => {
            component_schema(ComponentKind::Source, found(registry.sources.get(&name))?)
        }
        Some(SchemaOf::Transform { name }) => {
            component_schema(ComponentKind::Transform, found(registry.transforms.get(&name))?)
        }
        Some(SchemaOf::Sink { name }) => {
            component_schema(ComponentKind::Sink, found(registry.sinks.get(&name))?)
        }
        Some(SchemaOf::Pipeline) | None => faucet_pipeline::schema(registry),
    };
    let Some(file) = args.write else { return print_line(to_text(&schema).trim_end()) };
    let file = file.unwrap_or_else(|| SCHEMA_FILE.into());
    if !is_schema_or_absent(&file)? {
        let what = format!("{} is no JSON Schema and was left alone", file.display());
        return Err(Error::usage(what).with_hint("name the file for the schema"));
    }
    fs::write(&file, to_text(&schema)).map_err(|e| failed("write", &file, e))?;
    let lines = if is_file { schema_lines(&file.display().to_string()) } else { String::new() };
    note(&format!("wrote {}{lines}", file.display()));
    Ok(())
}

/// Whether the file may be replaced: it is a JSON Schema, or there is none. A slip of the fingers must
/// not cost a pipeline file.
fn is_schema_or_absent(file: &Path) -> Result<bool> {
    match fs::read(file) {
        Ok(bytes) => {
            let known: Option<Value> = serde_json::from_slice(&bytes).ok();
            let dialect = known.as_ref().and_then(|known| known["$schema"].as_str());
            Ok(dialect.is_some_and(|dialect| dialect.contains("json-schema.org")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(failed("read", file, error)),
    }
}

fn failed(what: &str, file: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Sink, format!("cannot {what} {}", file.display())).with_source(cause)
}
