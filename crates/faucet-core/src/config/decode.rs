//! Strict decoding of configuration.

use std::collections::BTreeSet;

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::deserializer::Tree;
use crate::config::path::{KeyPath, Step};
use crate::config::problem::{Problem, ProblemKind, Problems};
use crate::config::schema_view::SchemaView;
use crate::config::suggest::nearest;

/// Decodes a configuration struct.
///
/// # Errors
/// All unknown keys, each with the closest known one, together with all keys whose value has a
/// wrong type or shape. Values are not repeated: a value may be a secret in the wrong place.
pub fn decode<T: DeserializeOwned + JsonSchema>(value: Value) -> Result<T, Problems> {
    let (decoded, problems) = read(value);
    problems.into_result()?;
    decoded.ok_or_else(|| Problem::custom(KeyPath::root(), "is not readable").into())
}

/// Decodes a configuration struct and builds something of it.
///
/// # Errors
/// As [`decode`]; where only unknown keys are wrong, together with what `build` says of the rest.
pub(crate) fn decode_and_build<T: DeserializeOwned + JsonSchema, B>(
    value: Value,
    build: impl FnOnce(T) -> Result<B, Problems>,
) -> Result<B, Problems> {
    let (decoded, mut problems) = read(value);
    match decoded.map(build) {
        Some(Ok(built)) => return problems.into_result().map(|()| built),
        Some(Err(found)) => problems.extend(found),
        None => {}
    }
    problems.into_result()?;
    Err(Problem::custom(KeyPath::root(), "is not readable").into())
}

/// The decoded struct, unless a value did not fit, and everything that is wrong.
fn read<T: DeserializeOwned + JsonSchema>(mut value: Value) -> (Option<T>, Problems) {
    let document = schema_for!(T).to_value();
    let schema = SchemaView::new(&document);
    let mut problems = Problems::new();
    prune(schema, &mut value, &KeyPath::root(), &mut problems);
    let mut removed: Vec<KeyPath> = Vec::new();
    loop {
        let problem = match T::deserialize(Tree(value.clone())) {
            Ok(decoded) => return (Some(decoded).filter(|_| removed.is_empty()), problems),
            Err(error) => error.into_problem(),
        };
        // Without the value that does not fit, the next one that does not fit is found. A key that
        // was removed here is not missing: then the map around it goes.
        let mut faulty = problem.path.clone();
        let missing = problem.kind == ProblemKind::Missing;
        if missing {
            faulty = faulty.parent().unwrap_or_default();
        }
        if !(missing && removed.contains(&problem.path)) {
            problems.push(with_expectation(problem, schema));
        }
        match remove(&mut value, &faulty) {
            Some(path) => removed.push(path),
            None => return (None, problems),
        }
    }
}

/// Says what the key takes in the schema's words: serde names the types of Rust.
fn with_expectation(problem: Problem, schema: SchemaView<'_>) -> Problem {
    if !matches!(problem.kind, ProblemKind::WrongType { .. } | ProblemKind::OutOfRange) {
        return problem;
    }
    match schema.find(&problem.path).and_then(SchemaView::expectation) {
        Some(expected) => problem.expected(expected),
        None => problem,
    }
}

/// Removes what stands at `path`, or the list that it stands in: the places of the other items would
/// change. Returns what was removed.
fn remove(value: &mut Value, path: &KeyPath) -> Option<KeyPath> {
    let keys = path.steps().iter().map_while(|step| match step {
        Step::Key(key) => Some(key),
        Step::Index(_) => None,
    });
    let keys: Vec<_> = keys.collect();
    let (last, outer) = keys.split_last()?;
    let map = outer.iter().try_fold(value, |value, key| value.get_mut(&***key))?;
    map.as_object_mut()?.remove(&***last)?;
    Some(keys.iter().fold(KeyPath::root(), |path, key| path.then(std::sync::Arc::clone(key))))
}

