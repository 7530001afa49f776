//! The JSON Schema of pipeline files.

use faucet_core::{ComponentKind, Entry, Registry, Table};
use schemars::schema_for;
use serde_json::{Map, Value, json};

use crate::file::declared::section;
use crate::file::keys::{FileKeys, OwnKeys};

/// The JSON Schema (draft 2020-12) of pipeline files with the connectors of `registry`: what
/// editors complete and validate with. A `${…}` where a number belongs does not match, as it does
/// not when the pipeline is built.
pub fn schema(registry: &Registry) -> Value {
    let mut file = schema_for!(FileKeys).to_value();
    let mut own = schema_for!(OwnKeys).to_value();
    let mut definitions = take_definitions(&mut file);
    definitions.extend(take_definitions(&mut own));
    let own = Own(own["properties"].take());
    let Registry { sources, transforms, sinks, .. } = registry;
    for (kind, one_of) in [
        (ComponentKind::Source, own.define(sources, &mut definitions)),
        (ComponentKind::Transform, own.define(transforms, &mut definitions)),
        (ComponentKind::Sink, own.define(sinks, &mut definitions)),
    ] {
        let any = format!("any_{kind}");
        definitions.insert(any.clone(), one_of);
        let any = json!({ "$ref": format!("#/$defs/{any}") });
        let optional = kind == ComponentKind::Transform;
        let one = match optional {
            true => {
                json!({ "anyOf": [any, { "type": "array", "items": any }, { "type": "null" }] })
            }
            false => any.clone(),
        };
        let mut many = json!({
            "type": if optional { json!(["object", "null"]) } else { json!("object") },
            "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
            "additionalProperties": any,
        });
        if !optional {
            many["minProperties"] = 1.into();
        }
        set_but_the_description(&mut file["properties"][kind.as_str()], one);
        set_but_the_description(&mut file["properties"][section(kind)], many);
    }
    file["title"] = "faucet pipeline".into();
    file["allOf"] = json!([
        { "oneOf": [{ "required": ["source"] }, { "required": ["sources"] }] },
        { "oneOf": [{ "required": ["sink"] }, { "required": ["sinks"] }] },
        { "not": {
            "required": ["transform", "transforms"],
            "properties": {
                "transform": { "not": { "type": "null" } },
                "transforms": { "not": { "type": "null" } },
            },
        } },
    ]);
    file["$defs"] = definitions.into();
    file
}

fn take_definitions(schema: &mut Value) -> Map<String, Value> {
    match schema.get_mut("$defs").map(Value::take) {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    }
}

/// Replaces a generated schema, which has the doc comment of the key.
fn set_but_the_description(property: &mut Value, mut schema: Value) {
    if let Some(description) = property.get_mut("description") {
        schema["description"] = description.take();
    }
    *property = schema;
}

/// The keys of the pipeline file that every component has.
struct Own(Value);

impl Own {
    /// Adds a definition for each connector, and returns the schema of any of them.
    fn define<T: ?Sized + 'static>(
        &self,
        table: &Table<T>,
        definitions: &mut Map<String, Value>,
    ) -> Value {
        let mut references = Vec::new();
        for entry in table.iter() {
            let name = format!("{}_{}", table.kind(), entry.name());
            references.push(json!({ "$ref": format!("#/$defs/{name}") }));
            let connector = self.connector(table.kind(), &name, entry);
            definitions.insert(name, connector);
        }
        match references.is_empty() {
            true => json!({ "not": {} }),
            false => json!({ "oneOf": references }),
        }
    }

    /// The schema of a component: that of its connector's configuration and the keys of the file. The
    /// connector's definitions stay inside it, so that those of two connectors cannot collide.
    fn connector<T: ?Sized + 'static>(
        &self,
        kind: ComponentKind,
        name: &str,
        entry: &Entry<T>,
    ) -> Value {
        let mut schema = entry.schema().clone();
        move_references(&mut schema, &format!("#/$defs/{name}"));
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("$schema");
        }
        self.add_to(&mut schema, kind, entry.name());
        schema
    }

    fn add_to(&self, schema: &mut Value, kind: ComponentKind, name: &str) {
        let Value::Object(object) = schema else { return };
        let is_map = object.contains_key("properties");
        for variants in ["oneOf", "anyOf"] {
            if let Some(Value::Array(variants)) = object.get_mut(variants)
                && !is_map
            {
                return variants.iter_mut().for_each(|one| self.add_to(one, kind, name));
            }
        }
        let properties = object.entry("properties").or_insert_with(|| json!({}));
        properties["type"] = json!({ "const": name });
        for key in ["from", "buffer", "dead_letter"] {
            if kind != ComponentKind::Source || key == "dead_letter" {
                properties[key] = self.0[key].clone();
            }
        }
        let required = object.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            required.insert(0, "type".into());
        }
    }
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
