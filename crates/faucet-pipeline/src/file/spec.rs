//! The pipeline file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use faucet_core::config::did_you_mean;
use faucet_core::{Error, Kind, Problems, Registry, Result};
use serde_json::Value;

use crate::interpolate::{Expansions, interpolate};
use crate::location::{Location, Locations};
use crate::tree::{SpecFormat, Tree};
use crate::{Pipeline, overrides};

const SECTIONS: [&str; 3] = ["source", "sink", "context"];

/// A pipeline file: the sections `source` and `sink`, each with a `type` and the keys of that
/// connector, and `context`, a map of text that fills `{name}` placeholders. A key `$schema` is for
/// editors.
///
/// `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in text values are replaced once the file
/// is parsed; `$${` stands for a plain `${`. What comes from a variable is text, also where it
/// looks like a number: a token must not change because it has only digits. For a key that takes a
/// number use [`set`](Self::set).
#[derive(Clone)]
pub struct PipelineSpec {
    tree: Value,
    locations: Locations,
    expansions: Expansions,
}

/// Something that is wrong with a pipeline file. `Display` prints the message and the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, beginning with the key.
    pub message: String,
    /// Where the key stands, or what it would stand in. `None` when it does not come from the file.
    pub location: Option<Location>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.location {
            Some(location) => write!(f, " at {location}"),
            None => Ok(()),
        }
    }
}

