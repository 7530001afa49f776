//! `faucet feed`: serves a feed.

use std::num::NonZeroU32;
use std::path::Path;

use faucet_core::{Error, ErrorKind, Next, Registry, Result, Scope, Source};
use faucet_lab::{Faults, FeedServer, Pace, Program};
use serde_json::{Value, json};

use crate::commands::listen::cannot_listen;
use crate::feed_args::{FeedArgs, RecordingFormat};
use crate::output::print_line;
use crate::signals::Signals;

pub(crate) async fn feed(args: FeedArgs, registry: &Registry) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let listen = args.listen;
    let FeedArgs { drop, stall, flood, dribble, seed, .. } = args;
    let faults = Faults { drop, stall, flood, dribble, seed };
    let program = program(args, registry).await?;
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

async fn program(args: FeedArgs, registry: &Registry) -> Result<Program> {
    let rate = NonZeroU32::new(args.rate);
    let Some(file) = &args.file else {
        return Ok(Program::Synthetic { rate, seed: args.seed, drop_after: None });
    };
    if file.as_os_str() == "-" {
        let hint = "write the lines to a file first: each client gets all of them";
        return Err(Error::usage("--file -: standard input can be read once only").with_hint(hint));
    }
    let format = match args.format {
        RecordingFormat::Json => "json",
        RecordingFormat::RawString => "raw_string",
        RecordingFormat::Binary => "binary",
    };
    let on_parse_error = if args.skip { "skip" } else { "fail" };
    let config = json!({ "path": file, "format": format, "on_parse_error": on_parse_error });
    let (form, source) = recording(file, &config, registry).await?;
    let pace = match rate {
        _ if args.speed == 0.0 => Pace::Unpaced,
        _ if form.is_some() => Pace::Recorded { speed: args.speed, max_pause: args.max_pause },
        Some(rate) => Pace::Rate(rate),
        None => Pace::Unpaced,
    };
    if args.max_pause.is_some() && form.is_none() {
        let hint = "record with `frames: true` or `envelope: true`";
        return Err(Error::usage("--max-pause: the recording has no times").with_hint(hint));
    }
    check(&*source).await?;
    Ok(Program::Recorded { source, pace, repeat: args.repeat })
}

/// The key of lines that hold whole messages.
const FRAMES: &str = "frames";

/// The source of the recording, and the key of the form of its lines, where these have times.
async fn recording(
    file: &Path,
    config: &Value,
    registry: &Registry,
) -> Result<(Option<&'static str>, Box<dyn Source>)> {
    let source = |form: Option<&str>, strict: bool| {
        let mut config = config.clone();
        if let Some(form) = form {
            config[form] = true.into();
        }
        if form == Some(FRAMES) {
            // A message is served as it came, whatever it holds.
            config["format"] = "raw_string".into();
        }
        if strict {
            config["on_parse_error"] = "fail".into();
        }
        registry.sources.build("jsonl", config)
    };
    for form in [FRAMES, "envelope"] {
        let opened = source(Some(form), true)?.open(&Scope::default()).await;
        let mut reader = opened.map_err(|error| cannot_open(file, &error))?;
        // The first page tells: another form fails at its first line.
        if matches!(reader.next_page().await, Ok(Next::Page(_))) {
            return Ok((Some(form), source(Some(form), false)?));
        }
    }
    Ok((None, source(None, false)?))
}

fn cannot_open(file: &Path, error: &Error) -> Error {
    let cause =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    Error::usage(format!("--file {}: {cause}", file.display()))
}

/// Reads the whole recording once, so that no client is cut off at a line that is no record.
async fn check(source: &dyn Source) -> Result<()> {
    let mut reader = source.open(&Scope::default()).await?;
    let mut has_record = false;
    loop {
        match reader.next_page().await {
            Ok(Next::Page(page)) => has_record |= !page.is_empty(),
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Decode => {
                return Err(error.with_hint("--skip leaves out lines that are no records"));
            }
            Err(error) => return Err(error),
        }
    }
    if !has_record {
        tracing::warn!("--file: the recording has no record");
    }
    Ok(())
}
