//! A JSON Schema, read the way a person reads it.

use serde_json::{Map, Value};

/// A schema and the document it refers into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema<'a> {
    root: &'a Value,
    value: &'a Value,
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Key<'a> {
    pub(crate) name: &'a str,
    pub(crate) required: bool,
    pub(crate) schema: Schema<'a>,
}

impl<'a> Schema<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root, value: root }
    }

    fn at(self, value: &'a Value) -> Self {
        Self { root: self.root, value }
    }

    fn text(self, key: &str) -> Option<&'a str> {
        self.value.get(key).and_then(Value::as_str)
    }

    fn list(self, key: &str) -> &'a [Value] {
        self.value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// What a reference refers to, and what an optional value is when it is there.
    pub(crate) fn resolve(self) -> Self {
        self.step().map_or(self, Self::resolve)
    }

    fn step(self) -> Option<Self> {
        if let Some(name) = self.text("$ref") {
            return self.root.pointer(name.trim_start_matches('#')).map(|target| self.at(target));
        }
        let mut present = self.list("anyOf").iter().filter(|branch| branch["type"] != "null");
        match (present.next(), present.next()) {
            (Some(only), None) => Some(self.at(only)),
            _ => None,
        }
    }

    /// The doc comment in one line for each paragraph.
    pub(crate) fn description(self) -> String {
        let text = self.text("description").or_else(|| self.resolve().text("description"));
        let paragraphs = text.unwrap_or_default().split("\n\n");
        let unwrapped: Vec<_> = paragraphs.map(|lines| lines.replace('\n', " ")).collect();
        unwrapped.join("\n\n")
    }

    pub(crate) fn default(self) -> Option<&'a Value> {
        self.value.get("default")
    }

    /// The value of a constant, as it is written.
    pub(crate) fn constant(self) -> Option<String> {
        self.value.get("const").map(plain)
    }

    /// The values that are allowed, when they are listed.
    fn constants(self) -> Vec<String> {
        self.list("enum").iter().chain(self.value.get("const")).map(plain).collect()
    }

    /// Whether it holds any number of values, and none if it is left out.
    pub(crate) fn is_collection(self) -> bool {
        matches!(self.resolve().text("type"), Some("array" | "object"))
    }

    /// The keys of an object, required ones first.
    pub(crate) fn keys(self) -> Vec<Key<'a>> {
        let object = self.resolve();
        let required = object.list("required");
        let properties = object.value.get("properties").and_then(Value::as_object);
        let mut keys: Vec<_> = properties
            .into_iter()
            .flatten()
            .map(|(name, property)| Key {
                name,
                required: required.iter().any(|other| other == name),
                schema: self.at(property),
            })
            .collect();
        keys.sort_by_key(|key| !key.required);
        keys
    }

    /// What the value may be one of.
    pub(crate) fn variants(self) -> Vec<Self> {
        let schema = self.resolve();
        let schema = schema.items().map_or(schema, Self::resolve);
        let branches = schema.list("oneOf").iter().chain(schema.list("anyOf"));
        branches.filter(|branch| branch["type"] != "null").map(|branch| self.at(branch)).collect()
    }

    fn items(self) -> Option<Self> {
        self.value.get("items").map(|items| self.at(items))
    }

    /// How a variant is written: its constant, or its tag and the keys beside it.
    pub(crate) fn shape(self) -> String {
        if let Some(constant) = self.constant() {
            return constant;
        }
        let keys = self.keys();
        if keys.is_empty() {
            return self.kind();
        }
        let mut parts: Vec<_> = keys
            .iter()
            .map(|key| {
                let constants = key.schema.constants();
                let value = match (constants.is_empty(), key.schema.keys().is_empty()) {
                    (false, _) => constants.join("|"),
                    (true, true) => "…".to_owned(),
                    (true, false) => key.schema.shape(),
                };
                format!("{}: {value}", key.name)
            })
            .collect();
        // The tag first, whatever the alphabet says.
        parts.sort_by_key(|part| !part.starts_with("type:"));
        format!("{{{}}}", parts.join(", "))
    }

    /// The type in a few words.
    pub(crate) fn kind(self) -> String {
        if self.text("$ref").is_some_and(|name| name.ends_with("/Duration")) {
            return "duration".into();
        }
        if let Some(schema) = self.step() {
            return schema.kind();
        }
        let variants = self.variants();
        if self.items().is_none() && !variants.is_empty() {
            let mut kinds: Vec<_> = variants.iter().map(|variant| variant.choice()).collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
        let names: Vec<_> = self.constants().iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { self.plain_kind() } else { names.join(" or ") }
    }

    /// The type of a variant: its tag, if it has one.
    fn choice(self) -> String {
        let tag = self.keys().iter().find_map(|key| key.schema.constant());
        tag.map_or_else(|| self.kind(), |tag| format!("`{tag}`"))
    }

    fn plain_kind(self) -> String {
        let named =
            |value: &Value| value.as_str().filter(|name| *name != "null").map(str::to_owned);
        let types: Vec<String> = match self.value.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(named).collect(),
            Some(one) => named(one).into_iter().collect(),
            None => Vec::new(),
        };
        match types.join(" or ").as_str() {
            "array" => match self.items() {
                Some(items) => format!("list of {}", items.kind()),
                None => "list".into(),
            },
            "object" => match self.value.get("additionalProperties") {
                Some(values @ Value::Object(_)) => format!("map to {}", self.at(values).kind()),
                _ => "object".into(),
            },
            "string" if self.value["writeOnly"] == true => "secret string".into(),
            "" => "any".into(),
            other => format!("{other}{}", range(self.value)),
        }
    }
}

