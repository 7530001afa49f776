//! The pipeline file.

use std::fmt;
use std::path::{Path, PathBuf};

use faucet_core::{Error, KeyPath, Problem, Registry, Result};
use serde_json::Value;

use crate::file::assembly::assemble;
use crate::file::declared::{Declared, declared};
use crate::file::errors::{SpecErrors, SpecProblem};
use crate::file::interpolate::{Variables, interpolate};
use crate::file::keys::FileKeys;
use crate::file::lenient::decode_the_rest;
use crate::file::location::Locations;
use crate::file::overrides;
use crate::file::tree::{SpecFormat, Tree};
use crate::graph::Pipeline;

/// A pipeline file.
///
/// Its components stand in `source`, `transform` (one or a list) and `sink`, or by name in the maps
/// `sources`, `transforms` and `sinks`; each kind in one of the two forms. Each has a `type` and the
/// keys of that connector. A transform or sink can have `from`, the components whose records it
/// takes, and `buffer`; every component can have `dead_letter`. For the whole file there are
/// `flush`, `state`, `grace`, `parallel`, and `context`, a map of text that fills `{name}`
/// placeholders. A key `$schema` is for editors.
///
/// `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in text values are replaced once the file
/// is parsed; `$${` stands for a plain `${`. What comes from a variable is text, also where it
/// looks like a number: a token must not change because it has only digits. For a key that takes a
/// number use [`set`](Self::set).
#[derive(Clone)]
pub struct PipelineSpec {
    tree: Value,
    locations: Locations,
    variables: Variables,
    file: Option<PathBuf>,
}

impl PipelineSpec {
    /// Reads the file at `path`; its ending names its format. `lookup` finds variables.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown ending, or as [`parse`](Self::parse); with the file's
    /// name, as all later errors of this value.
    pub fn load(path: &Path, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SpecErrors> {
        let read = || {
            let format = SpecFormat::of(path)?;
            let text = std::fs::read_to_string(path).map_err(|cause| {
                let problem = Problem::custom(KeyPath::root(), "cannot be read");
                SpecErrors::from(problem).because(cause)
            })?;
            Self::parse(&text, format, lookup)
        };
        let file = Some(path.to_owned());
        match read() {
            Ok(spec) => Ok(Self { file, ..spec }),
            Err(errors) => Err(errors.of_file(file)),
        }
    }

    /// Parses the text of a pipeline file. `lookup` finds variables; pass
    /// `|name| std::env::var(name).ok()` for those of the environment. A variable that is missing is
    /// told by [`build`](Self::build), together with everything else.
    ///
    /// # Errors
    /// What breaks the format, with line and column.
    pub fn parse(
        text: &str,
        format: SpecFormat,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SpecErrors> {
        let Tree { value: mut tree, locations } = Tree::parse(text, format)?;
        let variables = interpolate(&mut tree, &lookup);
        Ok(Self { tree, locations, variables, file: None })
    }

    /// A pipeline from a value that a program made. Variables are not replaced.
    pub fn from_value(tree: Value) -> Self {
        Self { tree, locations: Locations::default(), variables: Variables::default(), file: None }
    }

    /// Sets one key: `source.max_messages=10`. What is JSON becomes that value, anything else is
    /// text. Maps on the way are made; a list is replaced as a whole.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) when this is not `KEY=VALUE` or leads through
    /// something that is no map. The value is not printed.
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let (key, text) = overrides::assignment(assignment)?;
        let path = overrides::path(key)?;
        self.set_value(&path, serde_json::from_str(text).unwrap_or_else(|_| text.into()))
    }

    /// Sets one value of the context: `symbol=ethusdt`. It is always text.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) when this is not `NAME=VALUE`.
    pub fn set_context(&mut self, assignment: &str) -> Result<()> {
        let (name, text) = overrides::assignment(assignment)?;
        if name.contains('.') {
            return Err(Error::usage(format!("context: {name:?} is not a name")));
        }
        self.set_value(&KeyPath::key("context").then(name), text.into())
    }

    fn set_value(&mut self, path: &KeyPath, value: Value) -> Result<()> {
        overrides::set(&mut self.tree, path, value)?;
        self.locations.forget(path);
        self.variables.forget(path);
        Ok(())
    }

    /// Builds the pipeline with the connectors of `registry`. Does no I/O.
    ///
    /// # Errors
    /// All problems of all components and of the file around them, with the missing variables, each
    /// with its place. What came from a variable is not printed.
    pub fn build(&self, registry: &Registry) -> Result<Pipeline, SpecErrors> {
        let Self { tree, locations, variables, file } = self;
        let problems = match assemble(tree, variables, locations, registry) {
            Ok(pipeline) => return Ok(pipeline),
            Err(problems) => problems,
        };
        let located = problems.into_iter().map(|problem| {
            let location = locations.find(&problem.path);
            SpecProblem { problem, location }
        });
        let mut located: Vec<SpecProblem> = located.collect();
        // As they stand in the file; what does not stand there comes last.
        located.sort_by_key(|found| (found.location.is_none(), found.location));
        Err(SpecErrors::new(located).of_file(file.clone()))
    }

    /// What the file has that does not help, and does not keep `pipeline`, which was built from it,
    /// from running.
    pub fn warnings(&self, pipeline: &Pipeline) -> Vec<SpecProblem> {
        let (mut keys, _) = decode_the_rest::<FileKeys>(self.tree.clone());
        let mut found = Vec::new();
        for Declared { id, place, .. } in declared(&mut keys) {
            let warnings = pipeline.component(&id).map(|component| &component.info().warnings);
            for warning in warnings.into_iter().flatten() {
                let problem = warning.clone().under(&place);
                let location = self.locations.find(&problem.path);
                found.push(SpecProblem { problem, location });
            }
        }
        found
    }

    /// Everything that [`build`](Self::build) would refuse, one by one.
    pub fn problems(&self, registry: &Registry) -> Vec<SpecProblem> {
        self.build(registry).err().map(SpecErrors::into_problems).unwrap_or_default()
    }
}

impl fmt::Debug for PipelineSpec {
    /// Shows no values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> =
            self.tree.as_object().map(|file| file.keys().collect()).unwrap_or_default();
        f.debug_struct("PipelineSpec").field("keys", &keys).finish_non_exhaustive()
    }
}
