//! The command `faucet` with the connectors that ship with faucet-stream.

use std::process::ExitCode;

fn main() -> ExitCode {
    faucet_cli::run(faucet_stream::registry())
}
