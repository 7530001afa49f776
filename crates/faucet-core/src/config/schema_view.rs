//! A JSON Schema, read the way a person reads it.

use serde_json::Value;

use crate::config::path::{KeyPath, Step};

/// The most keys in a path that [`SchemaView::paths`] lists: a schema may hold itself.
const DEEPEST: usize = 4;

/// A JSON Schema (draft 2020-12, as `schemars` writes it) and the document that it refers into. One
/// reader serves the option map, suggestions, reference pages, conformance and templates.
#[derive(Debug, Clone, Copy)]
pub struct SchemaView<'a> {
    root: &'a Value,
    value: &'a Value,
}

/// A key of a map.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SchemaKey<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it must be given.
    pub required: bool,
    /// What it takes.
    pub schema: SchemaView<'a>,
}

impl<'a> SchemaView<'a> {
    /// A whole document.
    pub fn new(root: &'a Value) -> Self {
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

    /// The schema as it is written.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// The part of the document at a JSON pointer; null where there is none.
    #[must_use]
    pub fn part(self, pointer: &str) -> Self {
        self.at(self.root.pointer(pointer).unwrap_or(&Value::Null))
    }

    /// What a reference refers to, and what an optional value is when it is there.
    #[must_use]
    pub fn resolve(self) -> Self {
        self.step().map_or(self, Self::resolve)
    }

    fn step(self) -> Option<Self> {
        if let Some(name) = self.text("$ref") {
            return self.root.pointer(name.trim_start_matches('#')).map(|target| self.at(target));
        }
        let mut present = self.list("anyOf").iter().filter(|branch| is_form(branch));
        match (present.next(), present.next()) {
            (Some(only), None) => Some(self.at(only)),
            _ => None,
        }
    }

    /// The name of the definition that a reference names.
    pub fn definition(self) -> Option<&'a str> {
        self.text("$ref")?.rsplit('/').next()
    }

    /// The doc comment: each paragraph in a line.
    pub fn description(self) -> String {
        let text = self.text("description").or_else(|| self.resolve().text("description"));
        let paragraphs = text.unwrap_or_default().split("\n\n");
        let unwrapped: Vec<_> = paragraphs.map(|lines| lines.replace('\n', " ")).collect();
        unwrapped.join("\n\n")
    }

