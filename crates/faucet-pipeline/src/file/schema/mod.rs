//! The JSON Schema of pipeline files and of the configurations in them.

mod forms;
mod inline;
mod walk;

use faucet_core::{ComponentKind, Entry, Registry, Table, without_null_defaults};
use schemars::schema_for;
use serde_json::{Map, Value, json};

use crate::file::declared::section;
use crate::file::keys::{FileKeys, OwnKeys};
use crate::file::schema::forms::{Chain, allow_variables, for_editors};
use crate::file::schema::inline::inline;
use crate::file::schema::walk::each_schema;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema (draft 2020-12) of pipeline files with the connectors of `registry`: what editors
/// complete and validate with. It accepts what [`PipelineSpec::build`](crate::PipelineSpec::build)
/// accepts, but for what a schema cannot say.
pub fn schema(registry: &Registry) -> Value {
    let mut file = document(schema_for!(FileKeys).to_value());
    let own = Own(document(schema_for!(OwnKeys).to_value())["properties"].take());
    let mut definitions = Map::new();
    let Registry { sources, transforms, sinks, .. } = registry;
    for (kind, any, example) in [
        (ComponentKind::Source, own.define(sources, &mut definitions), example(sources)),
        (ComponentKind::Transform, own.define(transforms, &mut definitions), example(transforms)),
        (ComponentKind::Sink, own.define(sinks, &mut definitions), example(sinks)),
    ] {
        let name = format!("any_{kind}");
        definitions.insert(name.clone(), any);
        let any = json!({ "$ref": format!("#/$defs/{name}") });
        let optional = kind == ComponentKind::Transform;
        let mut one = any.clone();
        if optional {
            one = json!({
                "type": ["object", "array", "null"],
                "if": { "type": "object" },
                "then": any,
                "items": any,
            });
        }
        let mut many = json!({
            "type": if optional { json!(["object", "null"]) } else { json!("object") },
            "propertyNames": { "pattern": "^[A-Za-z][A-Za-z0-9_]*$" },
            "additionalProperties": any,
        });
        if !optional {
            many["minProperties"] = 1.into();
        }
        if let Some(example) = example {
            one["examples"] = json!([example]);
            many["examples"] = json!([{ "a_name": example }]);
        }
        set_but_the_description(&mut file["properties"][kind.as_str()], one);
        set_but_the_description(&mut file["properties"][section(kind)], many);
    }
    allow_variables(&mut file);
    file["allOf"] = short_or_long();
    file["$defs"] = definitions.into();
    named(file, "pipeline")
}

/// The JSON Schema (draft 2020-12) of a component of the kind `kind`, without the keys of the pipeline
/// file.
pub fn component_schema<T: ?Sized + 'static>(kind: ComponentKind, entry: &Entry<T>) -> Value {
    let mut schema = document(entry.schema().clone());
    allow_variables(&mut schema);
    named(schema, &format!("{kind}-{}", entry.name()))
}

/// Gives a schema its name, which has the version: a schema of another version is another one.
fn named(mut schema: Value, name: &str) -> Value {
    schema["$schema"] = DRAFT.into();
    schema["$id"] = format!("urn:faucet-stream:{}:{name}", env!("CARGO_PKG_VERSION")).into();
    schema
}

/// The schema that `schemars` wrote, in the form that editors work with best.
fn document(mut schema: Value) -> Value {
    without_null_defaults(&mut schema);
    inline(&mut schema);
    for_editors(&mut schema);
    schema
}

/// Each kind of component is given in the short form or in the long one.
fn short_or_long() -> Value {
    let mut rules = Vec::new();
    for (one, many) in [("source", "sources"), ("sink", "sinks")] {
        let neither = json!({ "not": { "required": [many] } });
        rules.push(json!({ "if": neither, "then": { "required": [one] } }));
        rules.push(json!({
            "if": { "required": [one] },
            "then": { "properties": { many: false } },
        }));
    }
    let given = json!({ "properties": { "transform": { "not": { "type": "null" } } } });
    rules.push(json!({
        "if": { "allOf": [{ "required": ["transform"] }, given] },
        "then": { "properties": { "transforms": { "type": "null" } } },
    }));
    rules.into()
}

