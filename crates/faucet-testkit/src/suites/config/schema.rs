//! Rules about what a configuration says of itself.

use std::collections::BTreeSet;

use faucet_core::{KeyPath, SchemaView};
use serde_json::Value;

use crate::suites::config::case::ConfigCase;
use crate::suites::rule::Rule;

/// The keys that belong to the pipeline file.
const PIPELINE: [&str; 4] = ["type", "from", "buffer", "dead_letter"];

/// The last words of names of secrets.
const SECRETS: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "key",
    "apikey",
    "credential",
    "credentials",
];

/// The schema of a value, and where the value stands.
struct Place<'a> {
    path: KeyPath,
    schema: SchemaView<'a>,
}

/// All places of a schema. A definition that holds itself is entered once on each way.
fn places(root: SchemaView<'_>) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    walk(root, KeyPath::root(), &mut BTreeSet::new(), &mut found);
    found
}

fn walk<'a>(
    schema: SchemaView<'a>,
    path: KeyPath,
    entered: &mut BTreeSet<&'a str>,
    found: &mut Vec<Place<'a>>,
) {
    found.push(Place { path: path.clone(), schema });
    let name = schema.definition();
    if name.is_some_and(|name| !entered.insert(name)) {
        return;
    }
    for key in schema.keys() {
        walk(key.schema, path.clone().then(key.name), entered, found);
    }
    if let Some(items) = schema.items() {
        walk(items, path.clone().at(0), entered, found);
    } else {
        for variant in schema.variants() {
            walk(variant, path.clone(), entered, found);
        }
    }
    if let Some(values) = schema.map_values() {
        walk(values, path.then("*"), entered, found);
    }
    if let Some(name) = name {
        entered.remove(name);
    }
}

/// The name consists of lower case letters, digits, `-` and `_`, and begins with a letter.
pub fn has_a_plain_name(case: &ConfigCase) {
    let rule = Rule("config::has_a_plain_name");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let good =
        case.name.starts_with(|c: char| c.is_ascii_lowercase()) && case.name.chars().all(plain);
    rule.check(good, || {
        format!(
            "{} {:?}: a name is made of lower case letters, digits, `-` and `_`, a letter first",
            case.kind, case.name
        )
    });
}

/// The type and every key have a doc comment.
pub fn documents_every_key(case: &ConfigCase) {
    let rule = Rule("config::documents_every_key");
    rule.check(!case.schema().description().is_empty(), || {
        format!("the configuration of the {} {} has no doc comment", case.kind, case.name)
    });
    for Place { path, schema } in places(case.schema()) {
        if path.last_key().is_none_or(|key| key == "*") {
            continue;
        }
        // The tag of an enum is documented by its variants, what it wraps by its own keys. A
        // description of the type behind a reference says nothing about the key.
        let own = ["description", "const", "properties"];
        let documented = own.iter().any(|by| schema.value().get(by).is_some())
            || is_variant(case.schema(), &path);
        rule.check(documented, || format!("{path} has no doc comment"));
    }
}

/// Whether the path leads to an enum's variant itself, which comes up once for each branch.
fn is_variant(root: SchemaView<'_>, path: &KeyPath) -> bool {
    root.find(path).is_some_and(|schema| {
        schema.value().get("description").is_some() && !schema.variants().is_empty()
    })
}

/// Every map takes either known keys only, or any keys with values of one known type.
pub fn closes_its_maps(case: &ConfigCase) {
    let rule = Rule("config::closes_its_maps");
    for Place { path, schema } in places(case.schema()) {
        if case.takes_any_json(&path) {
            continue;
        }
        let place = if path.is_root() { "the configuration".to_owned() } else { path.to_string() };
        let inner = schema.resolve();
        let keyed = inner.value().get("properties").is_some();
        // Keys of a pattern are known keys.
        let closed = inner.value().get("additionalProperties") == Some(&Value::Bool(false));
        rule.check(!keyed || closed, || {
            format!("{place} allows unknown keys (`deny_unknown_fields` is missing)")
        });
        let any = inner.types().is_empty()
            && inner.constants().is_empty()
            && inner.variants().is_empty()
            && inner.value().get("allOf").is_none()
            && !keyed;
        rule.check(!any, || format!("{place} takes anything: give it a type"));
        let open = inner.types() == ["object"] && !keyed && inner.variants().is_empty();
        let map = inner.map_values().is_some() || closed;
        rule.check(!open || map, || {
            format!("{place} takes any map: close it, or give its values a type")
        });
    }
}

/// A key whose name says that it is a secret is a `Secret`.
pub fn marks_its_secrets(case: &ConfigCase) {
    let rule = Rule("config::marks_its_secrets");
    for Place { path, schema } in places(case.schema()) {
        let Some(name) = path.last_key() else { continue };
        let last = name.rsplit(['_', '-']).next().unwrap_or_default();
        let text = schema.types() == ["string"] && schema.words().is_empty();
        if !text || !SECRETS.contains(&last) || case.public.iter().any(|key| key == name) {
            continue;
        }
        rule.check(schema.is_secret(), || {
            format!("{path} is a secret by its name, and not by its type: use `Secret`")
        });
    }
}

/// No key is called as one of the pipeline file: `type`, `from`, `buffer`, `dead_letter`.
pub fn leaves_the_pipelines_keys(case: &ConfigCase) {
    let rule = Rule("config::leaves_the_pipelines_keys");
    for name in PIPELINE {
        rule.check(case.schema().property(name).is_empty(), || {
            format!("the key {name} belongs to the pipeline file")
        });
    }
}

/// The paths of all secrets that an example has.
pub(crate) fn secrets(case: &ConfigCase, example: &Value) -> Vec<KeyPath> {
    crate::suites::config::mutate::paths(example)
        .into_iter()
        .filter(|path| case.schema().find(path).is_some_and(SchemaView::is_secret))
        .collect()
}
