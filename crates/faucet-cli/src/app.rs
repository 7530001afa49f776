//! The command line of a build.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use faucet_core::{ErrorKind, Registry, Result};

use crate::args::{Cli, Command};
use crate::{commands, exit, logging, output};

/// The command line of a build: its components, and what it is called.
///
/// The default is `faucet`; [`name`](Self::name) sets another.
#[derive(Debug)]
pub struct App {
    registry: Registry,
    name: &'static str,
    version: &'static str,
    about: Option<&'static str>,
    init: Option<&'static str>,
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

    /// The pipeline file that `init` writes when it is told no component.
    #[must_use]
    pub fn init(self, template: &'static str) -> Self {
        Self { init: Some(template), ..self }
    }

    /// Runs the command line of this process.
    ///
    /// Exit codes: 0 well ended, 1 any other failure, 2 configuration, 3 credentials, 4 connection, 5
    /// protocol, 6 decoding, 7 sink, 130 interrupted a second time.
    pub fn run(self) -> ExitCode {
        let mut command = Cli::command().name(self.name).bin_name(self.name).version(self.version);
        if let Some(about) = self.about {
            command = command.about(about);
        }
        let matches = command.get_matches();
        let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // In the demo the pipeline speaks, not the feed that it follows or the receiver.
        let hushed: &[&str] = match cli.command {
            Command::Demo(_) => &["faucet_lab"],
            _ => &[],
        };
        cli.color.choose();
        let (command, log_format) = (self.name, cli.log_format);
        let warns = !matches!(level(&cli), "error");
        output::Look { command, log_format, warns }.choose();
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
        match result {
            Ok(code) => code,
            Err(error) => {
                if error.kind() != ErrorKind::Cancelled {
                    output::show(&error);
                }
                exit::code(&error)
            }
        }
    }

    async fn execute(&self, command: Command) -> Result<ExitCode> {
        let registry = &self.registry;
        match command {
            Command::Run(args) => commands::run::run(args, registry).await?,
            Command::Validate(args) => return commands::validate::validate(&args, registry),
            Command::Check(args) => return commands::check::check(args, registry).await,
            Command::Tap(args) => commands::tap::tap(args, registry).await?,
            Command::Feed(args) => commands::feed::feed(args, registry).await?,
            Command::Receive(args) => commands::receive::receive(args).await?,
            Command::Demo(args) => commands::demo::demo(args, registry).await?,
            Command::Schema(args) => commands::schema::schema(args, registry)?,
            Command::List => commands::list::list(registry)?,
            Command::Init(args) => commands::init::init(&args, registry, self.name, self.init)?,
            Command::New(args) => commands::new::new(&args)?,
            Command::Docs(args) => commands::docs::docs(&args, registry, self.name)?,
        }
        Ok(ExitCode::SUCCESS)
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
