//! The command `acme`: everything that `faucet` can do, with Acme's connectors.

use std::process::ExitCode;

const INIT: &str = include_str!("init.yaml");

fn main() -> ExitCode {
    let mut registry = faucet_stream::registry();
    if let Err(problems) = acme::register(&mut registry) {
        eprintln!("{problems}");
        return ExitCode::FAILURE;
    }
    faucet_cli::App::new(registry)
        .name("acme")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs the pipelines of Acme.")
        .init(INIT)
        .run()
}
