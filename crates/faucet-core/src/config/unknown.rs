//! Values that are not known while a configuration is checked.

use serde_json::{Map, Value};

use crate::config::path::{KeyPath, Step};
use crate::config::problem::Problem;
use crate::config::schema_view::SchemaView;
use crate::config::stand_in::stand_in;

/// The places of a configuration whose values are not known: wrong ones, missing ones, and those of
/// variables without a value. Other values stand for them, or none.
#[derive(Debug, Default)]
pub(crate) struct Unknown {
    /// The places, and everything below them.
    open: Vec<KeyPath>,
    /// The places that have been changed, each once.
    changed: Vec<KeyPath>,
    /// Keys that were probably misspelled: where their values are now, and where they stand in the
    /// file.
    renamed: Vec<(KeyPath, KeyPath)>,
}

impl Unknown {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The places to which the values at `paths` were moved.
    pub(crate) fn where_they_are(&self, paths: &[KeyPath]) -> Vec<KeyPath> {
        let moved = paths.iter().map(|path| {
            let renamed = self.renamed.iter().find(|(_, before)| path.is_within(before));
            renamed.map_or_else(|| path.clone(), |(now, before)| path.rebased(before, now))
        });
        moved.collect()
    }

    /// The problem at the place where it stands in the file. `None` where it says no more than that
    /// a value is not known.
    pub(crate) fn judge(&self, problem: Problem) -> Option<Problem> {
        let open = |path: &KeyPath| self.open.iter().any(|open| path.is_within(open));
        if open(&problem.path) || problem.kind.mentions().into_iter().any(open) {
            return None;
        }
        Some(problem.map_paths(|path| {
            let renamed = self.renamed.iter().find(|(now, _)| path.is_within(now));
            renamed.map_or(path.clone(), |(now, before)| path.rebased(now, before))
        }))
    }

    /// Puts another value in the place of the one at `path`, whose key is given and whose value is not
    /// known: a key beside it may ask whether it is there. Where the schema does not say what stands
    /// there, the value stays; null is taken away.
    pub(crate) fn stand_for(&mut self, path: &KeyPath, value: &mut Value, schema: SchemaView<'_>) {
        let found = locate(schema, value, path).map(|(_, found)| found);
        // A word may decide about the keys beside it: none of the words stands for it.
        let is_word = |found: &SchemaView<'_>| !found.words().is_empty();
        let is_null = path.get_mut(value).is_none_or(|value| value.is_null());
        if is_null || found.as_ref().is_some_and(is_word) {
            self.settle(path, value, schema);
            return;
        }
        if path.is_root() || self.changed.contains(path) {
            return;
        }
        let instead = found.map(|found| Some(stand_in(found)).filter(|instead| !instead.is_null()));
        self.changed.push(path.clone());
        self.open.push(region(path));
        if let Some(instead) = instead {
            put(value, path, instead);
        }
    }

    /// Takes the value at `path` away, or puts another in its place where one is required. Where
    /// this was done before, the value around it is taken. `false`: nothing is left to be changed.
    pub(crate) fn settle(
        &mut self,
        path: &KeyPath,
        value: &mut Value,
        schema: SchemaView<'_>,
    ) -> bool {
        let around = std::iter::successors(Some(path.clone()), KeyPath::parent);
        for at in around.take_while(|at| !at.is_root()) {
            if self.changed.contains(&at) {
                continue;
            }
            let found = locate(schema, value, &at);
            let instead = match found {
                Some((false, _)) => None,
                Some((true, schema)) => Some(stand_in(schema)),
                None => None,
            };
            self.changed.push(at.clone());
            self.open.push(region(&at));
            if put(value, &at, instead) {
                return true;
            }
        }
        false
    }

    /// Puts the word that was probably meant in the place of the value at `path`.
    pub(crate) fn guess(&mut self, path: &KeyPath, word: String, value: &mut Value) -> bool {
        let Some(place) = path.get_mut(value).filter(|_| !self.changed.contains(path)) else {
            return false;
        };
        *place = Value::String(word);
        self.changed.push(path.clone());
        self.open.push(path.clone());
        true
    }

    /// Moves the value of the unknown key at `from` to the key that was probably meant: `near`, a
    /// dotted path in `object`, which stands at `path`. A value that stands there stays.
    pub(crate) fn rename(
        &mut self,
        from: &KeyPath,
        near: &str,
        value: Value,
        path: &KeyPath,
        object: &mut Map<String, Value>,
    ) {
        let mut at = object;
        let mut to = path.clone();
        let mut keys = near.split('.').peekable();
        while let Some(key) = keys.next() {
            to = to.then(key);
            if keys.peek().is_none() {
                if !at.contains_key(key) {
                    at.insert(key.to_owned(), value);
                    self.renamed.push((to, from.clone()));
                }
                return;
            }
            let inner = at.entry(key).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return };
            at = inner;
        }
    }
}

/// The part of a configuration that depends on the value at `path`: a `type` decides about all keys
/// beside it.
fn region(path: &KeyPath) -> KeyPath {
    match (path.last_key(), path.parent()) {
        (Some("type"), Some(around)) if !around.is_root() => around,
        _ => path.clone(),
    }
}

/// Whether the key at `path` is required, and what it takes.
fn locate<'a>(
    schema: SchemaView<'a>,
    value: &Value,
    path: &KeyPath,
) -> Option<(bool, SchemaView<'a>)> {
    let mut at = (true, schema);
    let mut value = Some(value);
    for step in path.steps() {
        let branch = at.1.branch_of(value.unwrap_or(&Value::Null));
        at = match step {
            Step::Key(name) => match branch.keys().into_iter().find(|key| key.name == &**name) {
                Some(key) => (key.required, key.schema),
                None => (false, branch.map_values().or_else(|| at.1.find(&KeyPath::key(&**name)))?),
            },
            // An item that is taken away would move the others.
            Step::Index(_) => (true, branch.items().or_else(|| at.1.items())?),
        };
        value = value.and_then(|value| match step {
            Step::Key(name) => value.get(&**name),
            Step::Index(index) => value.get(*index),
        });
    }
    Some(at)
}

/// Sets or removes the value at `path`. Says whether that was possible.
fn put(tree: &mut Value, path: &KeyPath, value: Option<Value>) -> bool {
    let Some(outer) = path.parent().and_then(|outer| outer.get_mut(tree)) else { return false };
    match (outer, path.steps().last(), value) {
        (Value::Object(map), Some(Step::Key(key)), Some(value)) => {
            map.insert((**key).to_owned(), value);
            true
        }
        (Value::Object(map), Some(Step::Key(key)), None) => map.remove(&**key).is_some(),
        (Value::Array(items), Some(Step::Index(index)), Some(value)) => {
            items.get_mut(*index).map(|item| *item = value).is_some()
        }
        _ => false,
    }
}