impl PipelineSpec {
    /// Reads the file at `path`; its ending names its format. `lookup` finds variables.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), each problem with the file's name before it.
    pub fn load(path: &Path, lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let format = SpecFormat::of(path)?;
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::config(format!("{name}: cannot be read")).with_source(e))?;
        Self::parse(&text, format, lookup).map_err(|error| {
            let mut problems = Problems::new();
            error.problems().for_each(|problem| problems.push(format!("{name}: {problem}")));
            problems.into_result().err().unwrap_or(error)
        })
    }

    /// Parses the text of a pipeline file. `lookup` finds variables; pass
    /// `|name| std::env::var(name).ok()` for those of the environment.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config): what breaks the format, or all variables that
    /// are missing, with line and column.
    pub fn parse(
        text: &str,
        format: SpecFormat,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let Tree { value: mut tree, locations } = Tree::parse(text, format)?;
        let (expansions, missing) = interpolate(&mut tree, &lookup);
        let spec = Self { tree, locations, expansions };
        let mut problems = Problems::new();
        missing.into_iter().for_each(|what| problems.push(spec.problem(what).to_string()));
        problems.into_result().map(|()| spec)
    }

    /// A pipeline from a value that a program made. Variables are not replaced.
    pub fn from_value(tree: Value) -> Self {
        Self { tree, locations: Locations::default(), expansions: Expansions::default() }
    }

    /// Sets one key: `source.max_messages=10`. What is JSON becomes that value, anything else is
    /// text. Maps on the way are made; a list is replaced as a whole.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) when this is not `KEY=VALUE` or leads through
    /// something that is no map. The value is not printed.
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let (key, text) = overrides::assignment(assignment)?;
        self.set_value(key, serde_json::from_str(text).unwrap_or_else(|_| text.into()))
    }

    /// Sets one value of the context: `symbol=ethusdt`. It is always text.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) when this is not `NAME=VALUE`.
    pub fn set_context(&mut self, assignment: &str) -> Result<()> {
        let (name, text) = overrides::assignment(assignment)?;
        if name.contains('.') {
            return Err(Error::config(format!("context: {name:?} is not a name")));
        }
        self.set_value(&format!("context.{name}"), text.into())
    }

    fn set_value(&mut self, key: &str, value: Value) -> Result<()> {
        overrides::set(&mut self.tree, key, value)?;
        self.locations.forget(key);
        self.expansions.forget(key);
        Ok(())
    }

    /// Builds the pipeline with the connectors of `registry`. Does no I/O.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) with all problems of the source, the sink and the
    /// file around them, each beginning with its key (`source.max_mesages: unknown key …`) and
    /// ending with its place. What came from a variable is not printed.
    pub fn build(&self, registry: &Registry) -> Result<Pipeline> {
        let (pipeline, found) = self.assemble(registry);
        let mut problems = Problems::new();
        found.into_iter().for_each(|problem| problems.push(problem.to_string()));
        problems.into_result()?;
        pipeline.ok_or_else(|| Error::config("the pipeline file has no source or no sink"))
    }

    /// Everything that [`build`](Self::build) would refuse, one by one.
    pub fn problems(&self, registry: &Registry) -> Vec<Problem> {
        self.assemble(registry).1
    }

    fn assemble(&self, registry: &Registry) -> (Option<Pipeline>, Vec<Problem>) {
        let Value::Object(file) = &self.tree else {
            let what = "a pipeline file is a map with `source` and `sink`".to_owned();
            return (None, vec![self.problem(what)]);
        };
        let mut found = Vec::new();
        for key in file.keys().filter(|key| !SECTIONS.contains(&key.as_str()) && *key != "$schema")
        {
            found.push(format!("{key}: unknown key{}", did_you_mean(key, SECTIONS)));
        }
        let source = self.section(Kind::Source, registry, &mut found, Registry::source);
        let sink = self.section(Kind::Sink, registry, &mut found, Registry::sink);
        let context = self.context(&mut found);
        for (kind, info) in [
            (Kind::Source, source.as_ref().map(|source| source.info())),
            (Kind::Sink, sink.as_ref().map(|sink| sink.info())),
        ] {
            let names = info.into_iter().flat_map(|info| info.placeholders);
            for name in names.filter(|name| !context.contains_key(name)) {
                let hint = format!("add `{name}` under `context`, or --context {name}=…");
                found.push(format!(
                    "{kind}: the placeholder {{{name}}} has no value in context (hint: {hint})"
                ));
            }
        }
        let pipeline = source
            .zip(sink)
            .map(|(source, sink)| Pipeline::new(source, sink).with_context(context));
        let mut found: Vec<Problem> = found.into_iter().map(|what| self.problem(what)).collect();
        // As they stand in the file; what does not stand there comes last.
        found.sort_by_key(|problem| {
            problem.location.map_or((usize::MAX, 0), |place| (place.line, place.column))
        });
        (pipeline, found)
    }

    /// Builds one end.
    fn section<T>(
        &self,
        kind: Kind,
        registry: &Registry,
        found: &mut Vec<String>,
        build: fn(&Registry, &str, Value) -> Result<T>,
    ) -> Option<T> {
        let mut config = match self.tree.get(kind.to_string()) {
            Some(Value::Object(config)) => config.clone(),
            Some(_) => {
                found.push(format!("{kind}: must be a map with a `type`"));
                return None;
            }
            None => {
                found.push(format!("{kind}: missing"));
                return None;
            }
        };
        let name = match config.remove("type") {
            Some(Value::String(name)) => name,
            Some(_) => {
                found.push(format!("{kind}.type: must be text"));
                return None;
            }
            None => {
                let known = registry.entries().filter(|entry| entry.kind() == kind);
                let known: Vec<&str> = known.map(|entry| entry.name()).collect();
                found.push(format!("{kind}.type: missing; known: {}", known.join(", ")));
                return None;
            }
        };
        match build(registry, &name, Value::Object(config)) {
            Ok(end) => Some(end),
            Err(error) if error.problems().count() > 1 => {
                found.extend(error.problems().map(|problem| self.of_section(kind, problem)));
                None
            }
            Err(error) => {
                found.push(self.of_section(kind, &format!("{error:#}")));
                None
            }
        }
    }

    /// A connector's problem as one of the file: its key begins with the section.
    fn of_section(&self, kind: Kind, problem: &str) -> String {
        let problem = self.expansions.redact(problem);
        let Some(key) = key_of(&problem) else { return format!("{kind}: {problem}") };
        let from_variable = self.expansions.contain(&format!("{kind}.{key}"))
            && problem.contains("invalid type: string");
        let hint = if from_variable {
            format!(" (hint: `${{…}}` gives text; for another type use --set {kind}.{key}=…)")
        } else {
            String::new()
        };
        format!("{kind}.{problem}{hint}")
    }

    fn context(&self, found: &mut Vec<String>) -> BTreeMap<String, String> {
        let entries = match self.tree.get("context") {
            None | Some(Value::Null) => return BTreeMap::new(),
            Some(Value::Object(entries)) => entries,
            Some(_) => {
                found.push("context: must be a map of text".to_owned());
                return BTreeMap::new();
            }
        };
        let mut context = BTreeMap::new();
        for (name, value) in entries {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) if !number.is_f64() => number.to_string(),
                _ => {
                    found.push(format!("context.{name}: must be text or a whole number"));
                    continue;
                }
            };
            context.insert(name.clone(), text);
        }
        context
    }

    fn problem(&self, message: String) -> Problem {
        let location = key_of(&message).and_then(|key| self.locations.find(key));
        Problem { message, location }
    }
}

/// The key with which a problem begins, if it begins with one.
fn key_of(problem: &str) -> Option<&str> {
    let (key, _) = problem.split_once(": ")?;
    (!key.contains(|c: char| c.is_whitespace() || "\"'`(){}".contains(c))).then_some(key)
}

impl fmt::Debug for PipelineSpec {
    /// Shows no values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> =
            self.tree.as_object().map(|file| file.keys().collect()).unwrap_or_default();
        f.debug_struct("PipelineSpec").field("keys", &keys).finish_non_exhaustive()
    }
}
