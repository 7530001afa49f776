//! Strict decoding of configuration.

use std::collections::BTreeSet;

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::schema::Schemas;
use crate::{Error, Problems, Result};

/// Decodes a configuration struct.
///
/// # Errors
/// All unknown keys, each with the closest known one, together with all keys whose value has a
/// wrong type or shape. Every problem begins with its key; values are not echoed where a key was
/// given a value of another type, because that value may be a secret.
pub fn decode<T: DeserializeOwned + JsonSchema>(value: Value) -> Result<T> {
    let (decoded, problems) = read(value);
    problems.into_result()?;
    decoded.ok_or_else(|| Error::config("the configuration is not readable"))
}

/// Decodes a configuration struct and builds something of it.
///
/// # Errors
/// As [`decode`]; where only unknown keys are wrong, together with what `build` says of the rest.
pub(crate) fn decode_and_build<T: DeserializeOwned + JsonSchema, B>(
    value: Value,
    build: impl FnOnce(T) -> Result<B>,
) -> Result<B> {
    let (decoded, mut problems) = read(value);
    match decoded.map(build) {
        Some(Ok(built)) => return problems.into_result().map(|()| built),
        Some(Err(error)) if problems.is_empty() => return Err(error),
        Some(Err(error)) => error.problems().for_each(|problem| problems.push(problem)),
        None => {}
    }
    problems.into_result().and(Err(Error::config("the configuration is not readable")))
}

/// The decoded struct, unless a value did not fit, and everything that is wrong.
fn read<T: DeserializeOwned + JsonSchema>(mut value: Value) -> (Option<T>, Problems) {
    let schema = schema_for!(T).to_value();
    let mut problems = Problems::new();
    Walk { schemas: Schemas { root: &schema }, problems: &mut problems }
        .prune(&schema, &mut value, "");
    let mut unfit: Vec<String> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize(&value) {
            Ok(decoded) => return (Some(decoded).filter(|_| unfit.is_empty()), problems),
            Err(error) => error,
        };
        let what = without_value(&error.inner().to_string());
        let key = match error.path().iter().next() {
            Some(Segment::Map { key }) => Some(key.clone()),
            _ => None,
        };
        // A key that was taken out below is missing only because of that.
        if key.is_some() || !unfit.iter().any(|key| what == format!("missing field `{key}`")) {
            problems.push(match key {
                Some(_) => format!("{}: {what}", error.path()),
                None => what,
            });
        }
        // Without the key that did not fit the next one that does not is found.
        match key.filter(|key| value.as_object_mut().is_some_and(|o| o.remove(key).is_some())) {
            Some(key) => unfit.push(key),
            None => return (None, problems),
        }
    }
}

/// ` (did you mean …?)` when one of `known` is close to `word`, else nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| meant(candidate))
        .unwrap_or_default()
}

/// ` (did you mean …?)`.
pub(crate) fn meant(word: &str) -> String {
    format!(" (did you mean `{word}`?)")
}

/// Cuts the value out of serde's `invalid type: string "…", expected …`, and says what is expected
/// without the names of Rust.
fn without_value(message: &str) -> String {
    // What is expected comes last; the value may say anything.
    let Some((before, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let said = ["invalid type: ", "invalid value: ", "unknown variant "];
    if !said.iter().any(|said| before.starts_with(said)) {
        return message.to_owned();
    }
    let before = before.split(['"', '`']).next().unwrap_or(before).trim_end();
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        tagged if tagged.starts_with("adjacently tagged") => "a map with `type`",
        other => other,
    };
    format!("{before}, expected {expected}")
}

struct Walk<'a> {
    schemas: Schemas<'a>,
    problems: &'a mut Problems,
}

