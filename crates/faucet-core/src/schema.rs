//! What a configuration's JSON Schema says about a key.

use serde_json::Value;

/// Keys of a path that is suggested.
const DEEPEST: usize = 4;

/// Finds keys in a JSON Schema.
#[derive(Clone, Copy)]
pub(crate) struct Schemas<'a> {
    pub(crate) root: &'a Value,
}

impl<'a> Schemas<'a> {
    /// The schema that a chain of `$ref`s leads to.
    pub(crate) fn resolve(self, mut schema: &'a Value) -> &'a Value {
        while let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            match self.root.pointer(name.trim_start_matches('#')) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// The schema itself, or its alternatives.
    fn branches(self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        let either = ["oneOf", "anyOf"].iter().find_map(|of| schema.get(of)?.as_array());
        match either {
            Some(branches) => branches.iter().flat_map(|branch| self.branches(branch)).collect(),
            None => vec![schema],
        }
    }

    /// The schemas that `key` may have.
    pub(crate) fn property(self, schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
        let branches = self.branches(schema).into_iter();
        branches.filter_map(move |branch| branch.get("properties")?.get(key))
    }

    /// The keys of `path` and the schema of the last. The rest of a path into a map is one key.
    pub(crate) fn find<'p>(
        self,
        schema: &'a Value,
        path: &'p str,
    ) -> Option<(Vec<&'p str>, &'a Value)> {
        let (key, rest) = match path.split_once('.') {
            Some((key, rest)) => (key, Some(rest)),
            None => (path, None),
        };
        for property in self.property(schema, key) {
            let Some(rest) = rest else { return Some((vec![key], property)) };
            if let Some((mut keys, found)) = self.find(property, rest) {
                keys.insert(0, key);
                return Some((keys, found));
            }
        }
        let values = self.branches(schema).into_iter();
        let value = values.filter_map(|b| b.get("additionalProperties")).find(|v| v.is_object())?;
        Some((vec![path], value))
    }

    /// The shortest path below `schema` to a key of this name.
    pub(crate) fn path_to(self, schema: &'a Value, key: &str) -> Option<String> {
        let paths = self.paths(schema, DEEPEST).into_iter();
        let here = paths.filter(|path| path.rsplit('.').next() == Some(key));
        here.min_by_key(String::len)
    }

    /// All paths below `schema`, with dots between their keys. A schema may hold itself: paths have
    /// at most `depth` keys.
    fn paths(self, schema: &'a Value, depth: usize) -> Vec<String> {
        let mut paths = Vec::new();
        if depth == 0 {
            return paths;
        }
        for branch in self.branches(schema) {
            let keys = branch.get("properties").and_then(Value::as_object).into_iter().flatten();
            for (key, inner) in keys {
                paths.extend(
                    self.paths(inner, depth - 1).iter().map(|path| format!("{key}.{path}")),
                );
                paths.push(key.clone());
            }
        }
        paths
    }

    /// All paths, to choose from those that are like a mistaken one.
    pub(crate) fn all_paths(self) -> Vec<String> {
        self.paths(self.root, DEEPEST)
    }

    /// The text as what the schema wants.
    pub(crate) fn read(self, schema: &'a Value, text: &str) -> Result<Value, String> {
        let mut types = Vec::new();
        for branch in self.branches(schema) {
            match branch.get("type") {
                Some(Value::String(one)) => types.push(one.as_str()),
                Some(Value::Array(many)) => types.extend(many.iter().filter_map(Value::as_str)),
                _ => {}
            }
        }
        let json =
            |what: &str| serde_json::from_str(text).map_err(|_| format!("write {what} as JSON"));
        let is = |name: &str| types.contains(&name);
        match () {
            () if text == "null" && is("null") && (is("integer") || is("number")) => {
                Ok(Value::Null)
            }
            () if is("string") => Ok(Value::String(text.to_owned())),
            () if is("boolean") => crate::options::boolean(text),
            () if is("integer") => match text.parse::<u64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => Err("write a whole number that is not negative".to_owned()),
            },
            () if is("number") => match text.parse::<f64>().ok().map(Value::from) {
                Some(number) if number.is_number() => Ok(number),
                _ => Err("write a number".to_owned()),
            },
            () if is("array") => json("a list"),
            () => json("an object"),
        }
    }
}
