//! Definitions in the places that refer to them.
//!
//! An editor shows the description of a definition, and not that of the key that refers to it. A key
//! whose schema stands at the key itself has its own text.

use serde_json::{Map, Value};

/// Puts the definitions of the document `schema` where they are referred to. A definition that holds
/// itself stays a definition.
pub(crate) fn inline(schema: &mut Value) {
    let definitions = match schema.as_object_mut().and_then(|object| object.remove("$defs")) {
        Some(Value::Object(definitions)) => definitions,
        _ => return,
    };
    let mut inliner = Inliner { definitions: &definitions, inside: Vec::new(), kept: Vec::new() };
    inliner.put(schema);
    let mut kept = Map::new();
    while let Some(name) = inliner.kept.iter().find(|name| !kept.contains_key(*name)).cloned() {
        let mut definition = definitions.get(&name).cloned().unwrap_or_default();
        inliner.inside = vec![name.clone()];
        inliner.put(&mut definition);
        kept.insert(name, definition);
    }
    if !kept.is_empty() {
        schema["$defs"] = kept.into();
    }
}

struct Inliner<'a> {
    definitions: &'a Map<String, Value>,
    /// The definitions around the present place.
    inside: Vec<String>,
    /// The definitions that hold themselves.
    kept: Vec<String>,
}

impl Inliner<'_> {
    fn put(&mut self, schema: &mut Value) {
        match schema {
            Value::Array(items) => items.iter_mut().for_each(|item| self.put(item)),
            Value::Object(object) => {
                if let Some(name) = refers_to(object) {
                    self.replace(object, &name);
                    return;
                }
                object.values_mut().for_each(|inner| self.put(inner));
                merge_optional(object);
            }
            _ => {}
        }
    }

    fn replace(&mut self, object: &mut Map<String, Value>, name: &str) {
        if self.inside.iter().any(|around| around == name) {
            self.kept.push(name.to_owned());
            return;
        }
        let Some(mut definition) = self.definitions.get(name).cloned() else { return };
        self.inside.push(name.to_owned());
        self.put(&mut definition);
        self.inside.pop();
        object.remove("$ref");
        fill(object, definition);
    }
}

/// The definition that a schema refers to.
fn refers_to(object: &Map<String, Value>) -> Option<String> {
    Some(object.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?.to_owned())
}

/// Adds what the schema of a key does not say itself.
fn fill(object: &mut Map<String, Value>, definition: Value) {
    let Value::Object(definition) = definition else { return };
    for (keyword, value) in definition {
        object.entry(keyword).or_insert(value);
    }
}

/// Makes one schema of a value that may be null: one alternative has one mistake for one wrong value.
fn merge_optional(object: &mut Map<String, Value>) {
    let Some([value, null]) = object.get("anyOf").and_then(Value::as_array).map(Vec::as_slice)
    else {
        return;
    };
    if null["type"] != "null" || value.get("$ref").is_some() {
        return;
    }
    let mut value = value.clone();
    if let Some(Value::Array(words)) = value.get_mut("oneOf") {
        words.push(serde_json::json!({ "type": "null" }));
    } else if value.get("anyOf").is_some() {
        return;
    }
    if let Some(types) = value.get_mut("type") {
        *types = match types.take() {
            Value::Array(mut types) => {
                types.push("null".into());
                types.into()
            }
            one => vec![one, "null".into()].into(),
        };
    }
    object.remove("anyOf");
    fill(object, value);
}
