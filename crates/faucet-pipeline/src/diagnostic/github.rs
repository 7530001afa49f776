//! Diagnostics as workflow commands, which GitHub shows beside the lines of a change.

use crate::diagnostic::facts::Diagnostic;
use crate::diagnostic::text::SourceText;

/// The diagnostic as a workflow command.
pub(crate) fn command(of: &Diagnostic, text: &SourceText) -> String {
    let mut properties = Vec::new();
    if let Some(name) = text.name() {
        properties.push(format!("file={}", property(name)));
    }
    if let (Some(start), Some(end)) = (of.start, of.end) {
        properties.push(format!("line={},endLine={}", start.line, end.line));
        // GitHub takes columns only within one line.
        if start.line == end.line {
            properties.push(format!("col={},endColumn={}", start.column, end.column));
        }
    }
    properties.push(format!("title={}", of.code()));
    let mut message = of.message();
    message.extend(of.label().map(|label| format!(": {label}")));
    of.help().iter().for_each(|help| message.push_str(&format!("\n{help}")));
    format!("::{} {}::{}", of.severity.as_str(), properties.join(","), data(&message))
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    // Other control characters may drive the terminal that shows a log.
    text.replace(char::is_control, " ")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
