//! Rules about what `build` does.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use fastrand::Rng;
use faucet_core::{KeyPath, Problem, ProblemKind, Problems, SchemaView, Step, nearest};
use serde_json::{Value, json};

use crate::suites::config::case::ConfigCase;
use crate::suites::config::mutate::{mutated, paths, with};
use crate::suites::config::schema::secrets;
use crate::suites::rule::Rule;

/// How many changed configurations a rule tries.
const MUTATIONS: usize = 400;

/// Every example builds.
pub fn builds_its_examples(case: &ConfigCase) {
    let rule = Rule("config::builds_its_examples");
    for example in &case.examples {
        if let Err(problems) = case.try_build(rule, example) {
            rule.broken(format_args!("an example does not build: {problems}"));
        }
    }
}

/// A misspelt key is refused, in every map of an example, and the right one is named.
pub fn refuses_unknown_keys(case: &ConfigCase) {
    let rule = Rule("config::refuses_unknown_keys");
    for example in &case.examples {
        for path in paths(example) {
            let mut copy = example.clone();
            let Some(value) = crate::suites::config::mutate::at(&mut copy, &path) else { continue };
            if !value.is_object() || case.takes_any_json(&path) {
                continue;
            }
            let Some(schema) = schema_at(case.schema(), example, &path) else { continue };
            let keys: Vec<&str> = schema.keys().iter().map(|key| key.name).collect();
            for key in &keys {
                let misspelt = format!("{key}z");
                if keys.contains(&misspelt.as_str()) || schema.path_to(&misspelt).is_some() {
                    continue;
                }
                let place = path.clone().then(misspelt.as_str());
                let near = nearest(&misspelt, keys.iter().copied());
                let changed = with(example, &place, Value::Null);
                let refused = case.try_build(rule, &changed).err().unwrap_or_default();
                let found = refused.iter().any(|problem| {
                    matches!(&problem.kind, ProblemKind::UnknownKey { near: said }
                        if problem.path == place && said.as_deref() == near)
                });
                rule.check(found, || {
                    format!("{place} is not refused as an unknown key near {key}: {refused}")
                });
            }
        }
    }
}

/// The schema of what stands at `path` in `value`, with the variants that `value` means on the way.
fn schema_at<'a>(root: SchemaView<'a>, value: &Value, path: &KeyPath) -> Option<SchemaView<'a>> {
    let start = (root.branch_of(value), value);
    let found = path.steps().iter().try_fold(start, |(schema, value), step| {
        let (schema, inner) = match step {
            Step::Key(key) => {
                let known = schema.property(key).into_iter().next();
                (known.or_else(|| schema.map_values())?, value.get(&**key))
            }
            Step::Index(index) => (schema.items()?, value.get(*index)),
            _ => return None,
        };
        let inner = inner.unwrap_or(&Value::Null);
        Some((schema.branch_of(inner), inner))
    });
    found.map(|(schema, _)| schema)
}

/// Tries each example with changes, always the same ones.
fn each_mutation(case: &ConfigCase, mut look: impl FnMut(&Value)) {
    let mut rng = Rng::with_seed(7);
    let branches = case.schema().variants();
    let branches = if branches.is_empty() { vec![case.schema()] } else { branches };
    let keys = branches.into_iter().flat_map(SchemaView::keys);
    let known: Vec<String> = keys.map(|key| key.name.to_owned()).collect();
    for n in 0..MUTATIONS {
        look(&mutated(&case.examples[n % case.examples.len()], &known, &mut rng));
    }
}

/// `build` returns, whatever the configuration: it does not panic.
pub fn builds_without_panic(case: &ConfigCase) {
    let rule = Rule("config::builds_without_panic");
    each_mutation(case, |value| {
        // The outcome does not matter here: `try_build` turns a panic into a broken rule.
        let _ = case.try_build(rule, value);
    });
}

/// Every path of a problem leads to a key of the schema, or to a value of the input.
pub fn names_places_that_exist(case: &ConfigCase) {
    let rule = Rule("config::names_places_that_exist");
    each_mutation(case, |value| {
        let problems = case.try_build(rule, value).err().unwrap_or_default();
        for (problem, path) in problems
            .iter()
            .flat_map(|problem| places(problem).into_iter().map(move |path| (problem, path)))
        {
            let known = is_in(value, path)
                || case.schema().find(path).is_some()
                || schema_at(case.schema(), value, path).is_some();
            rule.check(known, || format!("{path} is no key: {problem}"));
        }
    });
}

