//! The connectors that a program knows.

use std::collections::HashMap;
use std::fmt;

use schemars::{Schema, schema_for};
use serde_json::Value;

use crate::config::{decode_and_build, did_you_mean};
use crate::options::{boxed_sink, boxed_source};
use crate::{Error, OptionKey, Result, Sink, SinkConfig, Source, SourceConfig};

/// Source or sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Where records come from.
    Source,
    /// Where they go.
    Sink,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Sink => "sink",
        })
    }
}

type FromOptions<T> = fn(&HashMap<String, String>) -> Result<Box<T>>;

#[derive(Debug, Clone, Copy)]
enum Build {
    Source { config: fn(Value) -> Result<Box<dyn Source>>, options: FromOptions<dyn Source> },
    Sink { config: fn(Value) -> Result<Box<dyn Sink>>, options: FromOptions<dyn Sink> },
}

/// A registered connector: plain function pointers.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    name: &'static str,
    schema: fn() -> Schema,
    options: fn() -> &'static [OptionKey],
    build: Build,
}

impl Entry {
    /// The `type` in a pipeline file.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Source or sink.
    pub fn kind(&self) -> Kind {
        match self.build {
            Build::Source { .. } => Kind::Source,
            Build::Sink { .. } => Kind::Sink,
        }
    }

    /// The JSON Schema of its configuration.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Names and defaults that only the [option map](crate::options) has.
    pub fn options(&self) -> &'static [OptionKey] {
        (self.options)()
    }
}

/// A connector that exists but was compiled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Source or sink.
    pub kind: Kind,
    /// The `type` it would have.
    pub name: &'static str,
    /// The cargo feature that brings it in.
    pub feature: &'static str,
}

/// The connectors that a program knows. An ordinary value: no globals, no macros.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
}

impl Registry {
    /// A registry without connectors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a source.
    ///
    /// # Errors
    /// When a source of that name is registered already.
    pub fn add_source<C: SourceConfig>(&mut self) -> Result<()> {
        self.add(Entry {
            name: C::NAME,
            schema: || schema_for!(C),
            options: C::options,
            build: Build::Source {
                config: |value| Ok(Box::new(decode_and_build(value, C::build)?)),
                options: boxed_source::<C>,
            },
        })
    }

    /// Registers a sink.
    ///
    /// # Errors
    /// When a sink of that name is registered already.
    pub fn add_sink<C: SinkConfig>(&mut self) -> Result<()> {
        self.add(Entry {
            name: C::NAME,
            schema: || schema_for!(C),
            options: C::options,
            build: Build::Sink {
                config: |value| Ok(Box::new(decode_and_build(value, C::build)?)),
                options: boxed_sink::<C>,
            },
        })
    }

    fn add(&mut self, entry: Entry) -> Result<()> {
        if self.find(entry.kind(), entry.name).is_some() {
            let (kind, name) = (entry.kind(), entry.name);
            return Err(Error::config(format!("type: a {kind} named {name:?} exists already")));
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Notes a connector that was compiled out, so that errors can name its feature.
    pub fn leave_out(&mut self, kind: Kind, name: &'static str, feature: &'static str) {
        self.left_out.push(LeftOut { kind, name, feature });
    }

    /// All entries in the order of registration.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The connectors that were compiled out.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The entry of that name.
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.kind() == kind && entry.name == name)
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// Lists what is registered, or names the feature to enable.
    pub fn get(&self, kind: Kind, name: &str) -> Result<&Entry> {
        self.find(kind, name).ok_or_else(|| self.unknown(kind, name))
    }

    fn unknown(&self, kind: Kind, name: &str) -> Error {
        if let Some(out) = self.left_out.iter().find(|out| out.kind == kind && out.name == name) {
            return Error::config(format!("type: the {kind} {name:?} is not part of this build"))
                .with_hint(format!("enable the cargo feature `{}`", out.feature));
        }
        let names: Vec<&str> =
            self.entries.iter().filter(|e| e.kind() == kind).map(|e| e.name).collect();
        let meant = did_you_mean(name, names.iter().copied());
        let known = match names.len() {
            0 => format!("no {kind} is registered"),
            _ => format!("known: {}", names.join(", ")),
        };
        Error::config(format!("type: unknown {kind} {name:?}{meant}; {known}"))
    }

    /// Builds the source `name` from its configuration (without the key `type`).
    pub fn source(&self, name: &str, config: Value) -> Result<Box<dyn Source>> {
        match self.get(Kind::Source, name)?.build {
            Build::Source { config: build, .. } => build(config),
            Build::Sink { .. } => Err(self.unknown(Kind::Source, name)),
        }
    }

    /// Builds the source `name` from flat text; see [`options`](crate::options).
    pub fn source_from_options(
        &self,
        name: &str,
        options: &HashMap<String, String>,
    ) -> Result<Box<dyn Source>> {
        match self.get(Kind::Source, name)?.build {
            Build::Source { options: build, .. } => build(options),
            Build::Sink { .. } => Err(self.unknown(Kind::Source, name)),
        }
    }

    /// Builds the sink `name` from its configuration (without the key `type`).
    pub fn sink(&self, name: &str, config: Value) -> Result<Box<dyn Sink>> {
        match self.get(Kind::Sink, name)?.build {
            Build::Sink { config: build, .. } => build(config),
            Build::Source { .. } => Err(self.unknown(Kind::Sink, name)),
        }
    }

    /// Builds the sink `name` from flat text; see [`options`](crate::options).
    pub fn sink_from_options(
        &self,
        name: &str,
        options: &HashMap<String, String>,
    ) -> Result<Box<dyn Sink>> {
        match self.get(Kind::Sink, name)?.build {
            Build::Sink { options: build, .. } => build(options),
            Build::Source { .. } => Err(self.unknown(Kind::Sink, name)),
        }
    }
}
