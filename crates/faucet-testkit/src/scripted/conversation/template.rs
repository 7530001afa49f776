//! JSON with gaps for values of a message.

use std::fmt;

use bytes::Bytes;
use faucet_core::select::{Pointer, text_of};
use serde_json::Value;

use super::matching::shown;
use super::memory::Memory;

/// JSON whose texts may hold `{/pointer}` and `{name}`.
#[derive(Clone)]
pub(crate) struct Template {
    written: Value,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    /// JSON as it is.
    Json(String),
    /// A whole value.
    Value(Gap),
    /// A part of a text.
    Text(Gap),
}

#[derive(Debug, Clone, PartialEq)]
enum Gap {
    Place(String, Pointer),
    Name(String),
}

/// A part of a text leaf.
#[derive(Debug, PartialEq)]
enum Piece {
    Literal(String),
    Gap(Gap),
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.written)
    }
}

impl Template {
    /// # Panics
    /// When the text between `{/` and `}` is no JSON pointer.
    #[track_caller]
    pub(crate) fn new(written: Value) -> Self {
        let mut parts = Vec::new();
        add_value(&mut parts, &written);
        Self { written, parts }
    }

    /// The JSON with the values of `message` and `memory`.
    pub(crate) fn fill(&self, message: Option<&[u8]>, memory: &Memory) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Json(json) => out.extend_from_slice(json.as_bytes()),
                Part::Value(gap) => out.extend_from_slice(&gap.value(message, memory)?),
                Part::Text(gap) => {
                    let value = gap.value(message, memory)?;
                    let text = text_of(&value).unwrap_or_default();
                    out.extend_from_slice(inside_quotes(&text).as_bytes());
                }
            }
        }
        Ok(out)
    }
}

impl Gap {
    /// The token that belongs here.
    fn value(&self, message: Option<&[u8]>, memory: &Memory) -> Result<Bytes, String> {
        match self {
            Self::Place(written, pointer) => {
                let message = message.ok_or_else(|| {
                    format!("`{{{written}}}` needs a message that an earlier step expects")
                })?;
                let value = pointer.read(message).ok_or_else(|| {
                    format!("`{{{written}}}` is missing in the message {}", shown(message))
                })?;
                Ok(Bytes::copy_from_slice(&value))
            }
            Self::Name(name) => memory.get(name).ok_or_else(|| {
                format!("`{{{name}}}` needs `.remember(\"{name}\", …)` in a step before")
            }),
        }
    }
}

fn add_json(parts: &mut Vec<Part>, json: &str) {
    match parts.last_mut() {
        Some(Part::Json(last)) => last.push_str(json),
        _ => parts.push(Part::Json(json.to_owned())),
    }
}

#[track_caller]
fn add_value(parts: &mut Vec<Part>, value: &Value) {
    match value {
        Value::String(text) => add_text(parts, text),
        Value::Array(list) => {
            add_json(parts, "[");
            for (index, item) in list.iter().enumerate() {
                add_json(parts, if index == 0 { "" } else { "," });
                add_value(parts, item);
            }
            add_json(parts, "]");
        }
        Value::Object(map) => {
            add_json(parts, "{");
            for (index, (key, item)) in map.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                add_json(parts, &format!("{comma}\"{}\":", inside_quotes(key)));
                add_value(parts, item);
            }
            add_json(parts, "}");
        }
        scalar => add_json(parts, &scalar.to_string()),
    }
}

#[track_caller]
fn add_text(parts: &mut Vec<Part>, text: &str) {
    let mut pieces = pieces(text);
    if let [Piece::Gap(_)] = pieces[..]
        && let Some(Piece::Gap(gap)) = pieces.pop()
    {
        parts.push(Part::Value(gap));
        return;
    }
    add_json(parts, "\"");
    for piece in pieces {
        match piece {
            Piece::Literal(text) => add_json(parts, &inside_quotes(&text)),
            Piece::Gap(gap) => parts.push(Part::Text(gap)),
        }
    }
    add_json(parts, "\"");
}

/// Cuts a text at its gaps. `{{` is a brace; so is a `{` that begins no gap.
#[track_caller]
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, behind) = rest.split_at(start);
        literal.push_str(before);
        let behind = &behind[1..];
        let inside = behind.split_once('}').map_or("", |(inside, _)| inside);
        if let Some(gap) = gap(inside) {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Gap(gap));
            rest = &behind[inside.len() + 1..];
        } else {
            literal.push('{');
            rest = behind.strip_prefix('{').unwrap_or(behind);
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

#[track_caller]
fn gap(inside: &str) -> Option<Gap> {
    if inside.starts_with('/') {
        match Pointer::parse(inside) {
            Ok(pointer) => return Some(Gap::Place(inside.to_owned(), pointer)),
            Err(error) => panic!("`{{{inside}}}` in a reply: {error}"),
        }
    }
    is_name(inside).then(|| Gap::Name(inside.to_owned()))
}

/// Whether `{name}` is a gap: letters, digits and underscores, and no digit first.
pub(super) fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(word) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

/// Text as it stands between the quotes of a JSON string.
fn inside_quotes(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(written: Value, message: &str) -> Result<String, String> {
        let memory = Memory::default();
        memory.keep("cursor", Bytes::from_static(b"10.00"));
        let filled = Template::new(written).fill(Some(message.as_bytes()), &memory);
        filled.map(|json| String::from_utf8(json).unwrap())
    }

    #[test]
    fn gaps_are_filled_token_for_token() {
        let message = r#"{"id":1.500e1,"s":"a\"\u00e9","list":[1, 2],"inner":"{\"n\":7}"}"#;
        for (written, expected) in [
            (json!({"id": "{/id}"}), r#"{"id":1.500e1}"#),
            (json!(["{/s}", "{/list}"]), r#"["a\"\u00e9",[1, 2]]"#),
            (json!("<{/s}|{/id}|{/list/-1}>"), r#""<a\"é|1.500e1|2>""#),
            (json!("{/id}{/id}"), r#""1.500e11.500e1""#),
            (json!("{/inner/n}"), "7"),
            (json!("{cursor}"), "10.00"),
            (json!("c-{cursor}"), r#""c-10.00""#),
            (json!({"{/id}": null, "t": [true, 1.5]}), r#"{"t":[true,1.5],"{/id}":null}"#),
            (json!("{{/id}"), r#""{/id}""#),
            (json!("{\"a\":{}} { {1} {"), r#""{\"a\":{}} { {1} {""#),
            (json!(""), r#""""#),
        ] {
            assert_eq!(fill(written, message).unwrap(), expected);
        }
    }

    #[test]
    fn a_gap_that_cannot_be_filled_says_what_is_missing() {
        let missing = fill(json!("{/id}"), "pong").unwrap_err();
        assert_eq!(missing, "`{/id}` is missing in the message pong");
        let unknown = fill(json!("x{session}"), "{}").unwrap_err();
        assert_eq!(unknown, "`{session}` needs `.remember(\"session\", …)` in a step before");
        let none = Template::new(json!("{/id}")).fill(None, &Memory::default()).unwrap_err();
        assert_eq!(none, "`{/id}` needs a message that an earlier step expects");
    }

    #[test]
    #[should_panic(expected = "`{/a~}` in a reply: `~` at byte 2 needs")]
    fn a_gap_that_is_no_pointer_is_refused_when_the_script_is_made() {
        Template::new(json!(["{/a~}"]));
    }
}
