//! The command `acme`: everything that `faucet` can do, with Acme's connectors.

use std::process::ExitCode;

const INIT: &str = include_str!("init.yaml");

fn main() -> ExitCode {
    let mut registry = faucet_stream::registry();
    acme::register(&mut registry).expect("the names are free");
    faucet_cli::App::new(registry)
        .name("acme")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs the pipelines of Acme.")
        .init(INIT)
        .run()
}
