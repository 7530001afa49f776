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
    let source = registry.sources.build("websocket", config(args)?)?;
    let pipeline = Pipeline::new(source, TerminalSink);
    pipeline.run_until(signals.asked()).await.into_result().map(drop)
}

fn config(args: TapArgs) -> Result<Value> {
    let mut headers = Map::new();
    for header in &args.header {
        let (name, value) = split(header)?;
        if headers.insert(name.to_owned(), value.into()).is_some() {
            return Err(Error::usage(format!("--header: {name:?} is given twice")));
        }
    }
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
    Ok(config)
}

/// Name and value of a header. It is not printed: it may be a secret without a name.
fn split(header: &str) -> Result<(&str, &str)> {
    match header.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim(), value.trim())),
        _ => Err(Error::usage("--header: write 'Name: value'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_once_and_never_shown() {
        assert_eq!(split("X-Key:  a:b ").unwrap(), ("X-Key", "a:b"));
        for header in ["Bearer s3cret", ":s3cret", " : s3cret", ""] {
            assert_eq!(split(header).unwrap_err().to_string(), "--header: write 'Name: value'");
        }
    }
}
