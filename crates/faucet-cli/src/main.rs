//! The command `faucet` with the connectors that ship with faucet-stream.

use std::process::ExitCode;

fn main() -> ExitCode {
    faucet_cli::App::new(faucet_stream::registry()).run()
}
