//! Diagnostics in a line each.

use crate::diagnostic::facts::Diagnostic;
use crate::diagnostic::text::SourceText;

/// The diagnostic in a line: `file:line:column: error[code]: message`.
pub(crate) fn line(of: &Diagnostic, text: &SourceText) -> String {
    let mut line = String::new();
    if let Some(name) = text.name() {
        line.push_str(name);
        line.push(':');
    }
    if let Some(start) = of.start {
        line.push_str(&format!("{}:{}:", start.line, start.column));
    }
    if !line.is_empty() {
        line.push(' ');
    }
    line.push_str(&format!("{}[{}]: {}", of.severity.as_str(), of.code(), of.message()));
    if let Some(label) = of.label() {
        line.push_str(&format!(": {label}"));
    }
    line.replace(char::is_control, " ")
}
