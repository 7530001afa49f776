//! Strict decoding of configuration.

use std::collections::BTreeSet;

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::deserializer::Tree;
use crate::config::path::KeyPath;
use crate::config::problem::{Problem, Problems};
use crate::config::problem_kind::ProblemKind;
use crate::config::schema_view::SchemaView;
use crate::config::suggest::{nearest, synonym};
use crate::config::unknown::Unknown;

/// Decodes a configuration struct.
///
/// # Errors
/// All unknown keys, each with the closest known one, together with all keys whose value has a
/// wrong type or shape. Values are not repeated: a value may be a secret in the wrong place.
pub fn decode<T: DeserializeOwned + JsonSchema>(value: Value) -> Result<T, Problems> {
    let read = read(value, &[]);
    read.problems.into_result()?;
    read.decoded.ok_or_else(|| Problem::custom(KeyPath::root(), "is not readable").into())
}

/// Decodes a configuration struct as far as it can be read.
///
/// A value that does not fit is left out; where its key is required, another value stands for it. So
/// the rest of the struct can still be used to look for more mistakes, and no more than that. `open`
/// are the places whose values are not known.
pub fn decode_the_rest<T: DeserializeOwned + JsonSchema>(
    value: Value,
    open: &[KeyPath],
) -> (Option<T>, Problems) {
    let read = read(value, open);
    (read.decoded, read.problems)
}

/// A component as far as it could be built, and everything that is wrong with its configuration.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked<T: ?Sized> {
    /// The component. Where there are problems or values that are not known, other values stand for
    /// them: it may be described, and not be run.
    pub built: Option<Box<T>>,
    /// All problems.
    pub problems: Problems,
}

/// Decodes a configuration struct and builds something of it, also where a part of it is wrong: one
/// mistake hides no other. `open` are the places whose values are not known; what depends on them is
/// no mistake.
pub(crate) fn decode_and_check<T: DeserializeOwned + JsonSchema, B: ?Sized>(
    value: Value,
    open: &[KeyPath],
    build: impl FnOnce(T) -> Result<Box<B>, Problems>,
) -> Checked<B> {
    let Read { decoded, mut problems, unknown } = read(value, open);
    let built = match decoded.map(build) {
        Some(Ok(built)) => Some(built),
        Some(Err(found)) => {
            problems.extend(found.into_iter().filter_map(|problem| unknown.judge(problem)));
            None
        }
        None => None,
    };
    if built.is_none() && problems.is_empty() && unknown.is_empty() {
        problems.push(Problem::custom(KeyPath::root(), "is not readable"));
    }
    Checked { built, problems }
}

/// A struct on its way.
struct Read<T> {
    decoded: Option<T>,
    problems: Problems,
    unknown: Unknown,
}

