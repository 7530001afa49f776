//! `faucet init`: writes a commented pipeline file, and its schema beside it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use faucet_core::{Error, ErrorKind, Registry, Result};
use faucet_pipeline::SpecFormat;
use serde_json::Value;

use crate::args::InitArgs;
use crate::output::{found, note};
use crate::pages::{Named, SCHEMA_FILE, Skeleton, has_built_in, template_text, to_text};

pub(crate) fn init(
    args: &InitArgs,
    registry: &Registry,
    name: &str,
    template: Option<&Value>,
) -> Result<()> {
    let format = found(SpecFormat::of(&args.file))?;
    let named = Named {
        source: args.source.as_deref(),
        transform: args.transform.as_deref(),
        sink: args.sink.as_deref(),
    };
    let skeleton = Skeleton::of_init(registry, named, template)?;
    let file = args.file.display();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut out| out.write_all(template_text(&skeleton, format, name).as_bytes()))
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::usage(format!("{file} exists already and was left alone"))
                    .with_hint(format!("name another file: {name} init FILE"))
            }
            _ => failed(&args.file, error),
        })?;
    let schema = write_schema(registry, &args.file)?;
    let then = if named.is_empty() { "Try it" } else { "Put your values in, and then" };
    let feed = match named.is_empty() && template.is_none() && has_built_in(registry) {
        true => format!("\n  {name} feed &"),
        false => String::new(),
    };
    note(&format!(
        "wrote {file}{schema}. {then}:{feed}\n  {name} validate {file}\n  {name} run {file}"
    ));
    if !skeleton.problems.is_empty() {
        note(&format!("{file} is not valid as it stands: {}", skeleton.problems));
    }
    Ok(())
}

/// Writes the schema beside the pipeline file, and says so. A file that is no schema of pipeline files
/// is somebody's, and stays.
fn write_schema(registry: &Registry, pipeline: &Path) -> Result<String> {
    let file: PathBuf = pipeline.with_file_name(SCHEMA_FILE);
    let schema = faucet_pipeline::schema(registry);
    let (text, shown) = (to_text(&schema), file.display());
    match fs::read(&file) {
        Ok(bytes) if bytes == text.as_bytes() => return Ok(format!("; {shown} is up to date")),
        Ok(bytes) if !is_ours(&bytes, &schema) => {
            return Ok(format!("; {shown} is no schema of pipeline files and was left alone"));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&file, error)),
        _ => {}
    }
    fs::write(&file, text).map_err(|error| failed(&file, error))?;
    Ok(format!(" and {shown} for your editor"))
}

/// Whether the bytes are a schema of pipeline files: its `$id` or title says so.
fn is_ours(bytes: &[u8], schema: &Value) -> bool {
    let Ok(known) = serde_json::from_slice::<Value>(bytes) else { return false };
    let alike = |key: &str| known[key].is_string() && known[key] == schema[key];
    alike("$id") || alike("title")
}

fn failed(file: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Sink, format!("cannot write {}", file.display())).with_source(cause)
}
