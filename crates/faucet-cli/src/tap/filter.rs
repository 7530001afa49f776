//! Conditions on the messages that are shown.

use faucet_core::select::{Match, Message, Pointer};
use serde_json::{Value, json};

/// One condition of `--filter`: a place and the value that a message has there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pointer: String,
    value: Value,
}

/// Reads `/pointer=value`.
///
/// A value that JSON reads as a map or as text in quotes is that. Any other value stands for the text,
/// and for the number, `true`, `false` or `null` that it may be.
pub(crate) fn condition(text: &str) -> Result<Condition, String> {
    let usage = || "write /pointer=value, such as /type=trade".to_owned();
    let (pointer, written) = text.split_once('=').ok_or_else(usage)?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(usage());
    }
    Pointer::parse(pointer).map_err(|error| error.to_string())?;
    let value = match serde_json::from_str::<Value>(written) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => value,
        Ok(scalar) => json!([scalar, written]),
        Err(_) => written.into(),
    };
    let condition = Condition { pointer: pointer.to_owned(), value };
    condition.matcher().map_err(|error| error.to_string())?;
    Ok(condition)
}

impl Condition {
    fn matcher(&self) -> Result<Match, faucet_core::select::MatchError> {
        Match::parse(&json!({ &self.pointer: self.value }))
    }
}

/// All conditions of a command.
#[derive(Debug)]
pub(crate) struct Filter(Vec<Match>);

impl Filter {
    pub(crate) fn new(conditions: &[Condition]) -> Self {
        Self(conditions.iter().filter_map(|condition| condition.matcher().ok()).collect())
    }

    /// Whether all conditions hold. A message that is not JSON has no places.
    pub(crate) fn shows(&self, binary: bool, bytes: &[u8]) -> bool {
        self.0.iter().all(|one| one.matches(Message::unchecked(bytes).binary(binary)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_text_or_what_it_looks_like() {
        let message = br#"{"type":"trade","id":5,"text":"5","ok":true,"none":null,"a/b":[7]}"#;
        for (written, holds) in [
            ("/type=trade", true),
            ("/type=quote", false),
            ("/type=\"trade\"", true),
            ("/id=5", true),
            ("/text=5", true),
            ("/id=\"5\"", false),
            ("/ok=true", true),
            ("/none=null", true),
            ("/a~1b/0=7", true),
            ("/id={\"min\": 4}", true),
            ("/id={\"min\": 6}", false),
            ("/id=[4, 5]", true),
            ("/type=", false),
            ("/nowhere=1", false),
        ] {
            let filter = Filter::new(&[condition(written).unwrap()]);
            assert_eq!(filter.shows(false, message), holds, "{written}");
        }
        let both = Filter::new(&[condition("/id=5").unwrap(), condition("/ok=false").unwrap()]);
        assert!(!both.shows(false, message) && !both.shows(false, b"no JSON"));
        assert!(Filter::new(&[]).shows(true, b"\xff"));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["type=trade", "/type", "", "/a~2=1", "/id={\"mni\": 1}", "text=x"] {
            assert!(condition(text).is_err(), "{text}");
        }
    }
}
