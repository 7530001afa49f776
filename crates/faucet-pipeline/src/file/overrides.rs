//! Values from the command line, set over those of the pipeline file.

use faucet_core::{Error, KeyPath, Problem, Result, Step};
use serde_json::{Map, Value};

/// Splits `KEY=VALUE`.
pub(crate) fn assignment(text: &str) -> Result<(&str, &str)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, value)),
        _ => Err(Error::usage("an override is written KEY=VALUE")),
    }
}

/// The path of a dotted key (`source.tls.ca_file`).
pub(crate) fn path(key: &str) -> Result<KeyPath> {
    if key.split('.').any(str::is_empty) {
        let what = Problem::custom(key, "is not a key; write source.max_messages");
        return Err(what.into());
    }
    Ok(key.split('.').fold(KeyPath::root(), KeyPath::then))
}

/// Sets the value at `path`, a path of keys, and makes the maps that lead there.
pub(crate) fn set(tree: &mut Value, path: &KeyPath, value: Value) -> Result<()> {
    let mut at = tree;
    let mut outer = KeyPath::root();
    for step in path.steps() {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        let (Value::Object(object), Step::Key(key)) = (at, step) else {
            return Err(Problem::custom(path.clone(), format!("{outer} is not a map")).into());
        };
        at = object.entry(&**key).or_insert(Value::Null);
        outer = outer.then(&**key);
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
        let mut set = |key: &str, value| path(key).and_then(|path| set(&mut tree, &path, value));
        set("source.max_messages", json!(10)).unwrap();
        set("source.tls.ca_file", json!("x")).unwrap();
        set("sink.type", json!("stdout")).unwrap();
        set("source.url", json!("ws://i")).unwrap();
        for (key, what) in [
            ("source.url.host", "source.url.host: source.url is not a map"),
            ("source..x", "source..x: is not a key"),
            ("", ": is not a key"),
        ] {
            let error = set(key, json!(1)).unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
        assert_eq!(
            tree,
            json!({
                "source": {"url": "ws://i", "max_messages": 10, "tls": {"ca_file": "x"}},
                "sink": {"type": "stdout"}
            })
        );
    }

    #[test]
    fn an_assignment_has_a_key() {
        assert_eq!(assignment("a.b=c=d").unwrap(), ("a.b", "c=d"));
        assert_eq!(assignment("a=").unwrap(), ("a", ""));
        assert!(assignment("a").is_err() && assignment("=b").is_err());
    }
}