    /// The value that stands for the key where it is not given.
    pub fn default(self) -> Option<&'a Value> {
        self.value.get("default")
    }

    /// A value that the key takes, for people: the first of the schema's `examples`.
    pub fn example(self) -> Option<&'a Value> {
        let own = self.list("examples").first();
        own.or_else(|| self.resolve().list("examples").first())
    }

    /// The only value that is allowed.
    pub fn constant(self) -> Option<&'a Value> {
        self.value.get("const")
    }

    /// The values that are allowed, when they are listed.
    pub fn constants(self) -> Vec<&'a Value> {
        self.list("enum").iter().chain(self.value.get("const")).collect()
    }

    /// Whether the value is a secret ([`Secret`](crate::Secret)).
    pub fn is_secret(self) -> bool {
        self.resolve().value.get("writeOnly") == Some(&Value::Bool(true))
    }

    /// Whether the schema describes a map that takes no keys but its own.
    pub fn is_closed(self) -> bool {
        let map = self.resolve().value;
        map.get("additionalProperties") == Some(&Value::Bool(false))
            && map.get("patternProperties").is_none()
    }

    /// The names of the JSON types that are allowed; `null` is left out.
    pub fn types(self) -> Vec<&'a str> {
        let types = match self.resolve().value.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => Vec::new(),
        };
        types.into_iter().filter(|name| *name != "null").collect()
    }

    /// Whether null is allowed.
    pub fn is_nullable(self) -> bool {
        let null = |value: &Value| match value.get("type") {
            Some(Value::Array(types)) => types.iter().any(|name| name == "null"),
            Some(one) => one == "null",
            None => false,
        };
        null(self.value) || self.list("anyOf").iter().any(null) || null(self.resolve().value)
    }

    /// A bound of a number: `minimum` or `maximum`.
    pub fn bound(self, name: &str) -> Option<&'a Value> {
        self.resolve().value.get(name).filter(|bound| bound.is_number())
    }

    /// The schema of a list's items.
    pub fn items(self) -> Option<Self> {
        self.resolve().value.get("items").map(|items| self.at(items))
    }

    /// The schema of the values in a map whose keys have a pattern.
    fn pattern_value(self) -> Option<Self> {
        let patterns = self.resolve().value.get("patternProperties")?.as_object()?;
        patterns.values().next().map(|value| self.at(value))
    }

    /// The schema of the values of a map that takes any key.
    pub fn map_values(self) -> Option<Self> {
        let values = self.resolve().value.get("additionalProperties");
        values.filter(|values| values.is_object()).map(|values| self.at(values))
    }

    /// The keys of a map, required ones first. A key that a map has in several variants comes once
    /// for each.
    pub fn keys(self) -> Vec<SchemaKey<'a>> {
        let object = self.resolve();
        let required = object.list("required");
        let properties = object.value.get("properties").and_then(Value::as_object);
        let mut keys: Vec<_> = properties
            .into_iter()
            .flatten()
            .map(|(name, property)| SchemaKey {
                name,
                required: required.iter().any(|other| other == name),
                schema: self.at(property),
            })
            .collect();
        keys.sort_by_key(|key| !key.required);
        keys
    }

    /// What the value may be one of: the branches of a `oneOf` or `anyOf`. Those of a list are those
    /// of its items.
    pub fn variants(self) -> Vec<Self> {
        let schema = self.resolve();
        let schema = schema.items().map_or(schema, Self::resolve);
        let branches = schema.list("oneOf").iter().chain(schema.list("anyOf"));
        branches.filter(|branch| is_form(branch)).map(|branch| self.at(branch)).collect()
    }

    /// The branches that stand in this very schema, without null and without following references.
    pub fn variants_here(self) -> Vec<Self> {
        let branches = self.list("oneOf").iter().chain(self.list("anyOf"));
        branches.filter(|branch| is_form(branch)).map(|branch| self.at(branch)).collect()
    }

    /// The schemas that stand at `keyword`, such as `allOf` or `then`; none where there is no such
    /// keyword.
    pub fn at_keyword(self, keyword: &str) -> Vec<Self> {
        match self.value.get(keyword) {
            Some(Value::Array(schemas)) => schemas.iter().map(|schema| self.at(schema)).collect(),
            Some(schema) => vec![self.at(schema)],
            None => Vec::new(),
        }
    }

    /// The schema itself, or its alternatives.
    fn branches(self) -> Vec<Self> {
        let schema = self.resolve();
        let branches: Vec<Self> =
            schema.list("oneOf").iter().chain(schema.list("anyOf")).map(|b| self.at(b)).collect();
        match branches.is_empty() {
            true => vec![schema],
            false => branches.into_iter().flat_map(Self::branches).collect(),
        }
    }

    /// The alternative that `value` means, told by its constant keys, or else by the keys that it must
    /// have; the schema itself where there are no alternatives, or none fits. Beside an alternative that
    /// takes any map, another one is meant only by a map that has no other keys.
    #[must_use]
    pub fn branch_of(self, value: &Value) -> Self {
        let schema = self.resolve();
        let branches = schema.list("oneOf").iter().chain(schema.list("anyOf"));
        let branches: Vec<_> = branches.map(|branch| self.at(branch).resolve()).collect();
        let takes_any = branches.iter().any(|branch| {
            branch.types().contains(&"object") && branch.keys().is_empty() && !branch.is_closed()
        });
        let fits = |branch: &&Self| {
            let keys = branch.keys();
            let has = |key: &SchemaKey<'_>| value.get(key.name).is_some();
            let constants = || keys.iter().filter(|key| key.schema.constant().is_some());
            let no_other = || {
                let given = value.as_object().into_iter().flat_map(|object| object.keys());
                given.into_iter().all(|given| keys.iter().any(|key| key.name == *given))
            };
            !keys.is_empty()
                && constants().all(|key| value.get(key.name) == key.schema.constant())
                && (constants().count() > 0 || keys.iter().all(|key| !key.required || has(key)))
                && (!takes_any || no_other())
        };
        branches.iter().find(fits).copied().unwrap_or(schema)
    }

    /// The schemas that the key `name` may have.
    pub fn property(self, name: &str) -> Vec<Self> {
        let of = |branch: Self| branch.value.get("properties")?.get(name).map(|p| self.at(p));
        self.branches().into_iter().filter_map(of).collect()
    }

    /// The schema of the value at `path`.
    pub fn find(self, path: &KeyPath) -> Option<Self> {
        path.steps().iter().try_fold(self, |schema, step| match step {
            Step::Key(name) => {
                let branches = || schema.branches().into_iter();
                let values = || branches().find_map(Self::map_values);
                let by_pattern = || branches().find_map(Self::pattern_value);
                schema.property(name).into_iter().next().or_else(values).or_else(by_pattern)
            }
            Step::Index(_) => schema.branches().into_iter().find_map(Self::items),
        })
    }

    /// The keys of the dotted `path` and the schema of the last. The rest of a path into a map that
    /// takes any key is one key: a header may have a dot in its name.
    pub fn find_dotted(self, path: &str) -> Option<(Vec<String>, Self)> {
        let (key, rest) = match path.split_once('.') {
            Some((key, rest)) => (key, Some(rest)),
            None => (path, None),
        };
        for property in self.property(key) {
            let Some(rest) = rest else { return Some((vec![key.to_owned()], property)) };
            if let Some((mut keys, found)) = property.find_dotted(rest) {
                keys.insert(0, key.to_owned());
                return Some((keys, found));
            }
        }
        let value = self.branches().into_iter().find_map(Self::map_values)?;
        Some((vec![path.to_owned()], value))
    }

    /// The shortest dotted path below this schema to a key of this name.
    pub fn path_to(self, name: &str) -> Option<String> {
        let paths = self.paths().into_iter();
        paths.filter(|path| path.rsplit('.').next() == Some(name)).min_by_key(String::len)
    }

    /// All dotted paths below this schema, of at most four keys.
    pub fn paths(self) -> Vec<String> {
        self.paths_of_at_most(DEEPEST)
    }

    fn paths_of_at_most(self, depth: usize) -> Vec<String> {
        let mut paths = Vec::new();
        if depth == 0 {
            return paths;
        }
        for key in self.branches().into_iter().flat_map(Self::keys) {
            let below = key.schema.paths_of_at_most(depth - 1);
            paths.extend(below.iter().map(|path| format!("{}.{path}", key.name)));
            paths.push(key.name.to_owned());
        }
        paths
    }

    /// What the value has to be, in the words of messages. `None` where several types are allowed:
    /// then the type itself says more.
    pub fn expectation(self) -> Option<String> {
        let words: Vec<String> = self.words().iter().map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return Some(words.join(" or "));
        }
        let schema = self.resolve();
        let [only] = self.types()[..] else {
            let tagged = !self.variants().is_empty()
                && self.variants().iter().all(|branch| !branch.property("type").is_empty());
            return tagged.then(|| "a map with `type`".to_owned());
        };
        let number = |what: &str| match (schema.bound("minimum"), schema.bound("maximum")) {
            (Some(low), Some(high)) => format!("{what} from {low} to {high}"),
            (Some(low), None) if low.as_f64() == Some(0.0) => {
                format!("{what} that is not negative")
            }
            (Some(low), None) => format!("{what} of at least {low}"),
            (None, Some(high)) => format!("{what} of at most {high}"),
            (None, None) => what.to_owned(),
        };
        Some(match only {
            "string" => "text".to_owned(),
            "boolean" => "true or false".to_owned(),
            "integer" => number("a whole number"),
            "number" => number("a number"),
            "array" => "a list".to_owned(),
            "object" => "a map".to_owned(),
            other => other.to_owned(),
        })
    }

    /// The words that a text must be one of; none where others are allowed.
    pub fn words(self) -> Vec<&'a str> {
        let schema = self.resolve();
        let branches = self.variants();
        if !branches.is_empty() && schema.items().is_none() {
            let words: Vec<_> = branches.iter().map(|branch| branch.words()).collect();
            let all = words.iter().all(|words| !words.is_empty());
            return if all { words.into_iter().flatten().collect() } else { Vec::new() };
        }
        schema.constants().iter().filter_map(|word| word.as_str()).collect()
    }
}

