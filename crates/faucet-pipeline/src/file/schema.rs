//! The JSON Schema of pipeline files.

use faucet_core::{Entry, Kind, Registry};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of pipeline files with the connectors of `registry`: what
/// editors complete and validate with. A `${…}` where a number belongs does not match, as it does
/// not when the pipeline is built.
pub fn schema(registry: &Registry) -> Value {
    let mut definitions = Map::new();
    for entry in registry.entries() {
        definitions.insert(name(entry), connector(entry));
    }
    let section = |kind| {
        let references: Vec<Value> = registry
            .entries()
            .filter(|entry| entry.kind() == kind)
            .map(|entry| json!({ "$ref": format!("#/$defs/{}", name(entry)) }))
            .collect();
        json!({ "oneOf": references })
    };
    let mut source = section(Kind::Source);
    source["description"] = "Where records come from.".into();
    let mut sink = section(Kind::Sink);
    sink["description"] = "Where records go.".into();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "faucet pipeline",
        "type": "object",
        "properties": {
            "$schema": { "description": "For editors.", "type": "string" },
            "source": source,
            "sink": sink,
            "context": {
                "description": "Values of `{name}` placeholders.",
                "type": ["object", "null"],
                "additionalProperties": { "type": ["string", "integer"] },
            },
        },
        "required": ["source", "sink"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

fn name(entry: &Entry) -> String {
    format!("{}_{}", entry.kind(), entry.name())
}

/// The schema of a connector's section: that of its configuration and the key `type`. Its own
/// definitions stay inside it, so that those of two connectors cannot collide.
fn connector(entry: &Entry) -> Value {
    let mut schema = entry.schema().to_value();
    move_references(&mut schema, &format!("#/$defs/{}", name(entry)));
    let Value::Object(object) = &mut schema else { return schema };
    object.remove("$schema");
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    properties["type"] = json!({ "const": entry.name() });
    let required = object.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        required.insert(0, "type".into());
    }
    schema
}

/// Makes references into a schema's root references into `root`.
fn move_references(schema: &mut Value, root: &str) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(target) if key == "$ref" => {
                        if let Some(inside) = target.strip_prefix('#') {
                            *target = format!("{root}{inside}");
                        }
                    }
                    value => move_references(value, root),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_references(item, root)),
        _ => {}
    }
}
