//! `faucet init`: writes a commented pipeline file.

use std::fs::OpenOptions;
use std::io::Write as _;

use faucet_core::{Error, ErrorKind, Result};

use crate::args::InitArgs;
use crate::output::note;

/// The file that is written; it runs against `faucet feed` as it is.
const PIPELINE: &str = include_str!("init.yaml");

pub(crate) fn init(args: &InitArgs) -> Result<()> {
    let file = args.file.display();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut out| out.write_all(PIPELINE.as_bytes()))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::config(format!("{file} exists already and was left alone"))
                    .with_hint("name another file: faucet init FILE")
            }
            _ => Error::new(ErrorKind::Sink, format!("cannot write {file}")).with_source(error),
        })?;
    note(&format!(
        "wrote {file}. Try it:\n  faucet feed &\n  faucet validate {file}\n  faucet run {file}"
    ));
    Ok(())
}
