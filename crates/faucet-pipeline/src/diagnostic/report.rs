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
            escaped(&format!("{:#}\n", Value::Array(objects)))
        }
    }
}

/// JSON that cannot drive a terminal: it escapes only the control characters of ASCII by itself.
fn escaped(json: &str) -> String {
    let escape = |c: char| match c.is_control() && c != '\n' {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(escape).collect()
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
        [one] => format!(" in {}", human::harmless(one)),
        _ => format!(" in {} files", wrong.len()),
    };
    format!("{}{place}\n", parts.join(" and "))
}

#[cfg(test)]
mod tests {
    use faucet_core::{Problem, ProblemKind};

    use super::*;

    #[test]
    fn no_form_drives_a_terminal() {
        let text = SourceText::new("a: \u{1b}[2J\u{9b}31m\tb\n").with_name("\u{1b}]0;x\u{7f}");
        let kind = ProblemKind::Syntax { why: "\u{1b}[1m\u{9b}2J\u{7f}\t\"".to_owned() };
        let mut found = Diagnostic::new(Severity::Error, Problem::new("a\u{9b}", kind));
        found.span = Some(crate::diagnostic::position::Span::new(3, 7));
        found.start = Some(text.position(3));
        found.end = Some(text.position(7));
        let human = Format::Human { color: false, width: 100, command: "faucet" };
        for format in [human, Format::Short, Format::Json, Format::Github] {
            let drawn = render(&[(&text, &[found.clone()])], format);
            let drives = |c: char| c.is_control() && c != '\n';
            assert!(!drawn.contains(drives), "{format:?}: {drawn:?}");
            if format == Format::Json {
                let parsed: Value = serde_json::from_str(&drawn).unwrap();
                assert_eq!(parsed[0]["key"], "a\u{9b}");
            }
        }
    }
}