/// The places that a problem names.
fn places(problem: &Problem) -> Vec<&KeyPath> {
    let mut places = vec![&problem.path];
    match &problem.kind {
        ProblemKind::Conflict { with: path }
        | ProblemKind::Needs { key: path }
        | ProblemKind::Duplicate { of: path } => places.push(path),
        ProblemKind::MissingOneOf { keys, or } => places.extend(keys.iter().chain(or)),
        _ => {}
    }
    places
}

fn is_in(value: &Value, path: &KeyPath) -> bool {
    let found = path.steps().iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(&**key),
        Step::Index(index) => value.get(*index),
        _ => None,
    });
    found.is_some()
}

/// `build` reaches for no file and no address: not for one that a key names.
pub fn builds_without_io(case: &ConfigCase) {
    let rule = Rule("config::builds_without_io");
    let place = Place::new(rule);
    for example in &case.examples {
        let schema = case.schema().branch_of(example);
        for key in schema.keys() {
            if !key.schema.types().contains(&"string") {
                continue;
            }
            place.probe(rule, |text| {
                case.try_build(rule, &with(example, &KeyPath::key(key.name), json!(text)))
            });
        }
    }
}

/// A directory and an address that notice who comes.
struct Place {
    dir: PathBuf,
    listener: TcpListener,
}

impl Place {
    fn new(rule: Rule) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("faucet-config-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let dir = std::env::temp_dir().join(name);
        let made = fs::create_dir_all(&dir).and_then(|()| fs::write(dir.join("present"), ""));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.and_then(|it| it.set_nonblocking(true).map(|()| it));
        match (made, listener) {
            (Ok(()), Ok(listener)) => Self { dir, listener },
            (made, listener) => rule.broken(format_args!(
                "the test needs a directory and a port: {made:?}, {:?}",
                listener.err()
            )),
        }
    }

    fn probe<T>(&self, rule: Rule, build: impl Fn(&str) -> Result<T, Problems>) {
        let file = |name: &str| self.dir.join(name).to_string_lossy().into_owned();
        let absent = build(&file("absent")).map(drop);
        let present = build(&file("present")).map(drop);
        rule.check(absent.is_ok() == present.is_ok(), || {
            format!("build looks whether a file exists: {absent:?}, {present:?}")
        });
        let files = fs::read_dir(&self.dir).map_or(0, Iterator::count);
        rule.check(files == 1, || "build makes or removes a file".to_owned());
        let empty = fs::metadata(self.dir.join("present")).is_ok_and(|file| file.len() == 0);
        rule.check(empty, || "build changes a file".to_owned());
        let Ok(address) = self.listener.local_addr() else { return };
        for text in [address.to_string(), format!("http://{address}/"), format!("ws://{address}/")]
        {
            drop(build(&text));
            let come = self.listener.accept();
            let quiet = come.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            rule.check(quiet, || "build connects to an address".to_owned());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // An error leaves a directory among the temporary files.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Whether a text may stand there. What a composed schema allows is its configuration's own matter.
fn may_be_text(schema: SchemaView<'_>) -> bool {
    let choices = || schema.resolve().at_keyword("anyOf").into_iter();
    schema.types().contains(&"string")
        || schema.resolve().value().get("allOf").is_some()
        || choices().any(may_be_text)
}

/// A secret of an example is shown neither by what is built of it nor by any problem; and no problem
/// repeats a text that stands where another type belongs.
pub fn keeps_its_secrets(case: &ConfigCase) {
    const CANARY: &str = "c4n4ry-hunter2";
    let rule = Rule("config::keeps_its_secrets");
    let look = |value: &Value| {
        let shown = match case.try_build(rule, value) {
            Ok(built) => format!("{built:?}"),
            Err(problems) => format!("{problems} {problems:?}"),
        };
        rule.check(!shown.contains(CANARY), || {
            format!("a secret is shown: {}", shown.replace(CANARY, "***"))
        });
    };
    for example in &case.examples {
        let mut secret = example.clone();
        for path in secrets(case, example) {
            secret = with(&secret, &path, json!(CANARY));
        }
        look(&secret);
        for path in paths(&secret) {
            let text = case.schema().find(&path).is_none_or(may_be_text);
            if !path.is_root() {
                look(&with(&secret, &path, json!([{}])));
                look(&with(&secret, &path, json!(-1)));
            }
            if !text {
                look(&with(&secret, &path, json!(CANARY)));
            }
        }
    }
}
