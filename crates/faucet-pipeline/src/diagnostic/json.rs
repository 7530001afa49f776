//! Diagnostics for programs.

use serde_json::{Value, json};

use crate::diagnostic::facts::Diagnostic;
use crate::diagnostic::position::Position;
use crate::diagnostic::text::SourceText;

/// The diagnostic as an object.
pub(crate) fn object(of: &Diagnostic, text: &SourceText) -> Value {
    let place = |position: Option<Position>, offset: Option<usize>| {
        let position = position?;
        Some(json!({"line": position.line, "column": position.column, "offset": offset}))
    };
    let key = Some(of.key().to_string()).filter(|key| !key.is_empty());
    json!({
        "file": text.name(),
        "severity": of.severity.as_str(),
        "code": of.code().as_str(),
        "key": key,
        "message": of.message(),
        "label": of.label(),
        "help": of.help(),
        "topic": of.topic(),
        "start": place(of.start, of.span.map(|span| span.start)),
        "end": place(of.end, of.span.map(|span| span.end)),
    })
}
