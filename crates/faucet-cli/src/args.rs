//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use faucet_pipeline::SpecFormat;

use crate::feed_args::{FeedArgs, mean_time};
use crate::screen::Color;
use crate::serve::address;
use crate::tap::args::{ConnectArgs, SendArgs, ShowArgs};

/// Runs streaming pipelines from a file, checks them, and shows what happens.
#[derive(Debug, Parser)]
#[command(arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How messages on stderr look.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// Least severe message to show: error, warn, info, debug or trace.
    #[arg(long, global = true, default_value = "info", value_parser = ["error", "warn", "info", "debug", "trace"])]
    pub(crate) log_level: String,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a pipeline file until its end, Ctrl-C or SIGTERM.
    Run(RunArgs),
    /// Reports every mistake of a pipeline file, without touching the network.
    Validate(ValidateArgs),
    /// Reaches the far end of each component step by step and says which step fails.
    Check(FileArgs),
    /// Shows a feed, and sends to it what you type or pipe.
    Tap(Box<TapArgs>),
    /// Serves a synthetic or recorded feed to as many clients as come.
    Feed(FeedArgs),
    /// Receives what sinks send, counts it and looks at its order.
    Receive(ReceiveArgs),
    /// Shows a feed, a pipeline with a dropped connection, and its result, all on this machine.
    Demo(DemoArgs),
    /// Prints the JSON Schema of a component or of the pipeline file.
    Schema(SchemaArgs),
    /// Explains a key, a connector or the code of a mistake.
    Explain(ExplainArgs),
    /// Shows what becomes of a script of SQL.
    #[cfg(feature = "sql")]
    #[command(subcommand)]
    Sql(SqlCommand),
    /// Lists the sources, transforms and sinks of this build.
    List,
    /// Writes a commented pipeline file, and its schema beside it.
    Init(InitArgs),
    /// Writes a crate with a source, transform or sink of your own to start from.
    New(NewArgs),
    /// Writes reference pages, schemas, explanations and templates of this build.
    Docs(DocsArgs),
    /// Prints the script with which a shell completes this command.
    Completions(CompletionsArgs),
    /// Prints the manual page, or writes one for each command.
    Man(ManArgs),
}

/// A pipeline file and what replaces parts of it.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// Pipeline file: .yaml, .yml, .json, .toml, or a script .sql; `-` is stdin.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
}

/// Options that replace parts of a pipeline file, and name its format.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Value of a {placeholder} of the file or script; replaces the one in the file's `context`.
    #[arg(long = "context", value_name = "KEY=VALUE")]
    pub(crate) context: Vec<String>,
    /// Replaces a key of the file, such as source.max_messages=10 or sinks.all.path=x.jsonl. A script
    /// has no keys.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
    /// The format of the file, whatever its name. Stdin and pipes are YAML without it, and so may be
    /// JSON.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) input_format: Option<InputFormat>,
}

