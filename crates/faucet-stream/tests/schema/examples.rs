//! Examples of keys and components: the schema and the parser accept all of them.

use faucet_stream::core::{ComponentKind, SchemaView};
use faucet_stream::{Registry, component_schema};
use serde_json::{Value, json};

use crate::case::Judges;

/// The schemas of all components, each with its name.
pub(crate) fn schemas(registry: &Registry) -> Vec<(String, ComponentKind, &'static str, Value)> {
    let Registry { sources, transforms, sinks, .. } = registry;
    let mut all = Vec::new();
    let mut add = |kind: ComponentKind, name: &'static str, schema: Value| {
        all.push((format!("{kind}-{name}"), kind, name, schema));
    };
    for entry in sources.iter() {
        add(ComponentKind::Source, entry.name(), component_schema(ComponentKind::Source, entry));
    }
    for entry in transforms.iter() {
        add(
            ComponentKind::Transform,
            entry.name(),
            component_schema(ComponentKind::Transform, entry),
        );
    }
    for entry in sinks.iter() {
        add(ComponentKind::Sink, entry.name(), component_schema(ComponentKind::Sink, entry));
    }
    all
}

/// A part of a schema that is the schema of a key, and the dotted place of the key.
pub(crate) fn keys(schema: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    walk(schema, "", &mut found);
    found
}

fn walk(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    let Some(object) = schema.as_object() else { return };
    for (key, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        found.push((path.clone(), property.clone()));
        walk(property, &path, found);
    }
    let inner = ["items", "additionalProperties"].into_iter().filter_map(|key| object.get(key));
    inner.for_each(|schema| walk(schema, path, found));
    // Rules between keys have no keys of their own, but for what a `type` brings with it.
    let of = |keyword: &str| object.get(keyword).and_then(Value::as_array).into_iter().flatten();
    let tagged = of("allOf").filter_map(|rule| rule.get("then"));
    let branches = tagged.chain(of("anyOf")).chain(of("oneOf"));
    branches.filter(|branch| branch["type"] == "object").for_each(|one| walk(one, path, found));
    if let Some(then) = object.get("then").filter(|then| then.get("type").is_some()) {
        walk(then, path, found);
    }
}

fn valid(schema: &Value, value: &Value) -> bool {
    jsonschema::draft202012::new(schema).unwrap().is_valid(value)
}

#[test]
fn each_key_has_examples_that_fit() {
    let registry = faucet_stream::registry();
    let file = faucet_stream::schema(&registry);
    let mut count = 0;
    let own = &file["$defs"]["sink_stdout"];
    let mut documents: Vec<(String, Value)> =
        schemas(&registry).into_iter().map(|(name, _, _, schema)| (name, schema)).collect();
    documents.push(("own".to_owned(), own.clone()));
    for (name, document) in documents {
        for (path, key) in keys(&document) {
            let examples = key["examples"].as_array().cloned().unwrap_or_default();
            let fixed = key.get("const").is_some()
                || key.get("anyOf").is_some_and(|_| path.ends_with("type"));
            // The places of a match have their examples at the match itself.
            let is_of =
                |of: &str| matches!(of, "match" | "expect" | "fail" | "ack" | "reply" | "reset");
            let inside_match = path.rsplit('.').nth(1).is_some_and(is_of);
            assert!(
                fixed || inside_match || !examples.is_empty() || path.ends_with("config"),
                "{name} {path} has no example"
            );
            for example in &examples {
                assert!(valid(&key, example), "{name} {path}: {example}");
                count += 1;
            }
        }
    }
    assert!(count >= 120, "{count} examples");
}

/// The examples of the keys of a whole file, which hold components.
#[test]
fn each_key_of_the_file_has_an_example_that_fits() {
    let registry = faucet_stream::registry();
    let file = faucet_stream::schema(&registry);
    for (name, key) in file["properties"].as_object().unwrap() {
        let examples = key["examples"].as_array().unwrap();
        for example in examples {
            let mut key = key.clone();
            key["$defs"] = file["$defs"].clone();
            assert!(valid(&key, example), "{name}: {example}");
        }
    }
}

#[test]
fn the_example_of_a_component_builds_with_each_example_of_its_required_keys() {
    let registry = faucet_stream::registry();
    let judges = Judges::new();
    for (name, kind, connector, document) in schemas(&registry) {
        let view = SchemaView::new(&document);
        let mut component =
            view.example().unwrap_or_else(|| panic!("{name} has no example")).clone();
        component["type"] = connector.into();
        let mut components = vec![component.clone()];
        for key in view.keys().iter().filter(|key| key.required) {
            for example in key.schema.value()["examples"].as_array().unwrap() {
                let mut other = component.clone();
                other[key.name] = example.clone();
                components.push(other);
            }
        }
        for component in components {
            let mut file =
                json!({"source": {"type": "jsonl", "path": "in"}, "sink": {"type": "stdout"}});
            file[kind.as_str()] = component;
            let (schema, parser) = (judges.schema(&file), judges.parser(&file));
            assert!(schema.is_empty() && parser.is_empty(), "{file} {schema:?} {parser:?}");
        }
    }
}
