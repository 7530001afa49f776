//! Reads flat text into a configuration, by its schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::config::{did_you_mean, meant};
use crate::options::OptionKey;
use crate::schema::Schemas;
use crate::{Kind, Problems};

/// Reads the options of one connector.
pub(crate) struct Reader<'a> {
    pub(crate) schemas: Schemas<'a>,
    pub(crate) kind: Kind,
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
                Ok(value) => self.set(name, &[known.key], value),
                Err(what) => self.problems.push(format!("{name}: {what}")),
            }
            return;
        }
        if name == "type" || name == "extension" {
            return self.check_what_it_is(name, text);
        }
        let prefix = format!("{}.", self.connector);
        let found =
            name.strip_prefix(&prefix).and_then(|path| self.schemas.find(self.schemas.root, path));
        let Some((path, schema)) = found else { return self.unknown(name) };
        match self.schemas.read(schema, text) {
            Ok(value) => self.set(name, &path, value),
            Err(what) => self.problems.push(format!("{name}: {what}")),
        }
    }

    fn check_what_it_is(&mut self, name: &str, text: &str) {
        let expected = match name {
            "type" => self.kind.to_string(),
            _ => self.connector.to_owned(),
        };
        let what = format!("{name}: must be {expected} here");
        self.problems.push_if(text != expected, what);
    }

    fn unknown(&mut self, name: &str) {
        let typed =
            self.schemas.all_paths().into_iter().map(|path| format!("{}.{path}", self.connector));
        let all: Vec<String> =
            self.table.iter().map(|known| known.name.to_owned()).chain(typed).collect();
        let meant = match self.place_of(name) {
            Some(place) => meant(&place),
            None => did_you_mean(name, all.iter().map(String::as_str)),
        };
        self.problems.push(format!("{name}: unknown option{meant}"));
    }

    /// The option that sets the last key of `name`, somewhere below the keys before it.
    fn place_of(&self, name: &str) -> Option<String> {
        let Self { schemas, connector, .. } = self;
        let prefix = format!("{connector}.");
        let path = name.strip_prefix(&prefix).unwrap_or(name);
        let place = match path.rsplit_once('.') {
            None => schemas.path_to(schemas.root, path)?,
            Some((above, last)) => {
                let (_, schema) = schemas.find(schemas.root, above)?;
                format!("{above}.{}", schemas.path_to(schema, last)?)
            }
        };
        Some(format!("{prefix}{place}"))
    }

    /// Sets the value at `path`, unless another option did.
    fn set(&mut self, name: &str, path: &[&str], value: Value) {
        let [outer @ .., last] = path else { return };
        let mut object = &mut self.config;
        for key in outer {
            let inner = object.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            match inner {
                Value::Object(inner) => object = inner,
                _ => return self.twice(name, path[0]),
            }
        }
        if object.contains_key(*last) {
            return self.twice(name, path[0]);
        }
        object.insert((*last).to_owned(), value);
        self.given.entry(path[0].to_owned()).or_insert_with(|| match outer {
            [] => name.to_owned(),
            _ => format!("{}.{}", self.connector, path[0]),
        });
    }

    fn twice(&mut self, name: &str, key: &str) {
        let other = self.given.get(key).map_or(key, String::as_str);
        self.problems.push(format!("{name}: means the same as {other}; give one of them"));
    }

    /// Sets what was not given and has a default of its own.
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
