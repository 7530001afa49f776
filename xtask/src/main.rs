//! What the repository does to itself: `cargo xtask codegen [--check] | tidy | deny | ci |
//! instructions [--update]`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for developers")]

mod ci;
mod codegen;
mod deny;
mod doors;
mod features;
mod guide;
mod instructions;
mod marks;
mod result;
mod sql;
mod tidy;
mod times;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "usage: cargo xtask <command>
  codegen          write schemas, reference pages, the files in the guide and in the cookbook, the
                   README's feature table, the repeated part of each crate's README, and its licence
                   files
  codegen --check  fail when one of them is out of date
  tidy             hold the workspace against its own rules
  deny             hold all dependencies against deny.toml, without a network
  ci               everything that CI runs
  instructions     count the instructions of the hot paths and compare them with the repository's
                   file; needs valgrind, and is no part of `ci`
  instructions --update
                   write the file anew";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["codegen"] => Workspace::load().and_then(|workspace| codegen::write(&workspace)),
        ["codegen", "--check"] => {
            Workspace::load().and_then(|workspace| codegen::check(&workspace))
        }
        ["deny"] => Workspace::load().and_then(|workspace| deny::check(&workspace)),
        ["tidy"] => Workspace::load().and_then(|workspace| tidy::run(&workspace)),
        ["instructions"] => Workspace::load().and_then(|w| instructions::run(&w, false)),
        ["instructions", "--update"] => Workspace::load().and_then(|w| instructions::run(&w, true)),
        ["ci"] => Workspace::load().and_then(|workspace| ci::run(&workspace)),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
