//! The schema of pipeline files accepts what the parser accepts.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use crate::connectors::registry;
use faucet_core::Registry;
use faucet_pipeline::{PipelineSpec, Severity, schema};
use serde_json::{Value, json};

/// Short words in files for whole components.
fn file(text: &str) -> Value {
    let text = text
        .replace("S}", r#""type": "feed", "url": "ws://h"}"#)
        .replace("T}", r#""type": "filter"}"#)
        .replace("K}", r#""type": "file", "path": "x"}"#);
    serde_json::from_str(&text).unwrap()
}

fn validator(registry: &Registry) -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema(registry)).unwrap()
}

#[test]
fn the_schema_and_the_parser_agree() {
    let schema = validator(&registry());
    let short = |more: &str| format!(r#"{{"source": {{S}}, "sink": {{K}}{more}}}"#);
    let sink = |more: &str| format!(r#"{{"source": {{S}}, "sink": {{{more}, K}}}}"#);
    for (text, good) in [
        (short(""), true),
        (short(r#", "$schema": "x", "parallel": true, "grace": "5s", "context": {"a": 1}"#), true),
        (short(r#", "transform": {T}"#), true),
        (short(r#", "transform": [{T}, {"limit": 3, T}]"#), true),
        (short(r#", "transform": {"type": "choice", "mode": "one", "size": 1}"#), true),
        (short(r#", "transform": {"type": "choice", "mode": "two", "size": 1}"#), false),
        (short(r#", "transform": {"type": "choice", "mode": "three"}"#), false),
        (short(r#", "transform": [], "transforms": null"#), true),
        (short(r#", "transform": [], "transforms": {}"#), false),
        (short(r#", "transform": [5]"#), false),
        (short(r#", "transform": "filter""#), false),
        (short(r#", "flush": {}, "state": null, "grace": null, "context": null"#), true),
        (short(r#", "flush": {"interval": "1s", "records": 5, "bytes": "1MiB"}"#), true),
        (short(r#", "flush": {"interval": 0}"#), false),
        (short(r#", "flush": {"records": 0}"#), false),
        (short(r#", "flush": {"bytes": 0}"#), false),
        (short(r#", "flush": {"every": 1}"#), false),
        (short(r#", "flush": 1"#), false),
        (short(r#", "state": {"path": "x"}"#), true),
        (short(r#", "state": {"path": ""}"#), false),
        (short(r#", "state": {}"#), false),
        (short(r#", "state": "x""#), false),
        (short(r#", "parallel": 1"#), false),
        (short(r#", "grace": true"#), false),
        (short(r#", "grace": 0"#), false),
        (short(r#", "context": {"a": true}"#), false),
        (short(r#", "context": []"#), false),
        (short(r#", "unknown": 1"#), false),
        (short(r#", "sources": {}"#), false),
        (short(r#", "sinks": {"k": {K}}"#), false),
        (r#"{"source": {S}}"#.into(), false),
        (r#"{"source": null, "sink": {K}}"#.into(), false),
        (r#"{"source": [{S}], "sink": {K}}"#.into(), false),
        (r#"{"sources": {"a": {S}}, "sinks": {"k": {K}}}"#.into(), true),
        (r#"{"sources": {"a": {S}}, "sink": {K}}"#.into(), true),
        (r#"{"sources": {"_a": {S}}, "sink": {K}}"#.into(), false),
        (r#"{"sources": {}, "sink": {K}}"#.into(), false),
        (
            r#"{"sources": {"a": {S}, "b": {"max_messages": 3, S}},
                "transforms": {"t": {"from": ["a", "b"], "limit": 3, T}},
                "sinks": {"k": {"from": "t", "dead_letter": "l", K}, "l": {K}}}"#
                .into(),
            true,
        ),
        (
            r#"{"source": {S}, "transforms": {"t": {"lim": 3, T}}, "sinks": {"k": {"from": "t", K}}}"#
                .into(),
            false,
        ),
        (r#"{"sources": {"a": {"max_mesages": 3, S}}, "sink": {K}}"#.into(), false),
        (r#"{"source": {"from": "a", S}, "sink": {K}}"#.into(), false),
        (r#"{"source": {"buffer": {}, S}, "sink": {K}}"#.into(), false),
        (r#"{"source": {"dead_letter": 5, S}, "sink": {K}}"#.into(), false),
        (r#"{"source": {"url": "ws://h"}, "sink": {K}}"#.into(), false),
        (r#"{"source": {"type": "fed", "url": "ws://h"}, "sink": {K}}"#.into(), false),
        (sink(r#""from": "source""#), true),
        (sink(r#""from": ["source"]"#), true),
        (sink(r#""from": null, "buffer": null, "dead_letter": null"#), true),
        (sink(r#""from": []"#), false),
        (sink(r#""from": ["source", "source"]"#), false),
        (sink(r#""from": 5"#), false),
        (sink(r#""buffer": {"pages": 3, "bytes": "64KiB", "when_full": "drop_oldest"}"#), true),
        (sink(r#""buffer": {"when_full": "drop_newest", "key": null}"#), true),
        (sink(r#""buffer": {"when_full": "conflate", "key": "/a"}"#), true),
        (sink(r#""buffer": {"when_full": "conflate", "key": null}"#), false),
        (sink(r#""buffer": {"when_full": "conflate", "key": "a"}"#), false),
        (sink(r#""buffer": {"when_full": "conflate"}"#), false),
        (sink(r#""buffer": {"when_full": "spill"}"#), false),
        (sink(r#""buffer": {"key": "/a"}"#), false),
        (sink(r#""buffer": {"pages": 0}"#), false),
        (sink(r#""buffer": {"bytes": 0}"#), false),
        (sink(r#""buffer": {"size": 1}"#), false),
        (sink(r#""buffer": 1"#), false),
    ] {
        let file = file(&text);
        let mut problems = PipelineSpec::from_value(file.clone()).check(&registry()).diagnostics;
        problems.retain(|found| found.severity == Severity::Error);
        assert_eq!((schema.is_valid(&file), problems.is_empty()), (good, good), "{text} {problems:?}");
    }
}

/// All references of a schema.
fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_schema_has_every_connector_and_its_references_lead_somewhere() {
    let schema = schema(&registry());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["$id"], format!("urn:faucet-stream:{}:pipeline", env!("CARGO_PKG_VERSION")));
    let any = &schema["$defs"]["any_transform"];
    let types = json!(["filter", "choice"]);
    assert_eq!(any["properties"]["type"]["anyOf"][0]["enum"], types);
    assert_eq!(any["allOf"][0]["if"]["properties"]["type"]["const"], "filter");
    assert_eq!(any["allOf"][0]["then"], json!({"$ref": "#/$defs/transform_filter"}));
    let any = &schema["$defs"]["any_source"]["properties"]["type"]["anyOf"][0];
    assert_eq!(any["enumDescriptions"], json!(["A feed."]));
    let feed = &schema["$defs"]["source_feed"];
    assert_eq!(feed["properties"]["type"]["const"], "feed");
    assert_eq!(feed["required"], json!(["type", "url"]));
    assert_eq!(feed["additionalProperties"], false);
    // Editors complete the keys of connectors in maps as well.
    let sinks = &schema["properties"]["sinks"];
    assert_eq!(sinks["additionalProperties"], json!({"$ref": "#/$defs/any_sink"}));

    let mut found = Vec::new();
    references(&schema, &mut found);
    assert!(found.len() >= 8, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(schema.pointer(pointer).is_some(), "{reference}");
    }
    let tls = |connector: &str| &schema["$defs"][connector]["properties"]["tls"]["properties"];
    assert!(tls("source_feed")["ca_file"].is_object());
    assert!(tls("sink_file")["level"].is_object());
}

/// A map that holds maps of its own kind.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nested {
    #[serde(default)]
    #[expect(dead_code, reason = "the test reads the schema")]
    inner: Option<Box<Nested>>,
    #[serde(default)]
    #[expect(dead_code, reason = "the test reads the schema")]
    limits: Option<Limits>,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Limits {
    #[serde(default)]
    #[expect(dead_code, reason = "the test reads the schema")]
    before: Option<Box<Limits>>,
}

#[test]
fn a_definition_that_holds_itself_stays_one() {
    let mut registry = registry();
    let add = |_: Nested| Ok(crate::connectors::Filter);
    registry.add_transform_with("nested", add).unwrap();
    let schema = validator(&registry);
    for (keys, good) in [
        (r#""inner": {"inner": {"inner": null}}, "limits": {"before": {"before": {}}}"#, true),
        (r#""inner": {"inner": {"innr": null}}"#, false),
        (r#""limits": {"before": {"before": {"x": 1}}}"#, false),
    ] {
        let text = format!(
            r#"{{"source": {{S}}, "sink": {{K}}, "transform": {{"type": "nested", {keys}}}}}"#
        );
        assert_eq!(schema.is_valid(&file(&text)), good, "{keys}");
    }
}

#[test]
fn every_key_of_the_file_has_a_description() {
    let schema = schema(&registry());
    let sink = &schema["$defs"]["sink_file"]["properties"];
    let own =
        json!({"from": sink["from"], "buffer": sink["buffer"], "letter": sink["dead_letter"]});
    for keys in [
        &schema["properties"],
        &own,
        &sink["buffer"]["properties"],
        &schema["properties"]["flush"]["properties"],
        &schema["properties"]["state"]["properties"],
    ] {
        for (key, value) in keys.as_object().unwrap() {
            assert!(value["description"].is_string(), "{key}: {value}");
        }
    }
    assert_eq!(sink["buffer"]["properties"]["pages"]["default"], 1);
}

#[test]
fn a_program_without_connectors_has_a_schema_that_accepts_no_component() {
    let schema = validator(&Registry::new());
    assert!(!schema.is_valid(&file(r#"{"source": {S}, "sink": {K}}"#)));
}
