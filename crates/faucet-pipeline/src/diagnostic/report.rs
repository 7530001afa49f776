//! Diagnostics as text.

use serde_json::Value;

use crate::diagnostic::facts::{Diagnostic, Severity};
use crate::diagnostic::text::SourceText;
use crate::diagnostic::{github, human, json, short};

/// How diagnostics look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format<'a> {
    /// For people: each beside its lines, with advice, and a last line that counts.
    Human {
        /// Whether to use the colours of a terminal.
        color: bool,
        /// The width of the terminal in columns.
        width: usize,
        /// The command that has `explain`.
        command: &'a str,
    },
    /// A line each: `file:line:column: error[code]: message`.
    Short,
    /// A JSON array of objects with `file`, `severity`, `code`, `key`, `message`, `label`, `help`,
    /// `topic`, `start` and `end`. Lines and columns begin with 1, offsets are bytes.
    Json,
    /// Workflow commands of GitHub.
    Github,
}

/// Writes the diagnostics of several texts. Secrets are not shown.
pub fn render(texts: &[(&SourceText, &[Diagnostic])], format: Format<'_>) -> String {
    let all = || texts.iter().flat_map(|(text, found)| found.iter().map(move |of| (of, *text)));
    match format {
        Format::Human { color, width, command } => {
            let mut out = String::new();
            for (text, found) in texts {
                let masked = text.masked();
                for of in *found {
                    out.push_str(&human::draw(of, text, &masked, command, color, width));
                    out.push_str("\n\n");
                }
            }
            out + &count(texts)
        }
        Format::Short => all().map(|(of, text)| short::line(of, text) + "\n").collect(),
        Format::Github => all().map(|(of, text)| github::command(of, text) + "\n").collect(),
        Format::Json => {
            let objects = all().map(|(of, text)| json::object(of, text)).collect();
            format!("{:#}\n", Value::Array(objects))
        }
    }
}

/// The last line: how many there are.
fn count(texts: &[(&SourceText, &[Diagnostic])]) -> String {
    let number = |severity| {
        texts
            .iter()
            .flat_map(|(_, found)| found.iter())
            .filter(|of| of.severity == severity)
            .count()
    };
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let parts = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> =
        parts.map(|(n, what)| format!("{n} {what}{}", if n == 1 { "" } else { "s" })).collect();
    if parts.is_empty() {
        return String::new();
    }
    let wrong: Vec<&str> = texts
        .iter()
        .filter(|(_, found)| !found.is_empty())
        .filter_map(|(text, _)| text.name())
        .collect();
    let place = match wrong[..] {
        [] => String::new(),
        [one] => format!(" in {one}"),
        _ => format!(" in {} files", wrong.len()),
    };
    format!("{}{place}\n", parts.join(" and "))
}