fn read<T: DeserializeOwned + JsonSchema>(mut value: Value, open: &[KeyPath]) -> Read<T> {
    let document = schema_for!(T).to_value();
    let schema = SchemaView::new(&document);
    let mut problems = Problems::new();
    let mut unknown = Unknown::default();
    prune(
        schema,
        &mut value,
        &KeyPath::root(),
        &mut Pruned { problems: &mut problems, unknown: &mut unknown },
    );
    for path in unknown.where_they_are(open) {
        unknown.stand_for(&path, &mut value, schema);
    }
    loop {
        let problem = match T::deserialize(Tree(value.clone())) {
            Ok(decoded) => return Read { decoded: Some(decoded), problems, unknown },
            Err(error) => error.into_problem(),
        };
        let faulty = problem.path.clone();
        let guess = match &problem.kind {
            ProblemKind::UnknownName { near, .. } => near.clone(),
            _ => None,
        };
        problems.extend(unknown.judge(with_expectation(problem, schema)));
        // Every round takes one value away or puts a stand-in into its place, once for each place.
        let settled = match guess {
            Some(word) => {
                let guessed = unknown.guess(&faulty, word, &mut value)
                    || unknown.settle(&faulty, &mut value, schema);
                // The word may decide about the keys beside it, which were not known before.
                let root = KeyPath::root();
                let mut pruned = Pruned { problems: &mut problems, unknown: &mut unknown };
                prune(schema, &mut value, &root, &mut pruned);
                guessed
            }
            None => unknown.settle(&faulty, &mut value, schema),
        };
        if !settled {
            return Read { decoded: None, problems, unknown };
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

/// Where the search for unknown keys writes to.
struct Pruned<'a> {
    problems: &'a mut Problems,
    unknown: &'a mut Unknown,
}

/// Notes the unknown keys of `value`. The value of a key that is probably misspelled goes to the key
/// that was meant; another unknown key is removed.
fn prune(schema: SchemaView<'_>, value: &mut Value, path: &KeyPath, pruned: &mut Pruned<'_>) {
    let schema = schema.branch_of(value);
    match value {
        Value::Object(object) => {
            let known = schema.keys();
            if known.is_empty() && !schema.is_closed() {
                return;
            }
            let given: BTreeSet<String> = object.keys().cloned().collect();
            // All keys below, which are many, are listed once.
            let mut paths = None;
            let is_unknown = |key: &&String| !known.iter().any(|known| known.name == **key);
            for key in given.iter().filter(is_unknown) {
                if !schema.is_closed() {
                    continue;
                }
                let at = path.clone().then(key.as_str());
                let paths = paths.get_or_insert_with(|| schema.paths());
                let elsewhere = paths.iter().filter(|path| path.rsplit('.').next() == Some(key));
                let near = elsewhere.min_by_key(|path| path.len()).cloned().or_else(|| {
                    let names = || known.iter().map(|known| known.name);
                    nearest(key, names()).or_else(|| synonym(key, names())).map(str::to_owned)
                });
                let removed = object.remove(key);
                if let (Some(near), Some(removed)) = (&near, removed) {
                    pruned.unknown.rename(&at, near, removed, path, object);
                }
                let kind = ProblemKind::UnknownKey { near };
                pruned.problems.push(Problem::new(at, kind));
            }
            for known in known {
                if let Some(inner) = object.get_mut(known.name) {
                    prune(known.schema, inner, &path.clone().then(known.name), pruned);
                }
            }
        }
        Value::Array(items) => {
            let Some(item) = schema.items() else { return };
            for (index, inner) in items.iter_mut().enumerate() {
                prune(item, inner, &path.clone().at(index), pruned);
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
                vec!["auth.token: unknown key (did you mean `config.token`?)"],
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
                vec![
                    "auth.config: missing",
                    "auth.type: unknown value (did you mean `bearer`?); known: none, bearer",
                ],
            ),
            (
                json!({"auth": {"type": "bearer", "config": {"tokn": "s3cret"}}}),
                vec!["auth.config.tokn: unknown key (did you mean `token`?)"],
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

    fn checked(value: Value, open: &[KeyPath]) -> (Option<Demo>, Vec<String>) {
        let checked = decode_and_check(value, open, |demo: Demo| {
            let mut problems = Problems::new();
            problems.push_if(demo.max_messages == Some(0), || {
                Problem::out_of_range("max_messages", "at least 1")
            });
            problems.push_if(demo.tls.is_none() && demo.max_messages.is_none(), || {
                Problem::missing_one_of(["tls", "max_messages"])
            });
            let deep = demo.list.iter().any(|tls| tls.depth > 9);
            problems.push_if(deep, || Problem::invalid(KeyPath::key("list").at(0), "too deep"));
            problems.into_result().map(|()| Box::new(demo))
        });
        let problems = checked.problems.iter().map(Problem::to_string).collect();
        (checked.built.map(|demo| *demo), problems)
    }

    #[test]
    fn a_mistake_hides_no_other_and_brings_none_about() {
        let depth = "list[0].depth: out of range, expected a whole number from 0 to 255";
        for (value, expected) in [
            // The rules of the struct are looked at, although another key cannot be read.
            (
                json!({"max_messages": 0, "wait": true}),
                vec!["wait: wrong type", "max_messages: out of range, expected at least 1"],
            ),
            // A value that cannot be read is given all the same.
            (json!({"max_messages": "many"}), vec!["max_messages: wrong type: text"]),
            (json!({"max_mesages": 0}), vec!["max_mesages: unknown key", "max_mesages: out of"]),
            (
                json!({"tls": {}, "list": [{"depth": 300}, {"depth": 10}]}),
                vec![depth, "list[0]: too"],
            ),
            (
                json!({"tls": {}, "list": [5, {"depth": 300}]}),
                vec![
                    "list[0]: wrong type: a whole number, expected a map",
                    "list[1].depth: out of range",
                ],
            ),
            (
                json!({"tls": {}, "auth": {"type": "beare", "config": {"tokn": "x"}}}),
                vec!["auth.type: unknown value", "auth.config.tokn: unknown key"],
            ),
            (
                json!({"tls": {}, "auth": {"type": "kerberos", "config": {"realm": "x"}}}),
                vec!["auth.type: unknown value"],
            ),
            (json!({"tls": {}, "auth": {"type": "bearer"}}), vec!["auth.config: missing"]),
            (json!({"tls": [1]}), vec!["tls: wrong type: a list, expected a map"]),
        ] {
            let (built, found) = checked(value.clone(), &[]);
            assert_eq!(found.len(), expected.len(), "{value}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.starts_with(expected), "{value}: {found:?}");
            }
            drop(built);
        }
    }

    #[test]
    fn the_rest_is_built_where_a_value_is_not_known() {
        let token = KeyPath::key("auth").then("config").then("token");
        let auth = json!({"type": "bearer", "config": {"token": ""}});
        let (built, found) = checked(json!({"max_messages": 3, "auth": auth}), &[token]);
        assert_eq!((built.unwrap().max_messages, found.len()), (Some(3), 0));
        let (built, found) = checked(json!({"max_messages": ""}), &["max_messages".into()]);
        assert!(built.is_none() && found.is_empty(), "{found:?}");
        let (built, _) = checked(json!({"max_messages": 3, "wait": []}), &[]);
        assert_eq!(built.unwrap().max_messages, Some(3));
    }

    #[test]
    fn a_value_that_is_not_known_is_given_all_the_same() {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct Value {
            #[schemars(extend("examples" = ["s3cret"]))]
            secret: Option<String>,
            file: Option<String>,
            json: Option<serde_json::Value>,
        }
        let one_of = |value: Value| match (&value.secret, &value.file) {
            (Some(_), None) => Ok(Box::new(value)),
            _ => Err(Problems::from(Problem::missing_one_of(["secret", "file"]))),
        };
        let open = [KeyPath::key("secret"), KeyPath::key("json").then("at")];
        let given = json!({"secret": "", "json": {"at": ":{name}"}});
        let checked = decode_and_check(given, &open, one_of);
        let value = checked.built.unwrap();
        assert_eq!((value.secret.as_deref(), checked.problems.len()), (Some("s3cret"), 0));
        // The schema does not say what stands inside of free JSON.
        assert_eq!(value.json, Some(json!({"at": ":{name}"})));
        let absent = decode_and_check(json!({"secret": null}), &open[..1], one_of);
        assert!(absent.built.is_none() && absent.problems.is_empty());
    }

    #[test]
    fn lists_are_no_maps_and_maps_no_words_and_whole_numbers_may_have_a_point() {
        #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
        enum Word {
            Json,
        }
        assert_eq!(decode::<Word>(json!("Json")).unwrap(), Word::Json);
        assert!(decode::<Word>(json!({"Json": null})).is_err());
        assert!(decode::<Tls>(json!(["x", 1])).is_err());
        assert_eq!(decode::<Demo>(json!({"max_messages": 1e3})).unwrap().max_messages, Some(1000));
        assert!(decode::<Demo>(json!({"max_messages": 1.5})).is_err());
        assert!(decode::<Demo>(json!({"max_messages": 1e30})).is_err());
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
