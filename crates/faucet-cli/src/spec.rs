//! The pipeline file, or the script of SQL, as the command line changes it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use faucet_core::{Error, Registry, Result, Scope};
use faucet_pipeline::{Component, Pipeline, PipelineSpec, SpecFormat, Verdict};

use crate::args::{ChangeArgs, FileArgs, InputFormat};
use crate::output::{self, counted};
use crate::script::Script;

/// The name of the file that comes through stdin.
const STDIN: &str = "<stdin>";

/// A pipeline as it is written down.
pub(crate) enum Described {
    File(Box<PipelineSpec>),
    Script(Script),
}

/// The components that `check` reaches, each with its scope.
pub(crate) type Reached = Vec<(Component, Scope)>;

impl Described {
    /// Reads the file and changes it as the command line says.
    ///
    /// # Errors
    /// The file cannot be read, or `--set` or `--context` is not well formed.
    pub(crate) fn read(file: &Path, changes: &ChangeArgs) -> Result<Self> {
        if is_script(file, changes.input_format) {
            return script(file, changes).map(Self::Script);
        }
        let mut spec = parsed(file, changes.input_format)?;
        for assignment in &changes.set {
            spec.set(assignment)?;
        }
        for assignment in &changes.context {
            spec.set_context(assignment)?;
        }
        Ok(Self::File(Box::new(spec)))
    }

    /// Accepts variables that are not set.
    pub(crate) fn accept_unset(self) -> Self {
        match self {
            Self::File(spec) => Self::File(Box::new(spec.accept_unset())),
            Self::Script(script) => Self::Script(script.accept_unset()),
        }
    }

    /// Looks at everything in it.
    pub(crate) fn check(&self, registry: &Registry) -> Verdict {
        match self {
            Self::File(spec) => spec.check(registry),
            Self::Script(script) => script.check(registry),
        }
    }

    /// Describes a valid script that declares streams and has no query. `None`: a pipeline file.
    pub(crate) fn without_pipeline(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Script(script) => {
                Some(format!("{}, no query", counted(script.streams() as u64, "stream")))
            }
        }
    }

    /// Looks at everything in it, and shows the warnings. `None`: a script without a query.
    ///
    /// # Errors
    /// All that was found.
    fn checked(&self, registry: &Registry) -> Result<Option<Pipeline>> {
        let verdict = self.check(registry);
        let is_script = matches!(self, Self::Script(_));
        if verdict.pipeline.is_none() && (verdict.is_refused() || !is_script) {
            verdict.into_result()?;
            return Ok(None);
        }
        let Verdict { pipeline, diagnostics, text, .. } = verdict;
        if !diagnostics.is_empty() {
            output::diagnostics(&[(&text, &*diagnostics)]);
        }
        Ok(pipeline)
    }
}

/// Whether the file is a script: what `--input-format` says, or else its ending.
fn is_script(file: &Path, format: Option<InputFormat>) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    match format {
        Some(format) => format == InputFormat::Sql,
        None => ending.is_some_and(|ending| ending.eq_ignore_ascii_case("sql")),
    }
}

fn script(file: &Path, changes: &ChangeArgs) -> Result<Script> {
    let script = match file == Path::new("-") {
        true => Script::parse_bytes(&stdin()?, STDIN)?,
        false => Script::load(file)?,
    };
    if !changes.set.is_empty() {
        let what = "--set: a script has no keys that could be set";
        return Err(Error::usage(what).with_hint("--context NAME=VALUE fills {NAME} in a script"));
    }
    let script = script.with_variables(|name| std::env::var(name));
    Ok(script.with_context(context(&changes.context)?))
}

/// The values of `--context`.
fn context(assignments: &[String]) -> Result<BTreeMap<String, String>> {
    let pair = |assignment: &String| {
        let pair = assignment.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) = pair.ok_or_else(|| Error::usage("--context takes NAME=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    assignments.iter().map(pair).collect()
}

fn stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|e| Error::usage("stdin cannot be read").with_source(e))?;
    Ok(bytes)
}

fn parsed(file: &Path, format: Option<InputFormat>) -> Result<PipelineSpec> {
    let lookup = |name: &str| std::env::var(name);
    let format = format.and_then(InputFormat::of_spec);
    if file == Path::new("-") {
        let format = format.unwrap_or(SpecFormat::Yaml);
        return Ok(PipelineSpec::parse_bytes(&stdin()?, format, STDIN, lookup)?);
    }
    // A pipe, such as that of `<(…)`, has no ending. JSON is YAML too.
    let is_pipe = || std::fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir());
    match format {
        Some(format) => Ok(PipelineSpec::load_as(file, format, lookup)?),
        None if is_pipe() => Ok(PipelineSpec::load_as(file, SpecFormat::Yaml, lookup)?),
        None => Ok(PipelineSpec::load(file, lookup)?),
    }
}

/// Loads the file and builds its pipeline. Shows the warnings.
///
/// # Errors
/// All problems of the file, or of `--set` and `--context`; or a script without a query.
pub(crate) fn load(args: &FileArgs, registry: &Registry) -> Result<Pipeline> {
    let described = Described::read(&args.file, &args.changes)?;
    described.checked(registry)?.ok_or_else(|| no_query(&described))
}

/// Loads the file. Returns the components of its pipeline, or the streams of a script without a query.
///
/// # Errors
/// As [`load`], without the last.
pub(crate) fn reached(args: &FileArgs, registry: &Registry) -> Result<Reached> {
    let described = Described::read(&args.file, &args.changes)?;
    if let Some(pipeline) = described.checked(registry)? {
        let scoped = |one: &Component| (one.clone(), pipeline.scope(one.id()));
        return Ok(pipeline.components().iter().map(scoped).collect());
    }
    let ends = match &described {
        Described::Script(script) => script.ends(registry),
        Described::File(_) => Vec::new(),
    };
    let values = context(&args.changes.context)?;
    let scope = |end: &Component| Scope::new(&**end.id()).with_values(values.clone());
    Ok(ends.into_iter().map(|end| (end.clone(), scope(&end))).collect())
}

fn no_query(described: &Described) -> Error {
    let streams = match described {
        Described::Script(script) => script.streams() as u64,
        Described::File(_) => 0,
    };
    let what = format!("the script declares {} and has no query", counted(streams, "stream"));
    let hint = "add one, such as `SELECT * FROM a_stream`; `check` reaches the streams without it";
    Error::usage(what).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_ending_unless_the_format_is_given() {
        use InputFormat::{Sql, Yaml};
        for (file, format, is) in [
            ("a.sql", None, true),
            ("dir.sql/A.SQL", None, true),
            ("a.sql", Some(Yaml), false),
            ("a.yaml", None, false),
            ("a.yaml", Some(Sql), true),
            ("-", None, false),
            ("-", Some(Sql), true),
            ("sql", None, false),
        ] {
            assert_eq!(is_script(Path::new(file), format), is, "{file} {format:?}");
        }
    }

    #[test]
    fn a_context_is_a_list_of_pairs() {
        let values = context(&["a=b=c".to_owned(), "d=".to_owned()]).unwrap();
        assert_eq!(values, [("a", "b=c"), ("d", "")].map(|(n, v)| (n.into(), v.into())).into());
        for wrong in ["a", "=b", ""] {
            assert!(context(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
