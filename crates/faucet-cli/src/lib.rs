//! The command `faucet`, as a library: give it a registry and it is the command line of your own
//! build.
//!
//! ```no_run
//! # mod acme { pub fn register(_: &mut faucet_core::Registry) -> faucet_core::Result<()> { Ok(()) } }
//! let mut registry = faucet_stream::registry();
//! acme::register(&mut registry).expect("the name is free");
//! faucet_cli::run(registry);
//! ```

mod args;
mod commands;
mod exit;
mod live;
mod logging;
mod output;
mod signals;
mod spec;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;
use faucet_core::{ErrorKind, Registry, Result};

use crate::args::{Cli, Command, LogFormat};

/// Runs the command line of this process with the connectors of `registry`.
///
/// Exit codes: 0 well ended, 2 configuration, 3 credentials, 4 connection, 5 protocol, 6 decoding,
/// 7 sink, 130 interrupted a second time.
pub fn run(registry: Registry) -> ExitCode {
    let cli = Cli::parse();
    // In the demo the pipeline speaks, not the feed that it follows or who receives from it.
    let hushed: &[&str] = match cli.command {
        Command::Demo(_) => &["faucet_lab"],
        _ => &[],
    };
    logging::install(cli.log_format, level(&cli), hushed);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(&format!("error: the runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(execute(cli.command, &registry));
    // A write that blocks must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => {
            match cli.log_format {
                _ if error.kind() == ErrorKind::Cancelled => {}
                LogFormat::Text => output::show(&error),
                LogFormat::Json => {
                    tracing::error!(kind = error.kind().as_str(), "{}", output::explain(&error));
                }
            }
            exit::code(&error)
        }
    }
}

/// A quiet run, and a feed on a terminal, show only what went wrong.
fn level(cli: &Cli) -> &str {
    match &cli.command {
        Command::Run(args) if args.quiet => "error",
        Command::Tap(_) if cli.log_level == "info" => "warn",
        _ => &cli.log_level,
    }
}

async fn execute(command: Command, registry: &Registry) -> Result<ExitCode> {
    match command {
        Command::Run(args) => commands::run::run(args, registry).await?,
        Command::Validate(args) => commands::validate::validate(&args, registry)?,
        Command::Check(args) => return commands::check::check(args, registry).await,
        Command::Tap(args) => commands::tap::tap(args, registry).await?,
        Command::Feed(args) => commands::feed::feed(args, registry).await?,
        Command::Receive(args) => commands::receive::receive(args).await?,
        Command::Demo(args) => commands::demo::demo(args, registry).await?,
        Command::Schema(args) => commands::schema::schema(args, registry)?,
        Command::List => commands::list::list(registry)?,
        Command::Init(args) => commands::init::init(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
