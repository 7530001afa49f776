//! Messages on stderr.

use std::io::{self, Write};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::LogFormat;
use crate::stderr;

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
    let text = tracing_subscriber::fmt::layer().with_writer(Terminal).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let installed = match format {
        LogFormat::Text => registry.with(text.with_ansi(false).compact()).try_init(),
        LogFormat::Json => registry.with(text.json()).try_init(),
    };
    // A program that embeds the command may have a subscriber of its own.
    let _ = installed;
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
        stderr::write(std::mem::take(&mut self.0));
    }
}
