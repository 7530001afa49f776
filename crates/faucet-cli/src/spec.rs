//! The pipeline file as the command line changes it.

use faucet_core::{Registry, Result};
use faucet_pipeline::{Pipeline, PipelineSpec};

use crate::args::FileArgs;

/// Loads the file and builds its pipeline. Logs what does not help in it.
///
/// # Errors
/// All problems of the file, each with its name, or of `--set` and `--context`.
pub(crate) fn load(args: &FileArgs, registry: &Registry) -> Result<Pipeline> {
    let mut spec = PipelineSpec::load(&args.file, |name| std::env::var(name).ok())?;
    for assignment in &args.set {
        spec.set(assignment)?;
    }
    for assignment in &args.context {
        spec.set_context(assignment)?;
    }
    let pipeline = spec.build(registry)?;
    for warning in spec.warnings(&pipeline) {
        tracing::warn!("{}: {warning}", args.file.display());
    }
    Ok(pipeline)
}
