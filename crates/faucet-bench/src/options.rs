//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Measures faucet-stream beside tokio-tungstenite, hand-written loops, and the loop that everybody
/// writes first. Prints medians, ratios, and which targets are reached.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench -p faucet-bench --")]
pub(crate) struct Options {
    /// Runs the lines whose name contains this text, also those that do not run by default, and what
    /// they are compared with. May be given several times.
    #[arg(long, value_name = "SUBSTRING")]
    pub(crate) filter: Vec<String>,
    /// Lists all lines and runs nothing. A star marks those that run by default.
    #[arg(long)]
    pub(crate) list: bool,
    /// How often each line runs. Default: 5, with --quick 1.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: Option<u16>,
    /// A tenth of the messages: to see that all works, not to compare.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Writes all samples, medians and targets to this file. Cargo starts the bench in the folder of
    /// its crate: give an absolute path.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes a chart to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Runs a hot path in memory, for `cargo xtask instructions`; `list` lists them.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["list", "filter"])]
    pub(crate) instructions: Option<String>,
    /// How many messages go along the hot path.
    #[arg(long, requires = "instructions", default_value_t = 1000)]
    pub(crate) messages: u64,
    /// The job of a child process, as JSON.
    #[arg(long, hide = true)]
    pub(crate) child: Option<String>,
    /// What cargo says to every bench.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn cargo_adds_its_own_flag() {
        let options =
            Options::try_parse_from(["bench", "--filter", "tls", "--filter", "64kB", "--bench"]);
        assert_eq!(options.unwrap().filter, ["tls", "64kB"]);
        assert!(Options::try_parse_from(["bench", "--rounds", "0"]).is_err());
    }
}
