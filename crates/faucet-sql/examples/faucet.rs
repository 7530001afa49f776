//! The command `faucet` with SQL, which the tests run: the command's own crate builds it without.

use std::process::ExitCode;

fn main() -> ExitCode {
    faucet_cli::App::new(faucet_stream::registry()).run()
}