impl<'a> Walk<'a> {
    /// The branch of a `oneOf` or `anyOf` that `value` means, told by its constant properties.
    fn branch(&self, schema: &'a Value, value: &Value) -> &'a Value {
        let branches =
            schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
        let Some(branches) = branches else { return schema };
        let mut fitting =
            branches.iter().map(|branch| self.schemas.resolve(branch)).filter(|branch| {
                let Some(properties) = branch.get("properties").and_then(Value::as_object) else {
                    return false;
                };
                properties.iter().all(|(key, property)| match property.get("const") {
                    Some(constant) => value.get(key) == Some(constant),
                    None => true,
                })
            });
        fitting.next().unwrap_or(schema)
    }

    /// Removes the unknown keys of `value` and notes them.
    fn prune(&mut self, schema: &'a Value, value: &mut Value, path: &str) {
        let schema = self.branch(self.schemas.resolve(schema), value);
        match value {
            Value::Object(object) => {
                let Some(known) = schema.get("properties").and_then(Value::as_object) else {
                    return;
                };
                let strict = schema.get("additionalProperties") == Some(&Value::Bool(false));
                let keys: BTreeSet<String> = object.keys().cloned().collect();
                for key in keys {
                    let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    match known.get(&key) {
                        Some(property) => {
                            if let Some(inner) = object.get_mut(&key) {
                                self.prune(property, inner, &at);
                            }
                        }
                        None if strict => {
                            let meant = match self.schemas.path_to(schema, &key) {
                                Some(path) => meant(&path),
                                None => did_you_mean(&key, known.keys().map(String::as_str)),
                            };
                            self.problems.push(format!("{at}: unknown key{meant}"));
                            object.remove(&key);
                        }
                        None => {}
                    }
                }
            }
            Value::Array(items) => {
                let Some(item) = schema.get("items") else { return };
                for (index, inner) in items.iter_mut().enumerate() {
                    self.prune(item, inner, &format!("{path}[{index}]"));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Demo {
        #[serde(default)]
        max_messages: Option<u32>,
        #[serde(default)]
        tls: Option<Tls>,
        #[serde(default)]
        auth: Auth,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Tls {
        #[serde(default)]
        ca_file: Option<String>,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(tag = "type", content = "config", rename_all = "lowercase", deny_unknown_fields)]
    enum Auth {
        #[default]
        None,
        Bearer {
            token: String,
        },
    }

    fn refused(value: Value) -> String {
        decode::<Demo>(value).unwrap_err().to_string()
    }

    #[test]
    fn good_values_decode() {
        let auth = json!({"type": "bearer", "config": {"token": "t"}});
        let demo: Demo =
            decode(json!({"max_messages": 3, "tls": {"ca_file": "x"}, "auth": auth})).unwrap();
        assert_eq!(demo.max_messages, Some(3));
        assert_eq!(demo.tls.unwrap().ca_file.as_deref(), Some("x"));
        assert!(matches!(demo.auth, Auth::Bearer { token } if token == "t"));
    }

    #[test]
    fn unknown_keys_are_all_named_with_the_closest_known_one() {
        assert_eq!(
            refused(json!({"max_mesages": 3, "tls": {"cafile": "x"}, "zzz": 1})),
            "3 problems:\n  - max_mesages: unknown key (did you mean `max_messages`?)\n  \
             - tls.cafile: unknown key (did you mean `ca_file`?)\n  - zzz: unknown key"
        );
        assert_eq!(
            refused(json!({"ca_file": "x"})),
            "ca_file: unknown key (did you mean `tls.ca_file`?)"
        );
        let error = refused(json!({"auth": {"type": "bearer", "token": "s3cret"}}));
        let meant = "auth.token: unknown key (did you mean `config.token`?)";
        assert!(error.contains(meant) && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn wrong_types_name_the_key_and_hide_the_value() {
        assert_eq!(
            refused(json!({"max_messages": "30"})),
            "max_messages: invalid type: string, expected a whole number that is not negative"
        );
        assert_eq!(
            refused(json!({"tls": {"ca_file": 12345}})),
            "tls.ca_file: invalid type: integer, expected a string"
        );
        for (value, words) in [
            (json!({"auth": "s3cret"}), "auth: invalid type: string, expected a map with `type`"),
            (json!({"auth": {"type": "s3cret, expected `x"}}), "unknown variant, expected `none`"),
            (json!({"max_messages": [1]}), "max_messages: invalid type: sequence, expected"),
        ] {
            let error = refused(value);
            assert!(error.contains(words) && !error.contains("s3cret"), "{error}");
        }
        let error = refused(json!({"auth": {"type": "bearer", "config": {"tokn": "s3cret"}}}));
        assert!(error.contains("tokn") && error.contains("token"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn every_value_of_a_wrong_type_is_told() {
        let tls = json!({"ca_file": [1]});
        let error = refused(json!({"max_messages": "x", "tls": tls, "auth": {"type": "bearr"}}));
        assert!(error.starts_with("3 problems:"), "{error}");
    }

    #[test]
    fn a_type_error_and_an_unknown_key_are_reported_together() {
        let error = refused(json!({"max_messages": -5, "tlz": {}}));
        assert!(error.contains("tlz: unknown key (did you mean `tls`?)"), "{error}");
        let what = "max_messages: invalid value: integer, expected a whole number that is not";
        assert!(error.contains(what), "{error}");
    }
}