/// Removes the unknown keys of `value` and notes them.
fn prune(schema: SchemaView<'_>, value: &mut Value, path: &KeyPath, problems: &mut Problems) {
    let schema = schema.branch_of(value);
    match value {
        Value::Object(object) => {
            let known = schema.keys();
            if known.is_empty() && !schema.is_closed() {
                return;
            }
            let keys: BTreeSet<String> = object.keys().cloned().collect();
            for key in keys {
                let at = path.clone().then(key.as_str());
                match known.iter().find(|known| known.name == key) {
                    Some(known) => {
                        if let Some(inner) = object.get_mut(&key) {
                            prune(known.schema, inner, &at, problems);
                        }
                    }
                    None if schema.is_closed() => {
                        let near = schema.path_to(&key).or_else(|| {
                            nearest(&key, known.iter().map(|known| known.name)).map(str::to_owned)
                        });
                        problems.push(Problem::new(at, ProblemKind::UnknownKey { near }));
                        object.remove(&key);
                    }
                    None => {}
                }
            }
        }
        Value::Array(items) => {
            let Some(item) = schema.items() else { return };
            for (index, inner) in items.iter_mut().enumerate() {
                prune(item, inner, &path.clone().at(index), problems);
            }
        }
        _ => {}
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
        #[serde(default)]
        list: Vec<Tls>,
        #[serde(default, with = "crate::config::duration::option")]
        #[schemars(with = "Option<crate::config::duration::Seconds>")]
        wait: Option<std::time::Duration>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Tls {
        #[serde(default)]
        ca_file: Option<String>,
        #[serde(default)]
        depth: u8,
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

    fn refused(value: Value) -> Vec<String> {
        let problems = decode::<Demo>(value).unwrap_err();
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn good_values_decode() {
        let auth = json!({"type": "bearer", "config": {"token": "t"}});
        let demo: Demo = decode(json!({
            "max_messages": 3, "tls": {"ca_file": "x"}, "auth": auth, "wait": "250ms", "list": [{}],
        }))
        .unwrap();
        assert_eq!((demo.max_messages, demo.list.len()), (Some(3), 1));
        let tls = demo.tls.unwrap();
        assert_eq!((tls.ca_file.as_deref(), tls.depth), (Some("x"), 0));
        assert_eq!((demo.list[0].depth, demo.wait.unwrap().as_millis()), (0, 250));
        assert!(matches!(demo.auth, Auth::Bearer { token } if token == "t"));
    }

    #[test]
    fn each_mistake_is_named_with_its_key_and_without_its_value() {
        for (value, expected) in [
            (
                json!({"max_mesages": 3, "tls": {"cafile": "x"}, "zzz": 1}),
                vec![
                    "max_mesages: unknown key (did you mean `max_messages`?)",
                    "tls.cafile: unknown key (did you mean `ca_file`?)",
                    "zzz: unknown key",
                ],
            ),
            (json!({"ca_file": "x"}), vec!["ca_file: unknown key (did you mean `tls.ca_file`?)"]),
            (
                json!({"auth": {"type": "bearer", "token": "s3cret"}}),
                vec![
                    "auth.token: unknown key (did you mean `config.token`?)",
                    "auth.config: missing",
                ],
            ),
            (
                json!({"max_messages": "30"}),
                vec![
                    "max_messages: wrong type: text, expected a whole number that is not negative",
                ],
            ),
            (
                json!({"max_messages": -5, "tlz": {}}),
                vec![
                    "tlz: unknown key (did you mean `tls`?)",
                    "max_messages: out of range, expected a whole number that is not negative",
                ],
            ),
            (
                json!({"tls": {"ca_file": 12345, "depth": true}}),
                vec![
                    "tls.ca_file: wrong type: a whole number, expected text",
                    "tls.depth: wrong type: true or false, expected a whole number from 0 to 255",
                ],
            ),
            (json!({"auth": "s3cret"}), vec!["auth: wrong type: text, expected a map with `type`"]),
            (
                json!({"auth": {"type": "bearr"}}),
                vec!["auth.type: unknown value (did you mean `bearer`?); known: none, bearer"],
            ),
            (
                json!({"auth": {"type": "bearer", "config": {"tokn": "s3cret"}}}),
                vec![
                    "auth.config.tokn: unknown key (did you mean `token`?)",
                    "auth.config.token: missing",
                ],
            ),
            (
                json!({"list": [{}, {"depth": 300}], "max_messages": [1]}),
                vec![
                    "list[1].depth: out of range, expected a whole number from 0 to 255",
                    "max_messages: wrong type: a list, expected a whole number that is not negative",
                ],
            ),
        ] {
            let mut found = refused(value);
            found.sort();
            let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            expected.sort();
            assert_eq!(found, expected);
            assert!(!found.concat().contains("s3cret"), "{found:?}");
        }
    }

    #[test]
    fn a_value_of_several_types_says_what_it_takes() {
        let found = refused(json!({"wait": true, "max_messages": "x"}));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found.iter().any(|p| p.starts_with("wait: wrong type: true or false, expected a du"))
        );
    }
}
