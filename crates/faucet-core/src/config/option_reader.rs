//! Reads flat text into a configuration, by its schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::config::kind::ComponentKind;
use crate::config::option_key::OptionKey;
use crate::config::path::KeyPath;
use crate::config::problem::{Problem, Problems};
use crate::config::problem_kind::ProblemKind;
use crate::config::schema_view::SchemaView;
use crate::config::suggest::nearest;

/// Reads the options of one connector.
pub(crate) struct Reader<'a> {
    pub(crate) schema: SchemaView<'a>,
    pub(crate) kind: ComponentKind,
    pub(crate) connector: &'static str,
    pub(crate) table: &'static [OptionKey],
    pub(crate) config: Map<String, Value>,
    /// The option by which each key was given.
    pub(crate) given: BTreeMap<String, String>,
    pub(crate) problems: Problems,
}

impl Reader<'_> {
    /// Takes one option.
    pub(crate) fn take(&mut self, name: &str, text: &str) {
        if let Some(known) = self.table.iter().find(|known| known.name == name) {
            match (known.read)(text) {
                Ok(value) => self.set(name, &[known.key.to_owned()], value),
                Err(expected) => self.not_understood(name, expected),
            }
            return;
        }
        if name == "type" || name == "extension" {
            return self.check_kind(name, text);
        }
        let prefix = format!("{}.", self.connector);
        let found = name.strip_prefix(&prefix).and_then(|path| self.schema.find_dotted(path));
        let Some((path, schema)) = found else { return self.unknown(name) };
        match read(schema, text) {
            Ok(value) => self.set(name, &path, value),
            Err(expected) => self.not_understood(name, expected),
        }
    }

    fn not_understood(&mut self, name: &str, expected: &str) {
        self.problems.push(Problem::invalid(name, "not understood").expected(expected));
    }

    /// The options `type` and `extension` only repeat what is being built.
    fn check_kind(&mut self, name: &str, text: &str) {
        let expected = match name {
            "type" => self.kind.as_str(),
            _ => self.connector,
        };
        self.problems.push_if(text != expected, || {
            Problem::invalid(name, "not understood").expected(format!("`{expected}`"))
        });
    }

    fn unknown(&mut self, name: &str) {
        let near = self.place_of(name).or_else(|| {
            let keys = self.schema.paths().into_iter();
            let keys = keys.map(|path| format!("{}.{path}", self.connector));
            let names = self.table.iter().map(|known| known.name.to_owned());
            let all: Vec<String> = names.chain(keys).collect();
            nearest(name, all.iter().map(String::as_str)).map(str::to_owned)
        });
        self.problems.push(Problem::new(name, ProblemKind::UnknownKey { near }));
    }

    /// The option that sets the last key of `name`, somewhere below the keys before it.
    fn place_of(&self, name: &str) -> Option<String> {
        let prefix = format!("{}.", self.connector);
        let path = name.strip_prefix(&prefix).unwrap_or(name);
        let place = match path.rsplit_once('.') {
            None => self.schema.path_to(path)?,
            Some((above, last)) => {
                let (_, schema) = self.schema.find_dotted(above)?;
                format!("{above}.{}", schema.path_to(last)?)
            }
        };
        Some(format!("{prefix}{place}"))
    }

    /// Sets the value at `path`, unless another option did.
    fn set(&mut self, name: &str, path: &[String], value: Value) {
        let [outer @ .., last] = path else { return };
        let mut object = &mut self.config;
        for key in outer {
            let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
            match inner {
                Value::Object(inner) => object = inner,
                _ => return self.twice(name, &path[0]),
            }
        }
        if object.contains_key(last) {
            return self.twice(name, &path[0]);
        }
        object.insert(last.clone(), value);
        self.given.entry(path[0].clone()).or_insert_with(|| match outer {
            [] => name.to_owned(),
            _ => format!("{}.{}", self.connector, path[0]),
        });
    }

    fn twice(&mut self, name: &str, key: &str) {
        let of = KeyPath::key(self.given.get(key).map_or(key, String::as_str));
        self.problems.push(Problem::new(name, ProblemKind::Duplicate { of }));
    }

    /// Sets each key that was not given and has a default of the option map's own.
    pub(crate) fn fill_defaults(&mut self) {
        for known in self.table {
            if let Some(default) = known.default
                && !self.config.contains_key(known.key)
                && let Ok(value) = (known.read)(default)
            {
                self.config.insert(known.key.to_owned(), value);
                self.given.entry(known.key.to_owned()).or_insert_with(|| known.name.to_owned());
            }
        }
    }
}

/// The text as a value of the type that the schema wants; the error says what it takes.
fn read(schema: SchemaView<'_>, text: &str) -> Result<Value, &'static str> {
    let mut types = schema.types();
    // The variants of a list are those of its items: the list itself has a type.
    if types.is_empty() {
        types.extend(schema.variants().iter().flat_map(|variant| variant.types()));
    }
    let is = |name: &str| types.contains(&name);
    match () {
        () if text == "null" && schema.is_nullable() && (is("integer") || is("number")) => {
            Ok(Value::Null)
        }
        () if is("string") => Ok(Value::String(text.to_owned())),
        () if is("boolean") => text.parse().map(Value::Bool).map_err(|_| "true or false"),
        () if is("integer") => match text.parse::<u64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err("a whole number that is not negative"),
        },
        () if is("number") => match text.parse::<f64>().ok().map(Value::from) {
            Some(number) if number.is_number() => Ok(number),
            _ => Err("a number"),
        },
        () if is("array") => serde_json::from_str(text).map_err(|_| "a list as JSON"),
        () => serde_json::from_str(text).map_err(|_| "a map as JSON"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_items_that_may_be_text_is_a_list() {
        let items = json!({"anyOf": [{"type": "string"}, {"type": "object"}]});
        let document = json!({"type": "array", "items": items});
        let schema = SchemaView::new(&document);
        assert_eq!(read(schema, "[\"a\", {}]"), Ok(json!(["a", {}])));
        assert_eq!(read(schema, "a"), Err("a list as JSON"));
    }
}
