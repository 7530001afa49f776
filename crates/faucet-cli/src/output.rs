//! What the command prints: data on stdout, everything else on stderr.

use std::borrow::Cow;
use std::error::Error as _;
use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::time::Duration;

use faucet_core::{Error, ErrorKind, KeyPath, Problem, Result};
use faucet_pipeline::diagnostic::{Format, SourceText, render};
use faucet_pipeline::{Diagnostic, Severity, SpecErrors};

use crate::args::LogFormat;
use crate::screen;
use crate::stderr;

/// How long output waits for messages before it.
const IN_ORDER: Duration = Duration::from_millis(200);

/// How messages of this process look.
#[derive(Debug)]
pub(crate) struct Look {
    /// The name of the command.
    pub(crate) command: &'static str,
    pub(crate) log_format: LogFormat,
    /// Whether warnings are shown.
    pub(crate) warns: bool,
    /// Whether all else is shown.
    pub(crate) informs: bool,
}

static LOOK: OnceLock<Look> = OnceLock::new();

impl Look {
    /// Makes this the look of the process.
    pub(crate) fn choose(self) {
        // A program that embeds the command may run it twice.
        let _ = LOOK.set(self);
    }

    fn chosen() -> &'static Self {
        LOOK.get_or_init(|| Self {
            command: "faucet",
            log_format: LogFormat::Text,
            warns: true,
            informs: true,
        })
    }
}

/// Whether messages are lines of JSON.
pub(crate) fn is_json() -> bool {
    Look::chosen().log_format == LogFormat::Json
}

/// Prints a line of data. A closed pipe is a quiet end.
pub(crate) fn print_line(line: &str) -> Result<()> {
    // On a terminal, messages stand in front of whatever follows them.
    stderr::flush(IN_ORDER);
    let mut out = io::stdout().lock();
    writeln!(out, "{}", harmless(line)).and_then(|()| out.flush()).map_err(stdout_error)
}

/// Prints text that ends with its own line break.
pub(crate) fn print_text(text: &str) -> Result<()> {
    stderr::flush(IN_ORDER);
    print_bytes(harmless(text).as_bytes())
}

/// Prints lines of data behind the messages of before. May block.
pub(crate) fn print_bytes_in_order(lines: &[u8]) -> Result<()> {
    stderr::flush(IN_ORDER);
    print_bytes(lines)
}

/// Prints lines of data that cannot drive the terminal. May block.
pub(crate) fn print_bytes(lines: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(lines).and_then(|()| out.flush()).map_err(stdout_error)
}

/// Text that cannot drive the terminal: a pipeline file may be somebody else's.
fn harmless(text: &str) -> Cow<'_, str> {
    let drives = |c: char| c.is_control() && c != '\n';
    if !text.contains(drives) {
        return text.into();
    }
    let escape = |c: char| if drives(c) { c.escape_default().to_string() } else { c.into() };
    text.chars().map(escape).collect()
}

/// What a failed write to stdout means.
pub(crate) fn stdout_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(ErrorKind::Cancelled, "stdout was closed"),
        _ => Error::new(ErrorKind::Sink, "cannot write to stdout").with_source(error),
    }
}

/// Takes the path off a problem with an argument: no file has a key for the argument.
pub(crate) fn found<T>(found: Result<T, Problem>) -> Result<T> {
    found.map_err(|problem| problem.map_paths(|_| KeyPath::root()).into())
}

/// Says something on stderr.
pub(crate) fn note(text: &str) {
    stderr::write(format!("{}\n", harmless(text)).into_bytes());
}

