//! The pipeline file as the command line changes it.

use std::io::Read as _;
use std::path::Path;

use faucet_core::{Error, Registry, Result};
use faucet_pipeline::{Pipeline, PipelineSpec, SpecFormat};

use crate::args::{ChangeArgs, FileArgs, InputFormat};
use crate::output;

/// The name of the pipeline file that comes through stdin.
const STDIN: &str = "<stdin>";

/// Reads the file and changes it as the command line says.
///
/// # Errors
/// The file cannot be read, or `--set` or `--context` is not well formed.
pub(crate) fn read(file: &Path, changes: &ChangeArgs) -> Result<PipelineSpec> {
    let mut spec = parsed(file, changes.input_format)?;
    for assignment in &changes.set {
        spec.set(assignment)?;
    }
    for assignment in &changes.context {
        spec.set_context(assignment)?;
    }
    Ok(spec)
}

fn parsed(file: &Path, format: Option<InputFormat>) -> Result<PipelineSpec> {
    let lookup = |name: &str| std::env::var(name);
    let format = format.map(InputFormat::of_spec);
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|e| Error::usage("stdin cannot be read").with_source(e))?;
        let format = format.unwrap_or(SpecFormat::Yaml);
        return Ok(PipelineSpec::parse_bytes(&bytes, format, STDIN, lookup)?);
    }
    // A pipe, such as that of `<(…)`, has no ending. JSON is YAML too.
    let is_pipe = || std::fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir());
    match format {
        Some(format) => Ok(PipelineSpec::load_as(file, format, lookup)?),
        None if is_pipe() => Ok(PipelineSpec::load_as(file, SpecFormat::Yaml, lookup)?),
        None => Ok(PipelineSpec::load(file, lookup)?),
    }
}

/// Loads the file and builds its pipeline. Shows the warnings.
///
/// # Errors
/// All problems of the file, or of `--set` and `--context`.
pub(crate) fn load(args: &FileArgs, registry: &Registry) -> Result<Pipeline> {
    let spec = read(&args.file, &args.changes)?;
    let verdict = spec.check(registry);
    let text = verdict.text.clone();
    let (pipeline, diagnostics) = verdict.into_result()?;
    if !diagnostics.is_empty() {
        output::diagnostics(&[(&text, &*diagnostics)]);
    }
    Ok(pipeline)
}
