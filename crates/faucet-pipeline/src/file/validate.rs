//! A pipeline file as editors and other tools look at it.

use faucet_core::Registry;

use crate::diagnostic::Diagnostic;
use crate::file::format::SpecFormat;
use crate::file::interpolate::Variable;
use crate::file::spec::PipelineSpec;

/// Looks at the text of a pipeline file, for editors and other tools: everything that is wrong with
/// it, in the order of the places. Does no I/O, and looks no environment variable up: the value of a
/// variable is not known, and the rest is looked at.
pub fn validate(registry: &Registry, text: &str, format: SpecFormat) -> Vec<Diagnostic> {
    match PipelineSpec::parse(text, format, |_| Variable::Unset) {
        Ok(spec) => spec.accept_unset().check(registry).diagnostics,
        Err(errors) => errors.diagnostics().to_vec(),
    }
}
