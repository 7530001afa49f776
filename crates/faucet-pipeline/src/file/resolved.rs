//! A pipeline file as it is read, without its secrets.

use faucet_core::KeyPath;
use serde_json::Value;

use crate::diagnostic::{is_secret_name, without_secrets};
use crate::file::interpolate::Variables;
use crate::file::secrets::Secrets;

/// Stands for a secret.
const STRUCK: &str = "***";

/// The tree as YAML. Secrets are struck out. The value of a variable is shown where the variable is
/// the whole value, or a part of a URL or a path; within another text, such as a message, it may be a
/// secret that no key names.
pub(crate) fn yaml(tree: &Value, variables: &Variables, secrets: &Secrets<'_>) -> String {
    let shown = struck(tree, &KeyPath::root(), variables, secrets);
    serde_saphyr::to_string(&shown).unwrap_or_default()
}

fn struck(value: &Value, path: &KeyPath, variables: &Variables, secrets: &Secrets<'_>) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| {
                    let path = path.clone().then(key.as_str());
                    (key.clone(), struck(value, &path, variables, secrets))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| struck(item, &path.clone().at(index), variables, secrets))
                .collect(),
        ),
        Value::Null => Value::Null,
        _ if secrets.is_hidden(path) => STRUCK.into(),
        Value::String(text) => {
            let shown = variables.shown(path).filter(|shown| {
                let whole = shown.strip_prefix("${").and_then(|name| name.strip_suffix('}'));
                let is_whole = whole.is_some_and(|name| !name.contains(['{', '}']));
                let may_be_secret = is_secret_name(shown) || shown.contains("KEY");
                may_be_secret || !(is_whole || secrets.is_address(path))
            });
            without_secrets(shown.unwrap_or(text)).into()
        }
        other => other.clone(),
    }
}
