//! What schemas say for people and programs: descriptions, titles, notes.

use faucet_stream::core::SchemaView;
use serde_json::Value;

use crate::examples::{keys, schemas};

/// Calls `look` with every part of a schema.
fn each<'a>(value: &'a Value, look: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            look(object);
            object.values().for_each(|inner| each(inner, look));
        }
        Value::Array(items) => items.iter().for_each(|inner| each(inner, look)),
        _ => {}
    }
}

fn documents() -> Vec<(String, Value)> {
    let registry = faucet_stream::registry();
    let mut all: Vec<(String, Value)> =
        schemas(&registry).into_iter().map(|(name, _, _, schema)| (name, schema)).collect();
    all.push(("pipeline".to_owned(), faucet_stream::schema(&registry)));
    all
}

#[test]
fn each_schema_has_its_name_and_its_draft() {
    for (name, document) in documents() {
        let id = format!("urn:faucet-stream:{}:{name}", env!("CARGO_PKG_VERSION"));
        assert_eq!(document["$id"], Value::from(id));
        assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
        jsonschema::draft202012::meta::validate(&document).unwrap();
    }
}

#[test]
fn no_default_is_null_and_no_title_is_the_name_of_a_type() {
    for (name, document) in documents() {
        each(&document, &mut |schema| {
            assert_ne!(schema.get("default"), Some(&Value::Null), "{name} {schema:?}");
            if let Some(Value::String(title)) = schema.get("title") {
                let words = title == "TLS" || !title.contains(char::is_uppercase);
                assert!(words, "{name}: {title}");
            }
        });
        let text = document.to_string();
        for suffix in ["Config\"", "Keys\"", "SinkConfig", "SourceConfig"] {
            assert!(!text.contains(suffix), "{name} has {suffix}");
        }
    }
}

#[test]
fn each_key_has_its_description() {
    for (name, document) in documents() {
        for (path, key) in keys(&document) {
            let inner = path.ends_with("config") || key.get("const").is_some();
            assert!(inner || key["description"].is_string(), "{name} {path}: {key}");
        }
    }
}

#[test]
fn the_keys_of_a_note_stand_beside_the_key() {
    let mut notes = 0;
    for (name, document) in documents() {
        let view = SchemaView::new(&document);
        for key in view.keys() {
            for (beside, _) in key.schema.only_with() {
                assert!(!view.property(beside).is_empty(), "{name} {}: {beside}", key.name);
                notes += 1;
            }
        }
    }
    assert!(notes >= 16, "{notes}");
}

#[test]
fn sizes_and_durations_show_both_forms() {
    let mut forms = 0;
    for (name, document) in documents() {
        for (path, key) in keys(&document) {
            if key.get("x-form").is_none() {
                continue;
            }
            let examples = key["examples"].as_array().unwrap();
            let both =
                examples.iter().any(Value::is_number) && examples.iter().any(Value::is_string);
            assert!(both, "{name} {path}: {examples:?}");
            forms += 1;
        }
    }
    assert!(forms >= 30, "{forms}");
}

#[test]
fn files_and_placeholders_are_noted() {
    let registry = faucet_stream::registry();
    let noted: Vec<String> = schemas(&registry)
        .into_iter()
        .flat_map(|(name, _, _, schema)| {
            let keys = keys(&schema).into_iter();
            let noted = keys.filter(|(_, key)| {
                key.get("x-file").is_some() || key.get("x-placeholders").is_some()
            });
            noted.map(move |(path, _)| format!("{name} {path}")).collect::<Vec<_>>()
        })
        .collect();
    let expected = [
        "source-websocket tls.ca_file",
        "source-websocket tls.client_cert_file",
        "source-websocket tls.client_key_file",
        "source-websocket url",
        "source-jsonl path",
        "sink-jsonl path",
        "sink-websocket tls.ca_file",
        "sink-websocket tls.client_cert_file",
        "sink-websocket tls.client_key_file",
        "sink-websocket url",
        "sink-websocket values.file",
        "source-websocket decompress_dictionary",
        "source-websocket values.file",
    ];
    let mut noted = noted;
    let mut expected = expected.map(str::to_owned).to_vec();
    noted.sort();
    expected.sort();
    assert_eq!(noted, expected);
}