/// Tells on stderr what happens, where messages of the level `info` are shown.
pub(crate) fn tell(text: &str) {
    let look = Look::chosen();
    match look.log_format {
        _ if !look.informs => {}
        LogFormat::Text => note(text),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// Shows an error.
pub(crate) fn show(error: &Error) {
    if let Some(errors) = error.source().and_then(|source| source.downcast_ref::<SpecErrors>()) {
        return diagnostics(&[(errors.text(), errors.diagnostics())]);
    }
    let look = Look::chosen();
    match look.log_format {
        LogFormat::Text => note(&format!("error: {}", explain(error))),
        LogFormat::Json => {
            let component = error.component().map(|id| &**id);
            tracing::error!(kind = error.kind().as_str(), component, "{}", explain(error));
        }
    }
}

/// Shows what was found in texts: on stderr, beside the lines that it is about.
pub(crate) fn diagnostics(texts: &[(&SourceText, &[Diagnostic])]) {
    let look = Look::chosen();
    match look.log_format {
        LogFormat::Text => {
            let color = screen::has_colors();
            let format = Format::Human { color, width: screen::width(), command: look.command };
            let warns = |found: &&Diagnostic| look.warns || found.severity == Severity::Error;
            let shown: Vec<(&SourceText, Vec<Diagnostic>)> = texts
                .iter()
                .map(|(text, found)| (*text, found.iter().filter(warns).cloned().collect()))
                .collect();
            let shown: Vec<_> = shown.iter().map(|(text, found)| (*text, &found[..])).collect();
            // The renderer has made the text harmless; the rest drives the colours.
            stderr::write(render(&shown, format).into_bytes());
        }
        LogFormat::Json => {
            for (text, found) in texts {
                for one in *found {
                    let (code, key) = (one.code().as_str(), one.key().to_string());
                    let kind = ErrorKind::Config.as_str();
                    let line = render(&[(text, std::slice::from_ref(one))], Format::Short);
                    match one.severity {
                        Severity::Error => tracing::error!(kind, code, key, "{}", line.trim_end()),
                        Severity::Warning => tracing::warn!(code, key, "{}", line.trim_end()),
                    }
                }
            }
        }
    }
}

/// An error: its component, where it happened, its causes that it does not name itself, and what to
/// do.
pub(crate) fn explain(error: &Error) -> String {
    let mut text = error.to_string();
    if let Some(id) = error.component() {
        text = format!("{id}: {text}");
    }
    let place: Vec<&str> = [error.phase(), error.endpoint()]
        .into_iter()
        .flatten()
        .filter(|w| !text.contains(*w))
        .collect();
    if !place.is_empty() {
        text.push_str(&format!("\n  at: {}", place.join(", ")));
    }
    for words in error.causes() {
        text.push_str(&format!("\n  caused by: {words}"));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

/// A time as people read it.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.as_micros() < 1000 => format!("{} µs", duration.as_micros()),
        0 => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        60..=3599 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A size as people read it.
pub(crate) fn size(bytes: u64) -> String {
    let scaled = |power: i32| bytes as f64 / 1000_f64.powi(power);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", scaled(1)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", scaled(2)),
        _ => format!("{:.2} GB", scaled(3)),
    }
}

/// A count and what is counted.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// How often the source connected again, and the sink if it did.
pub(crate) fn reconnects(source: u64, sink: u64) -> String {
    let source = counted(source, "reconnect");
    match sink {
        0 => source,
        _ => format!("{source} of the source, {} of the sink", count(sink)),
    }
}

/// The counts that are not zero, with what is counted.
pub(crate) fn nonzero<'a>(
    counts: impl IntoIterator<Item = (u64, &'a str)>,
) -> impl Iterator<Item = String> {
    let some = counts.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, what)| format!("{} {what}", count(number)))
}

/// A count with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_drive_the_terminal() {
        assert_eq!(harmless("π\n  \x1b[31m\u{9b}2J\t\r"), "π\n  \\u{1b}[31m\\u{9b}2J\\t\\r");
        assert!(matches!(harmless("plain\n"), Cow::Borrowed("plain\n")));
    }

    #[test]
    fn numbers_are_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((counted(1, "x"), counted(2, "x")), ("1 x".into(), "2 xs".into()));
        for (bytes, text) in [(999, "999 B"), (1500, "1.5 kB"), (2_000_000_000, "2.00 GB")] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(reconnects(1, 0), "1 reconnect");
        assert_eq!(reconnects(0, 2), "0 reconnects of the source, 2 of the sink");
        assert_eq!(nonzero([(0, "lost"), (1234, "late")]).collect::<Vec<_>>(), ["1,234 late"]);
        for (millis, text) in [
            (0, "0 µs"),
            (12, "12.0 ms"),
            (59_940, "59.9 s"),
            (61_000, "1m 01s"),
            (7_260_000, "2h 01m"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
    }
}
