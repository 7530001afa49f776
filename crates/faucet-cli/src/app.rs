//! The command line of a build.

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _};
use faucet_core::{ErrorKind, Registry, Result};
use serde_json::Value;

use crate::args::{Cli, Command};
use crate::examples::examples;
use crate::pages::Book;
use crate::{commands, exit, logging, output, stderr};

/// How long the end of the process waits for a reader of its last messages.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The command line of a build: its components, and what it is called.
///
/// The default is `faucet`; [`name`](Self::name) sets another.
#[derive(Debug)]
pub struct App {
    registry: Registry,
    name: &'static str,
    version: &'static str,
    about: Option<&'static str>,
    init: Option<Value>,
}

impl App {
    /// The command line with the components of `registry`.
    pub fn new(registry: Registry) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self { registry, name: "faucet", version, about: None, init: None }
    }

    /// The command's name in help, hints and messages.
    #[must_use]
    pub fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Its version.
    #[must_use]
    pub fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// The first line of the command's help.
    #[must_use]
    pub fn about(self, about: &'static str) -> Self {
        Self { about: Some(about), ..self }
    }

    /// The pipeline that `init` writes where no component is named: the values of a pipeline file with
    /// one source, one sink and at most one transform. `init` adds the comments, all other keys as
    /// comments, and keys that are required and not given.
    #[must_use]
    pub fn init(self, pipeline: Value) -> Self {
        Self { init: Some(pipeline), ..self }
    }

    /// The command line as `clap` knows it.
    fn command(&self) -> clap::Command {
        let mut command = Cli::command().name(self.name).bin_name(self.name).version(self.version);
        if let Some(about) = self.about {
            command = command.about(about);
        }
        command.mut_subcommands(|sub| match examples(sub.get_name(), self.name) {
            Some(examples) => sub.after_help(examples),
            None => sub,
        })
    }

    /// Runs the command line of this process.
    ///
    /// Exit codes: 0 well ended, 1 any other failure, 2 configuration, 3 credentials, 4 connection, 5
    /// protocol, 6 decoding, 7 sink, 130 interrupted a second time.
    pub fn run(self) -> ExitCode {
        let matches = self.command().get_matches();
        let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // In the demo the pipeline speaks, not the feed that it follows or the receiver.
        let hushed: &[&str] = match cli.command {
            Command::Demo(_) => &["faucet_lab"],
            _ => &[],
        };
        cli.color.choose();
        let (command, log_format) = (self.name, cli.log_format);
        let warns = !matches!(level(&cli), "error");
        let informs = !matches!(level(&cli), "error" | "warn");
        output::Look { command, log_format, warns, informs }.choose();
        stderr::install();
        logging::install(log_format, level(&cli), hushed);
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::note(&format!("error: the runtime cannot start: {error}"));
                return ExitCode::FAILURE;
            }
        };
        let result = runtime.block_on(self.execute(cli.command));
        // A write that blocks must not keep the process.
        runtime.shutdown_background();
        let code = match result {
            Ok(code) => code,
            Err(error) => {
                if error.kind() != ErrorKind::Cancelled {
                    output::show(&error);
                }
                exit::code(&error)
            }
        };
        stderr::flush(LAST_WORDS);
        code
    }

    async fn execute(&self, command: Command) -> Result<ExitCode> {
        let registry = &self.registry;
        match command {
            Command::Run(args) => commands::run::run(args, registry).await?,
            Command::Validate(args) => return commands::validate::validate(&args, registry),
            Command::Check(args) => return commands::check::check(args, registry).await,
            Command::Tap(args) => commands::tap::tap(*args, registry).await?,
            Command::Feed(args) => commands::feed::feed(args, registry).await?,
            Command::Receive(args) => commands::receive::receive(args).await?,
            Command::Demo(args) => commands::demo::demo(args, registry).await?,
            Command::Schema(args) => commands::schema::schema(args, registry)?,
            Command::Explain(args) => commands::explain::explain(&args, registry, self.name)?,
            #[cfg(feature = "sql")]
            Command::Sql(command) => commands::sql::sql(command, registry).await?,
            Command::List => commands::list::list(registry)?,
            Command::Init(args) => {
                commands::init::init(&args, registry, self.name, self.init.as_ref())?;
            }
            Command::New(args) => commands::new::new(&args)?,
            Command::Docs(args) => {
                let writer = format!("{} docs", self.name);
                let template = self.init.as_ref();
                let book = Book { registry, command: self.name, template, writer: &writer };
                commands::docs::docs(&args, book)?;
            }
            Command::Completions(args) => {
                commands::completions::completions(&args, self.command())?;
            }
            Command::Man(args) => commands::completions::man(&args, self.command())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A quiet run shows only what went wrong.
fn level(cli: &Cli) -> &str {
    match &cli.command {
        Command::Run(args) if args.quiet => "error",
        _ => &cli.log_level,
    }
}
