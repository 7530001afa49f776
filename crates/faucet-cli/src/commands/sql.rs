//! `faucet sql`: what becomes of a script.

use faucet_core::{Error, Registry, Result};

use crate::args::{FileArgs, SqlCommand};
use crate::output::print_text;
use crate::spec::Described;

pub(crate) async fn sql(command: SqlCommand, registry: &Registry) -> Result<()> {
    let SqlCommand::Plan(FileArgs { file, changes }) = command;
    match Described::read(&file, &changes)? {
        Described::Script(script) => {
            let plan = script.plan(registry)?;
            print_text(&plan)
        }
        Described::File(_) => {
            let what = format!("{}: is no script", file.display());
            Err(Error::usage(what)
                .with_hint("a script ends in .sql; --input-format sql says so too"))
        }
    }
}
