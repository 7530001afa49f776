//! `faucet validate`: every mistake of a pipeline file, without the network.

use faucet_core::{Registry, Result};

use crate::args::FileArgs;
use crate::graph::described;
use crate::output::print_line;
use crate::spec;

pub(crate) fn validate(args: &FileArgs, registry: &Registry) -> Result<()> {
    let pipeline = spec::load(args, registry)?;
    print_line(&format!("{}: valid: {}", args.file.display(), described(&pipeline)))
}