/// A component of the first connector that shows one.
fn example<T: ?Sized + 'static>(table: &Table<T>) -> Option<Value> {
    let with_type = |entry: &Entry<T>| {
        let mut example = entry.schema().get("examples")?.get(0)?.clone();
        example.as_object_mut()?.insert("type".to_owned(), entry.name().into());
        Some(example)
    };
    table.iter().find_map(with_type)
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
        let kind = table.kind();
        let mut chain = Chain::default();
        for entry in table.iter() {
            let name = format!("{kind}_{}", entry.name());
            let about = entry.schema()["description"].as_str().unwrap_or_default();
            let branch = json!({ "$ref": format!("#/$defs/{name}") });
            chain.add_with(entry.name(), about, branch);
            definitions.insert(name.clone(), self.connector(kind, &name, entry));
        }
        if table.names().next().is_none() {
            return json!({ "not": {} });
        }
        let about = self.0["type"]["description"].as_str().unwrap_or_default();
        let mut any = Value::Object(chain.into_schema(about));
        // The branches have the variables of their own texts already.
        if let Some(kinds) = any["properties"].get_mut("type") {
            allow_variables(kinds);
        }
        any
    }

    /// The schema of a component: that of its connector's configuration and the keys of the file. The
    /// connector's definitions stay inside it, so that those of two connectors cannot collide.
    fn connector<T: ?Sized + 'static>(
        &self,
        kind: ComponentKind,
        name: &str,
        entry: &Entry<T>,
    ) -> Value {
        let mut schema = document(entry.schema().clone());
        let whole = schema.clone();
        let mut holds_itself = false;
        let root = format!("#/$defs/{name}");
        let mut moved = |schema: &mut Value| {
            let Some(Value::String(target)) = schema.get_mut("$ref") else { return };
            holds_itself |= target == "#";
            if let Some(inside) = target.strip_prefix('#') {
                // Inside of itself, a configuration has no keys of the file.
                let inside = if inside.is_empty() { "/$defs/itself" } else { inside };
                *target = format!("{root}{inside}");
            }
        };
        each_schema(&mut schema, &mut moved);
        let mut itself = whole;
        each_schema(&mut itself, &mut moved);
        if holds_itself {
            schema["$defs"]["itself"] = itself;
        }
        if let Some(schema) = schema.as_object_mut() {
            // An editor would show the connector's texts where it should show those of the key. They stand
            // at the connector's name under `type`.
            for keyword in ["$schema", "description", "examples"] {
                schema.remove(keyword);
            }
        }
        self.add_to(&mut schema, kind, entry.name());
        allow_variables(&mut schema);
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
        let rules = diverting(properties);
        properties["type"] = json!({
            "const": name,
            "description": self.0["type"]["description"],
            "examples": [name],
        });
        for key in ["from", "buffer", "dead_letter"] {
            if kind != ComponentKind::Source || key == "dead_letter" {
                properties[key] = self.0[key].clone();
            }
        }
        let required = object.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            required.insert(0, "type".into());
        }
        if !rules.is_empty() {
            let all = object.entry("allOf").or_insert_with(|| json!([]));
            all.as_array_mut().into_iter().for_each(|all| all.extend(rules.iter().cloned()));
        }
    }
}

/// A source that diverts what it cannot decode needs a `dead_letter` (`x-diverts`: the values of a key
/// with which it diverts).
fn diverting(properties: &Value) -> Vec<Value> {
    let keys = properties.as_object().into_iter().flatten();
    let rule = |(key, schema): (&String, &Value)| {
        let values = schema.get("x-diverts")?;
        Some(json!({
            "if": { "properties": { key: { "enum": values } }, "required": [key] },
            "then": {
                "properties": { "dead_letter": { "not": { "type": "null" } } },
                "required": ["dead_letter"],
            },
        }))
    };
    keys.filter_map(rule).collect()
}
