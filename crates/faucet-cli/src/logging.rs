//! Messages on stderr.

use std::io::{self, Write};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::LogFormat;
use crate::{output, stderr};

/// Sends messages of `level` and above to stderr; of the parts in `hushed` only warnings.
pub(crate) fn install(format: LogFormat, level: &str, hushed: &[&str]) {
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    // tungstenite logs whole requests, credentials included, and every frame.
    let hushed = ["tungstenite", "tokio_tungstenite"].iter().chain(hushed);
    let filter = Targets::new()
        .with_default(level)
        .with_targets(hushed.map(|part| (*part, LevelFilter::WARN.min(level))))
        // What it logs as an error is in ours.
        .with_target("rustls_platform_verifier", LevelFilter::OFF);
    let text = fmt::layer().with_writer(Terminal).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let installed = match format {
        LogFormat::Text => registry.with(text.with_ansi(false).compact()).try_init(),
        LogFormat::Json => registry.with(text.json()).try_init(),
    };
    // A program that embeds the command may have a subscriber of its own.
    let _ = installed;
}

/// Writes an event with these fields, which may have fields of their own, as a line of JSON like
/// those of the subscriber.
pub(crate) fn event(mut fields: Map<String, Value>, message: &str) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let mut time = String::new();
    // A clock that cannot be shown leaves an empty time.
    let _ = SystemTime.format_time(&mut fmt::format::Writer::new(&mut time));
    fields.insert("message".to_owned(), message.into());
    let line =
        json!({"timestamp": time, "level": "INFO", "fields": fields, "target": "faucet_cli"});
    send(format!("{line}\n").into_bytes());
}

/// The beginning of each line of JSON: it names the pipeline.
static BEGINNING: OnceLock<String> = OnceLock::new();

/// Names the pipeline of this process in each line of JSON.
pub(crate) fn name_pipeline(name: &str) {
    let begin = format!("{{\"pipeline\":{},", Value::from(name));
    // A program that embeds the command may run it twice: then the first name stays.
    let _ = BEGINNING.set(begin);
}

fn send(line: Vec<u8>) {
    let named = BEGINNING.get().filter(|_| output::is_json()).zip(line.strip_prefix(b"{"));
    stderr::write(match named {
        Some((begin, rest)) => [begin.as_bytes(), rest].concat(),
        None => line,
    });
}

struct Terminal;

impl<'a> MakeWriter<'a> for Terminal {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(Vec::new())
    }
}

/// One message, written whole.
struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        send(std::mem::take(&mut self.0));
    }
}
