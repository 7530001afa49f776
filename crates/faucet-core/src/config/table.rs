//! The components of one kind that a program knows.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::decode::{Checked, decode_and_check};
use crate::config::kind::ComponentKind;
use crate::config::option_key::OptionKey;
use crate::config::option_map;
use crate::config::path::KeyPath;
use crate::config::problem::{Problem, Problems};
use crate::config::problem_kind::ProblemKind;
use crate::config::schema_note::without_null_defaults;
use crate::config::suggest::nearest;

type Built<T> = Result<Box<T>, Problems>;
type Check<T> = Arc<dyn Fn(Value, &[KeyPath]) -> Checked<T> + Send + Sync>;
type FromOptions<T> = Arc<dyn Fn(&HashMap<String, String>) -> Built<T> + Send + Sync>;

/// A registered component: closures, so that a program can register a factory that owns what it has
/// configured (a vault, a dialer).
pub struct Entry<T: ?Sized> {
    name: &'static str,
    schema: Value,
    options: &'static [OptionKey],
    check: Check<T>,
    from_options: FromOptions<T>,
}

impl<T: ?Sized> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            schema: self.schema.clone(),
            options: self.options,
            check: Arc::clone(&self.check),
            from_options: Arc::clone(&self.from_options),
        }
    }
}

impl<T: ?Sized> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: ?Sized + 'static> Entry<T> {
    /// An entry for configurations of the type `C`, of which `build` makes the component.
    pub(crate) fn new<C: DeserializeOwned + JsonSchema + 'static>(
        kind: ComponentKind,
        name: &'static str,
        options: &'static [OptionKey],
        build: impl Fn(C) -> Built<T> + Send + Sync + 'static,
    ) -> Self {
        let build = Arc::new(build);
        let of_options = Arc::clone(&build);
        let mut schema = schema_for!(C).to_value();
        without_null_defaults(&mut schema);
        Self {
            name,
            schema,
            options,
            check: Arc::new(move |value, open| decode_and_check(value, open, &*build)),
            from_options: Arc::new(move |given| {
                option_map::build(kind, name, options, given, &*of_options)
            }),
        }
    }

    /// The `type` in a pipeline file.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The JSON Schema of its configuration.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Names and defaults that only the [option map](crate::option_map) has.
    pub fn options(&self) -> &'static [OptionKey] {
        self.options
    }

    /// Builds the component from its configuration (without the keys of the pipeline file).
    ///
    /// # Errors
    /// All problems together.
    pub fn build(&self, config: Value) -> Built<T> {
        let checked = self.check(config, &[]);
        checked.problems.into_result()?;
        let unread = || Problem::custom(KeyPath::root(), "is not readable").into();
        checked.built.ok_or_else(unread)
    }

    /// Builds the component as far as its configuration can be read, and says everything that is
    /// wrong with it. `open` are the places whose values are not known, such as those of variables
    /// that are not set: what depends on them is no mistake.
    pub fn check(&self, config: Value, open: &[KeyPath]) -> Checked<T> {
        (self.check)(config, open)
    }

    /// Builds the component from flat text; see [`option_map`](crate::option_map).
    ///
    /// # Errors
    /// All problems together, at the options' names.
    pub fn build_from_options(&self, options: &HashMap<String, String>) -> Built<T> {
        (self.from_options)(options)
    }
}

/// A component that exists but was compiled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The `type` it would have.
    pub name: &'static str,
    /// The cargo feature that brings it in.
    pub feature: &'static str,
}

/// The components of one kind that a program knows, in the order of registration.
#[derive(Debug)]
pub struct Table<T: ?Sized> {
    kind: ComponentKind,
    entries: Vec<Entry<T>>,
    left_out: Vec<LeftOut>,
}

impl<T: ?Sized> Clone for Table<T> {
    fn clone(&self) -> Self {
        let Self { kind, entries, left_out } = self;
        Self { kind: *kind, entries: entries.clone(), left_out: left_out.clone() }
    }
}

impl<T: ?Sized + 'static> Table<T> {
    pub(crate) fn new(kind: ComponentKind) -> Self {
        Self { kind, entries: Vec::new(), left_out: Vec::new() }
    }

    /// What the table holds.
    pub fn kind(&self) -> ComponentKind {
        self.kind
    }

    pub(crate) fn add(&mut self, entry: Entry<T>) -> Result<(), Problems> {
        if self.find(entry.name).is_some() {
            let what = format!("a {} named {:?} is registered already", self.kind, entry.name);
            return Err(Problem::custom("type", what).into());
        }
        self.entries.push(entry);
        Ok(())
    }

    pub(crate) fn replace(&mut self, entry: Entry<T>) {
        match self.entries.iter_mut().find(|known| known.name == entry.name) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    /// Notes a component that was compiled out, so that errors can name its feature.
    pub fn leave_out(&mut self, name: &'static str, feature: &'static str) {
        self.left_out.push(LeftOut { name, feature });
    }

    /// The entries in the order of registration.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry<T>> {
        self.entries.iter()
    }

    /// The names in the order of registration.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// The components that were compiled out.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The entry of that name.
    pub fn find(&self, name: &str) -> Option<&Entry<T>> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// At the key `type`: what there is, or the feature to enable.
    pub fn get(&self, name: &str) -> Result<&Entry<T>, Problem> {
        self.find(name).ok_or_else(|| {
            let what = self.kind.as_str();
            let kind = match self.left_out.iter().find(|out| out.name == name) {
                Some(LeftOut { feature, .. }) => {
                    ProblemKind::Unavailable { what, name: name.to_owned(), feature }
                }
                None => ProblemKind::UnknownName {
                    what,
                    name: Some(name.to_owned()),
                    near: nearest(name, self.names()).map(str::to_owned),
                    known: self.names().map(str::to_owned).collect(),
                },
            };
            Problem::new(KeyPath::key("type"), kind)
        })
    }

    /// Builds the component `name` from its configuration (without the keys of the pipeline file).
    ///
    /// # Errors
    /// An unknown name, or all problems of the configuration.
    pub fn build(&self, name: &str, config: Value) -> Built<T> {
        self.get(name)?.build(config)
    }

    /// Builds the component `name` from flat text; see [`option_map`](crate::option_map).
    ///
    /// # Errors
    /// As [`build`](Self::build), at the options' names.
    pub fn build_from_options(&self, name: &str, options: &HashMap<String, String>) -> Built<T> {
        self.get(name)?.build_from_options(options)
    }
}
