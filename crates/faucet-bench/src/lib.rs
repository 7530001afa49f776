//! A bench that anyone can run: `cargo bench -p faucet-bench`. See `docs/BENCHMARKS.md`.
//!
//! The program starts itself again for each thing it needs: servers, and one process for each
//! measurement, so that CPU time and memory are those of the code that is measured.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that shows what it measured"
)]

mod chart;
mod child;
mod endpoint;
mod instructions;
mod job;
mod latency;
mod line;
mod lines;
mod many;
mod options;
mod payload;
mod receivers;
mod report;
mod result;
mod results;
mod rounds;
mod sample;
mod senders;
mod servers;
mod subject;
mod table;
mod targets;
mod usage;
mod wire;
mod work;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use chart::Chart;
use line::Line;
use options::Options;
use report::Report;
use result::Result;
use table::Table;

/// Runs the bench with the arguments of the process. A target that is missed is no failure.
pub fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<()> {
    if let Some(job) = &options.child {
        return serde_json::from_str::<job::Job>(job)?.run();
    }
    if let Some(name) = &options.instructions {
        return instructions::run(name, options.messages);
    }
    let all = lines::all();
    if options.list {
        list(&all);
        return Ok(());
    }
    compare(&options, lines::select(all, &options.filter))
}

fn list(lines: &[Line]) {
    for line in lines {
        let mark = if line.by_default { '*' } else { ' ' };
        println!("{mark} {:<38} {}", line.name, line.subject.label());
    }
}

fn compare(options: &Options, lines: Vec<Line>) -> Result<()> {
    if lines.is_empty() {
        return Err("no line has such a name; --list lists them".into());
    }
    let (divisor, rounds) = if options.quick { (10, 1) } else { (1, 5) };
    let rounds = options.rounds.map_or(rounds, usize::from);
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    println!("{} lines, {rounds} rounds, {} cores, {os} {arch}", lines.len(), report::cores());
    let results = rounds::run(lines, rounds, divisor)?;
    println!("{}", Table(&results));
    if let Some(path) = &options.json {
        write(path, &format!("{}\n", serde_json::to_string_pretty(&Report::new(&results))?))?;
    }
    if let Some(path) = &options.svg {
        write(path, &Chart(&results).to_string())?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text)?;
    println!("wrote {}", path.canonicalize()?.display());
    Ok(())
}
