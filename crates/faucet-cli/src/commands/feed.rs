//! `faucet feed`: serves a feed.

use std::num::NonZeroU32;

use faucet_core::{Error, ErrorKind, Registry, Result};
use faucet_lab::{Faults, FeedServer, Pace, Program};
use serde_json::json;

use crate::args::{FeedArgs, RecordingFormat};
use crate::commands::listen::cannot_listen;
use crate::output::print_line;
use crate::signals::Signals;

pub(crate) async fn feed(args: FeedArgs, registry: &Registry) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let listen = args.listen;
    let FeedArgs { drop, stall, flood, dribble, seed, .. } = args;
    let faults = Faults { drop, stall, flood, dribble, seed };
    let program = program(args, registry)?;
    if flood.is_some() && !program.has_pace() {
        let hint = "a feed at full speed has no floods; choose a --rate";
        return Err(Error::usage("--flood: the feed has no pace").with_hint(hint));
    }
    let failed = cannot_listen(listen);
    let server = FeedServer::bind(listen, program).await.map_err(failed)?.with_faults(faults);
    let url = server.url().map_err(failed)?;
    print_line(&url)?;
    tracing::info!("serving on {url} until Ctrl-C");
    server.serve(signals.asked()).await;
    Ok(())
}

fn program(args: FeedArgs, registry: &Registry) -> Result<Program> {
    let rate = NonZeroU32::new(args.rate);
    let Some(file) = &args.file else {
        return Ok(Program::Synthetic { rate, seed: args.seed, drop_after: None });
    };
    let timed = is_enveloped(file)?;
    let pace = match rate {
        _ if args.speed == 0.0 => Pace::Unpaced,
        _ if timed => Pace::Recorded(args.speed),
        Some(rate) => Pace::Rate(rate),
        None => Pace::Unpaced,
    };
    let format = match args.format {
        RecordingFormat::Json => "json",
        RecordingFormat::RawString => "raw_string",
        RecordingFormat::Binary => "binary",
    };
    let config = json!({ "path": file, "format": format, "envelope": timed });
    let source = registry.sources.build("jsonl", config)?;
    Ok(Program::Recorded { source, pace, repeat: args.repeat })
}

/// Whether the recording's first line is an envelope, and so knows when it was received.
fn is_enveloped(file: &std::path::Path) -> Result<bool> {
    use std::io::BufRead as _;
    let mut line = String::new();
    std::fs::File::open(file)
        .and_then(|file| std::io::BufReader::new(file).read_line(&mut line))
        .map_err(|e| Error::usage(format!("--file {}: {e}", file.display())))?;
    let value: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
    Ok(value.as_object().is_some_and(|object| {
        object.len() == 3 && ["data", "received_at", "url"].iter().all(|k| object.contains_key(*k))
    }))
}
