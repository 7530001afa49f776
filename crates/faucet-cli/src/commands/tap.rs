//! `faucet tap`: a feed on the terminal.

use std::time::Duration;

use faucet_core::{Error, ErrorKind, Registry, Result};
use faucet_pipeline::Pipeline;
use serde_json::{Map, Value, json};

use crate::args::TapArgs;
use crate::signals::Signals;
use crate::terminal::TerminalSink;

/// A line is shown this long after its message, at most.
const LINGER: Duration = Duration::from_millis(100);

pub(crate) async fn tap(args: TapArgs, registry: &Registry) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let source = registry.source("websocket", config(args))?;
    let pipeline = Pipeline::new(source, Box::new(TerminalSink));
    pipeline.run_until(signals.asked()).await.into_result().map(drop)
}

fn config(args: TapArgs) -> Value {
    let headers: Map<String, Value> =
        args.header.into_iter().map(|(name, value)| (name, value.into())).collect();
    let mut config = json!({
        "url": args.url,
        "headers": headers,
        "subscribe_messages": args.subscribe,
        "message_format": "binary",
        "batch_timeout": LINGER.as_secs_f64(),
    });
    match args.count {
        Some(count) => config["max_messages"] = count.into(),
        None => config["unbounded"] = true.into(),
    }
    config
}
