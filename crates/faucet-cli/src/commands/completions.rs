//! `faucet completions` and `faucet man`: what shells and manuals need.

use std::fs;

use clap::Command;
use clap_mangen::Man;
use faucet_core::{Error, ErrorKind, Result};

use crate::args::{CompletionsArgs, ManArgs};
use crate::output::{note, print_bytes};

/// Prints the script that completes `command` in a shell.
pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<()> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    print_bytes(&script)
}

/// Prints the manual page of `command`, or writes those of all its subcommands too.
pub(crate) fn man(args: &ManArgs, command: Command) -> Result<()> {
    // `help` has no page of its own, as in the pages that go to a directory.
    let command = command.disable_help_subcommand(true);
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(|e| failed("the page").with_source(e))?;
        return print_bytes(&page);
    };
    let written =
        fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
    written.map_err(|e| failed(&directory.display().to_string()).with_source(e))?;
    note(&format!("wrote the manual pages to {}", directory.display()));
    Ok(())
}

fn failed(what: &str) -> Error {
    Error::new(ErrorKind::Sink, format!("cannot write {what}"))
}
