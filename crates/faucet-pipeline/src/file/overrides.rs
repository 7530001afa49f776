//! Values from the command line, set over those of the pipeline file.

use faucet_core::{Error, Result};
use serde_json::{Map, Value};

use crate::tree::join;

/// Splits `KEY=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<(&str, &str)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, value)),
        _ => Err(Error::config("an override is written KEY=VALUE")),
    }
}

/// Sets the value at `key` (`source.tls.ca_file`), and makes the maps that lead there.
pub(crate) fn set(tree: &mut Value, key: &str, value: Value) -> Result<()> {
    let mut at = tree;
    let mut path = String::new();
    for segment in key.split('.') {
        if segment.is_empty() {
            return Err(Error::config(format!("{key}: is not a key; write source.max_messages")));
        }
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(object) = at else {
            return Err(Error::config(format!("{key}: {path} is not a map")));
        };
        at = object.entry(segment).or_insert(Value::Null);
        path = join(&path, segment);
    }
    *at = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_are_made_and_other_values_are_not_replaced_by_maps() {
        let mut tree = json!({"source": {"url": "ws://h", "tls": null}});
        set(&mut tree, "source.max_messages", json!(10)).unwrap();
        set(&mut tree, "source.tls.ca_file", json!("x")).unwrap();
        set(&mut tree, "sink.type", json!("stdout")).unwrap();
        set(&mut tree, "source.url", json!("ws://i")).unwrap();
        assert_eq!(
            tree,
            json!({
                "source": {"url": "ws://i", "max_messages": 10, "tls": {"ca_file": "x"}},
                "sink": {"type": "stdout"}
            })
        );
        for (key, what) in [
            ("source.url.host", "source.url.host: source.url is not a map"),
            ("source..x", "source..x: is not a key"),
            ("", ": is not a key"),
        ] {
            let error = set(&mut tree, key, json!(1)).unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
    }

    #[test]
    fn an_assignment_has_a_key() {
        assert_eq!(assignment("a.b=c=d").unwrap(), ("a.b", "c=d"));
        assert_eq!(assignment("a=").unwrap(), ("a", ""));
        assert!(assignment("a").is_err() && assignment("=b").is_err());
    }
}