/// Whether an alternative is a form of the value: neither null, which stands for no value, nor text that
/// is a variable (`x-variable`), which stands for any.
fn is_form(branch: &Value) -> bool {
    branch["type"] != "null" && branch.get("x-variable").is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "type": "object",
            "properties": {
                "count": {"type": ["integer", "null"], "minimum": 1, "default": 3},
                "share": {"type": "number", "minimum": 0, "maximum": 1},
                "mode": {"oneOf": [{"const": "a", "type": "string"}, {"const": "b", "type": "string"}]},
                "tls": {"anyOf": [{"$ref": "#/$defs/Tls"}, {"type": "null"}]},
                "headers": {"type": "object", "additionalProperties": {"type": "string", "writeOnly": true}},
                "auth": {"oneOf": [
                    {"type": "object", "properties": {"type": {"const": "none"}}},
                    {"type": "object", "properties": {"type": {"const": "bearer"},
                        "config": {"type": "object", "properties": {"token": {"type": "string"}}}}},
                ]},
                "list": {"type": "array", "items": {"$ref": "#/$defs/Tls"}},
                "wait": {"type": ["number", "string"]},
            },
            "required": ["mode"],
            "additionalProperties": false,
            "$defs": {"Tls": {"type": "object", "properties": {"ca_file": {"type": "string"}},
                "additionalProperties": false}},
        })
    }

    #[test]
    fn each_key_says_what_it_expects() {
        let document = document();
        let view = SchemaView::new(&document);
        for (path, expected) in [
            ("count", Some("a whole number of at least 1")),
            ("share", Some("a number from 0 to 1")),
            ("mode", Some("`a` or `b`")),
            ("tls", Some("a map")),
            ("auth", Some("a map with `type`")),
            ("list", Some("a list")),
            ("wait", None),
        ] {
            let key = view.find(&path.into()).unwrap();
            assert_eq!(key.expectation().as_deref(), expected, "{path}");
        }
        assert!(view.is_closed() && view.find(&"count".into()).unwrap().is_nullable());
        assert_eq!(view.keys()[0].name, "mode");
        let patterns = json!({"additionalProperties": false, "patternProperties": {"^/": {}}});
        assert!(!SchemaView::new(&patterns).is_closed());
    }

    #[test]
    fn paths_lead_through_references_lists_maps_and_variants() {
        let document = document();
        let view = SchemaView::new(&document);
        let inside = KeyPath::key("list").at(3).then("ca_file");
        assert_eq!(view.find(&inside).unwrap().types(), ["string"]);
        assert!(view.find(&KeyPath::key("headers").then("X-A.b")).unwrap().is_secret());
        let token = KeyPath::key("auth").then("config").then("token");
        assert_eq!(view.find(&token).unwrap().types(), ["string"]);
        assert!(view.find(&KeyPath::key("tls").then("no")).is_none());
        assert_eq!(view.path_to("token").as_deref(), Some("auth.config.token"));
        assert_eq!(view.find_dotted("headers.X-A.b").unwrap().0, ["headers", "X-A.b"]);
        let auth = view.find(&"auth".into()).unwrap();
        assert_eq!((auth.at_keyword("oneOf").len(), auth.at_keyword("allOf").len()), (2, 0));
        let headers = view.find(&"headers".into()).unwrap();
        assert!(headers.at_keyword("additionalProperties")[0].is_secret());
        let branch = view.find(&"auth".into()).unwrap().branch_of(&json!({"type": "bearer"}));
        assert_eq!(branch.keys().len(), 2);
    }
}
