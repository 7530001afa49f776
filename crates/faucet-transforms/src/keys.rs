//! Each key of each configuration changes what a transform does.

use faucet_core::{Record, Registry, SchemaView};
use serde_json::{Value, json};

use crate::factory::register;
use crate::harness::{Run, json, text};

/// A transform, one of its keys, and two configurations that differ in this key alone.
fn table() -> Vec<(&'static str, &'static str, Value, Value)> {
    vec![
        ("filter", "match", json!({"match": {"/a": 1}}), json!({"match": {"/a": 2}})),
        ("pick", "keep", json!({"keep": ["/a"]}), json!({"keep": ["/b"]})),
        ("pick", "drop", json!({"drop": ["/a"]}), json!({"drop": ["/b"]})),
        ("pick", "rename", json!({"drop": ["/a"]}), json!({"drop": ["/a"], "rename": {"/b": "c"}})),
        ("split", "at", json!({"at": "/l"}), json!({"at": "/m"})),
        ("split", "lines", json!({"at": "/l"}), json!({"at": "/l", "lines": true})),
        ("dedup", "key", json!({"key": ["/a"]}), json!({"key": ["/b"]})),
        ("dedup", "records", json!({}), json!({"records": 1})),
    ]
}

fn input() -> Vec<Record> {
    vec![
        json(r#"{"a":1,"b":1,"l":[1],"m":[1,2]}"#),
        json(r#"{"a":2,"b":1,"l":[],"m":[]}"#),
        json(r#"{"a":1,"b":1,"l":[1],"m":[1,2]}"#),
        text("{\"l\":[7]}\n{\"l\":[8]}"),
    ]
}

#[test]
fn each_key_of_the_schemas_changes_behaviour() {
    let mut registry = Registry::new();
    register(&mut registry).unwrap();
    let mut named: Vec<(&str, String)> = Vec::new();
    for (name, key, one, other) in table() {
        let behaviour = |config: &Value| {
            let transform = registry.transforms.build(name, config.clone()).unwrap();
            let run = Run::of(&*transform, vec![input()]);
            (run.payloads(), run.rejected)
        };
        assert_ne!(one.get(key), other.get(key), "{name}.{key}");
        assert_ne!(behaviour(&one), behaviour(&other), "{name}.{key}");
        named.push((name, key.to_owned()));
    }
    let mut documented: Vec<(&str, String)> = Vec::new();
    for entry in registry.transforms.iter() {
        let view = SchemaView::new(entry.schema());
        assert!(!view.description().is_empty() && view.is_closed(), "{}", entry.name());
        for key in view.keys() {
            assert!(!key.schema.description().is_empty(), "{}.{}", entry.name(), key.name);
            documented.push((entry.name(), key.name.to_owned()));
        }
    }
    named.sort();
    documented.sort();
    assert_eq!(named, documented);
}