fn range(schema: &Value) -> String {
    let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number());
    match (bound("minimum"), bound("maximum")) {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        // That it is not negative goes without saying.
        (Some(low), None) if *low == 0 => String::new(),
        (Some(low), None) => format!(" ≥ {low}"),
        (None, Some(high)) => format!(" ≤ {high}"),
        (None, None) => String::new(),
    }
}

/// A value as it is written in YAML: strings without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A schema document with a stable order of keys.
pub(crate) fn to_text(schema: &Value) -> String {
    // Other crates of a build may turn on `preserve_order`; the files must not depend on it.
    format!("{:#}\n", sorted(schema))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let sorted = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(sorted.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_a_few_words() {
        let defs = json!({
            "Duration": {"type": ["number", "string"]},
            "Format": {"oneOf": [{"const": "json"}, {"const": "binary"}]},
            "Auth": {"oneOf": [
                {"type": "object", "properties": {"type": {"const": "none"}}},
                {"type": "object", "properties": {"type": {"const": "bearer"}, "config": {}}},
            ]},
        });
        for (schema, kind) in [
            (json!({"type": ["integer", "null"], "minimum": 1}), "integer ≥ 1"),
            (json!({"type": "number", "minimum": 0, "maximum": 1}), "number from 0 to 1"),
            (json!({"anyOf": [{"$ref": "#/$defs/Duration"}, {"type": "null"}]}), "duration"),
            (json!({"$ref": "#/$defs/Format"}), "`json` or `binary`"),
            (json!({"$ref": "#/$defs/Auth"}), "`none` or `bearer`"),
            (json!({"enum": ["a", "b"]}), "`a` or `b`"),
            (json!({"type": "integer", "minimum": 0}), "integer"),
            (json!({"type": "string", "writeOnly": true}), "secret string"),
            (json!({"type": "array", "items": {"type": "string"}}), "list of string"),
            (
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                "map to string",
            ),
            (json!({"anyOf": [{"type": "string"}, {"type": "object"}]}), "string or object"),
            (json!(true), "any"),
        ] {
            let root = json!({"$defs": defs, "it": schema});
            assert_eq!(Schema::new(&root).at(&root["it"]).kind(), kind, "{schema}");
        }
    }

    #[test]
    fn a_variant_is_written_with_its_tag_first() {
        let variant = json!({"properties": {
            "config": {"properties": {"token": {"type": "string"}}},
            "kind": {"enum": ["a", "b"]},
            "type": {"const": "bearer"},
        }});
        let shape = Schema::new(&variant).shape();
        assert_eq!(shape, "{type: bearer, config: {token: …}, kind: a|b}");
    }

    #[test]
    fn documents_are_written_in_one_order() {
        let one: Value = serde_json::from_str(r#"{"b": {"d": 1, "c": 2}, "a": []}"#).unwrap();
        assert_eq!(
            to_text(&one),
            "{\n  \"a\": [],\n  \"b\": {\n    \"c\": 2,\n    \"d\": 1\n  }\n}\n"
        );
    }
}