impl ChangeArgs {
    pub(crate) fn is_empty(&self) -> bool {
        self.context.is_empty() && self.set.is_empty() && self.input_format.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    Yaml,
    Json,
    Toml,
    /// A script, in a build with the cargo feature `sql`.
    Sql,
}

impl InputFormat {
    /// The format of a pipeline file; `None` for a script.
    pub(crate) fn of_spec(self) -> Option<SpecFormat> {
        match self {
            Self::Yaml => Some(SpecFormat::Yaml),
            Self::Json => Some(SpecFormat::Json),
            Self::Toml => Some(SpecFormat::Toml),
            Self::Sql => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Pipeline files and scripts .sql, or patterns such as 'feeds/*.yaml'; `-` is stdin.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
    /// Accepts environment variables that are not set, for machines without the secrets. The rest of
    /// the file is looked at.
    #[arg(long)]
    pub(crate) no_env: bool,
    /// Makes errors of warnings.
    #[arg(long)]
    pub(crate) strict: bool,
    /// How the result looks. All but `human` go to stdout.
    #[arg(long, value_enum, default_value_t = ResultFormat::Human)]
    pub(crate) format: ResultFormat,
    /// Prints the file as it is read, as YAML: variables replaced, keys of --set and --context in
    /// place, secrets struck out. Not for a script.
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultFormat {
    /// Beside the lines that it is about, with advice.
    Human,
    /// A line each: file:line:column: error[code]: message.
    Short,
    /// An array of objects.
    Json,
    /// Workflow commands of GitHub.
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// Writes the report as JSON when the run ends, however it ends.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Shows nothing but errors.
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// Options of the server of a run.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Serves a page to look at, /metrics, /healthz, /readyz and /report over HTTP, such as at
    /// 127.0.0.1:9100. A port alone is one of this machine; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) serve: Option<SocketAddr>,
    /// The file with the token that requests must have (Authorization: Bearer TOKEN). The variable
    /// FAUCET_SERVE_TOKEN has the token otherwise; without both none is asked for.
    #[arg(long, value_name = "FILE", requires = "serve")]
    pub(crate) serve_token_file: Option<PathBuf>,
    /// Strikes the values of records out on the page.
    #[arg(long, requires = "serve")]
    pub(crate) serve_redact: bool,
}

#[cfg(feature = "sql")]
#[derive(Debug, Subcommand)]
pub(crate) enum SqlCommand {
    /// Prints the plan of each query of a script.
    Plan(FileArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TapArgs {
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    #[command(flatten)]
    pub(crate) send: SendArgs,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
    /// Taps a source of a pipeline file, as the file configures it, and shows its records. Nothing can
    /// be sent.
    #[arg(long, value_name = "FILE", conflicts_with_all = NOT_IN_A_FILE, help_heading = FROM_A_FILE)]
    pub(crate) pipeline: Option<PathBuf>,
    /// The source, where the pipeline file has several.
    #[arg(long, value_name = "ID", help_heading = FROM_A_FILE)]
    pub(crate) source: Option<String>,
    #[command(flatten, next_help_heading = FROM_A_FILE)]
    pub(crate) changes: ChangeArgs,
}

/// The options of `tap` that a source of a pipeline file has no use for.
const NOT_IN_A_FILE: [&str; 19] = [
    "url",
    "header",
    "subprotocol",
    "origin",
    "auth",
    "deflate",
    "ca",
    "cert",
    "key",
    "insecure",
    "reconnect",
    "ping",
    "proxy",
    "subscribe",
    "execute",
    "interactive",
    "slash",
    "wait",
    "show_pings",
];

/// The heading of the options of `tap` that are about a pipeline file.
const FROM_A_FILE: &str = "A source of a pipeline file";

#[derive(Debug, Args)]
pub(crate) struct ReceiveArgs {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9002")]
    pub(crate) listen: SocketAddr,
    /// Stop after this many messages in all.
    #[arg(short = 'n', long = "count", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Prints each message on a line: text as it is, binary as a JSON string in base64.
    #[arg(long)]
    pub(crate) print: bool,
    /// Drops the first connection without a close handshake after this many messages.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) drop_after: Option<u64>,
    /// Drops each connection without a close handshake after this mean time, also within a message
    /// and with a reset.
    #[arg(long, value_name = "MEAN", value_parser = mean_time)]
    pub(crate) drop: Option<Duration>,
    /// Reads and answers nothing for up to 3 s. This mean time is between two such stalls of a
    /// connection.
    #[arg(long, value_name = "MEAN", value_parser = mean_time)]
    pub(crate) stall: Option<Duration>,
    /// Seed of the faults: the same seed makes the same ones.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where the records go: to a file, or to a receiver that drops a connection too.
    #[arg(long, value_enum, default_value_t = DemoSink::Jsonl)]
    pub(crate) sink: DemoSink,
    /// Shows a script of SQL: the volume-weighted average price of each symbol and second.
    #[cfg(feature = "sql")]
    #[arg(long, conflicts_with_all = ["sink", "output"])]
    pub(crate) sql: bool,
    /// File for the records, with `--sink jsonl`.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Records to receive.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) records: u64,
    /// Trades a second; 0 is as fast as they can be made.
    #[arg(long, default_value_t = 5000)]
    pub(crate) rate: u32,
    /// Seed of the trades.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoSink {
    Jsonl,
    Websocket,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    #[command(subcommand)]
    pub(crate) of: Option<SchemaOf>,
    /// Writes the schema to a file instead, `faucet.schema.json` where none is named, and shows the
    /// line with which a pipeline file names its schema.
    #[arg(long, value_name = "FILE", num_args = 0..=1, global = true)]
    pub(crate) write: Option<Option<PathBuf>>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaOf {
    /// The configuration of a source.
    Source { name: String },
    /// The configuration of a transform.
    Transform { name: String },
    /// The configuration of a sink.
    Sink { name: String },
    /// The whole pipeline file (the default).
    Pipeline,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// File to write: .yaml, .yml, .json or .toml. An existing one is left alone.
    #[arg(default_value = "pipeline.yaml")]
    pub(crate) file: PathBuf,
    /// Source of the pipeline, with all its keys as comments.
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Transform of the pipeline, with all its keys as comments.
    #[arg(long, value_name = "NAME")]
    pub(crate) transform: Option<String>,
    /// Sink of the pipeline, with all its keys as comments.
    #[arg(long, value_name = "NAME")]
    pub(crate) sink: Option<String>,
}

/// The files of a new crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewKind {
    /// A component that records come from.
    Source,
    /// A component that records go to.
    Sink,
    /// A component that changes records on their way.
    Transform,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Kind of component.
    #[arg(value_enum)]
    pub(crate) kind: NewKind,
    /// Name of the component: its `type` in a pipeline file, and the crate's directory.
    pub(crate) name: String,
    /// Checkout of faucet-stream on which the crate depends by path.
    #[arg(long, value_name = "DIR")]
    pub(crate) faucet: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    /// Directory to write into; made when it does not exist.
    #[arg(default_value = "docs")]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Key such as source.websocket.url, connector such as sink.jsonl, `pipeline`, or code such as
    /// unknown-key. Without it all connectors and codes are listed.
    pub(crate) topic: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell for which the script is.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Directory for the pages of all commands; made when it does not exist. Without it the main
    /// page is printed.
    pub(crate) directory: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_mean_time_is_longer_than_zero() {
        assert_eq!(mean_time("250ms"), Ok(Duration::from_millis(250)));
        for text in ["0", "0s", "-1s", "soon", ""] {
            assert!(mean_time(text).is_err(), "{text}");
        }
    }
}
