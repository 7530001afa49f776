//! The command `acme`: everything that `faucet` can do, with Acme's connectors.

use std::process::ExitCode;

use serde_json::json;

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
        .init(json!({
            "source": { "type": "ticker", "interval": "100ms", "max_messages": 20 },
            "transform": { "type": "every", "n": 5 },
            "sink": { "type": "sqlite", "path": "ticks.db", "table": "ticks" },
            "state": { "path": "ticks.state.json" },
        }))
        .run()
}
