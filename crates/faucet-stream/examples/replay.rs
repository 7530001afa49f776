//! Prints the records of a file of JSON Lines, with a pipeline that is made of a value instead of a
//! file: `replay trades.jsonl [MAX]`.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

use faucet_stream::{PipelineSpec, Result, registry};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: replay FILE [MAX]");
        return ExitCode::from(2);
    };
    match replay(&path, arguments.next().as_deref()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn replay(path: &str, max: Option<&str>) -> Result<()> {
    let mut spec = PipelineSpec::from_value(json!({
        "source": { "type": "jsonl", "path": path },
        "sink": { "type": "stdout" },
    }));
    if let Some(max) = max {
        spec.set(&format!("source.max_messages={max}"))?;
    }
    let report = spec.build(&registry())?.run().await.into_result()?;
    eprintln!("{} records", report.records);
    Ok(())
}
