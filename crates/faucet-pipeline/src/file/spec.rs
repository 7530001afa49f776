//! The pipeline file.

use std::path::Path;
use std::{fmt, io};

use faucet_core::{Code, Error, KeyPath, Problem, ProblemKind, Registry, Result};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Owner, Severity, SourceText, Span};
use crate::file::assembly::{File, assemble};
use crate::file::errors::SpecErrors;
use crate::file::format::SpecFormat;
use crate::file::interpolate::{Variable, Variables, interpolate};
use crate::file::keys::FILE_KEYS;
use crate::file::locate::{locate, warn_of_context};
use crate::file::misplaced::Moved;
use crate::file::places::Places;
use crate::file::secrets::{self, Secrets};
use crate::file::verdict::Verdict;
use crate::file::{files, overrides, repair, resolved, same_file};
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
    text: SourceText,
    tree: Value,
    places: Places,
    variables: Variables,
    /// What breaks the format, and was understood.
    found: Vec<Diagnostic>,
    /// The directory that `~` stands for.
    home: Option<String>,
    /// Whether other users of the machine can read the file.
    is_readable: bool,
    accepts_unset: bool,
}

impl PipelineSpec {
    /// Reads the file at `path`; its ending names its format. `lookup` finds variables.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown ending, or as [`parse`](Self::parse); with the file's
    /// name, as all later errors of this value.
    pub fn load<V: Into<Variable>>(
        path: &Path,
        lookup: impl Fn(&str) -> V,
    ) -> Result<Self, SpecErrors> {
        let format = SpecFormat::of(path).map_err(|problem| {
            let found = vec![Diagnostic::new(Severity::Error, problem)];
            SpecErrors::new(SourceText::default().with_name(path.display().to_string()), found)
        })?;
        Self::load_as(path, format, lookup)
    }

    /// Reads the file at `path`, whatever its ending. `lookup` finds variables.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_as<V: Into<Variable>>(
        path: &Path,
        format: SpecFormat,
        lookup: impl Fn(&str) -> V,
    ) -> Result<Self, SpecErrors> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| unreadable(&name, cause))?;
        let mut spec = Self::parse_bytes(&bytes, format, &name, lookup)?;
        spec.is_readable = is_readable(path);
        Ok(spec)
    }

    /// Parses the bytes of a pipeline file that is called `name`, such as `<stdin>`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse). Bytes that are not UTF-8 are told together with everything else.
    pub fn parse_bytes<V: Into<Variable>>(
        bytes: &[u8],
        format: SpecFormat,
        name: &str,
        lookup: impl Fn(&str) -> V,
    ) -> Result<Self, SpecErrors> {
        let text = String::from_utf8_lossy(bytes);
        let mut before = Vec::new();
        if let Err(error) = std::str::from_utf8(bytes) {
            let at = error.valid_up_to();
            let problem = Problem::new(KeyPath::root(), ProblemKind::NotUtf8);
            let mut found = Diagnostic::new(Severity::Error, problem.help(encoding(bytes)));
            found.span = Some(Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8()));
            before.push(found);
        }
        Self::parse_text(SourceText::new(&*text).with_name(name), format, before, lookup)
    }

    /// Parses the text of a pipeline file. `lookup` finds variables; pass
    /// `|name| std::env::var(name)` for those of the environment. A variable that is missing is told
    /// by [`build`](Self::build), together with everything else.
    ///
    /// # Errors
    /// What breaks the format, with its place.
    pub fn parse<V: Into<Variable>>(
        text: &str,
        format: SpecFormat,
        lookup: impl Fn(&str) -> V,
    ) -> Result<Self, SpecErrors> {
        Self::parse_text(SourceText::new(text), format, Vec::new(), lookup)
    }

    fn parse_text<V: Into<Variable>>(
        text: SourceText,
        format: SpecFormat,
        before: Vec<Diagnostic>,
        lookup: impl Fn(&str) -> V,
    ) -> Result<Self, SpecErrors> {
        let parsed = repair::parse(text.text(), format);
        let mut found = before;
        found.extend(parsed.found);
        let Some(mut tree) = parsed.value else {
            let hidden = secrets::probable(text.text());
            let text = text.with_secrets(hidden);
            locate(&mut found, &text, &Places::default());
            return Err(SpecErrors::new(text, found));
        };
        if found.iter().any(|found| found.problem.kind == ProblemKind::NotUtf8) {
            without_replacements(&mut tree);
        }
        let lookup = |name: &str| lookup(name).into();
        let variables = interpolate(&mut tree, &lookup);
        let home = match lookup("HOME") {
            Variable::Set(home) if !home.is_empty() => Some(home),
            _ => None,
        };
        let places = parsed.places;
        let (is_readable, accepts_unset) = (false, false);
        Ok(Self { text, tree, places, variables, found, home, is_readable, accepts_unset })
    }

    /// A pipeline from a value that a program made. Variables are not replaced.
    pub fn from_value(tree: Value) -> Self {
        Self {
            text: SourceText::default(),
            tree,
            places: Places::default(),
            variables: Variables::default(),
            found: Vec::new(),
            home: None,
            is_readable: false,
            accepts_unset: false,
        }
    }

    /// Accepts variables that are not set: their values are not known, and the rest is looked at. For
    /// machines without the secrets. No pipeline is built where one is missing.
    #[must_use]
    pub fn accept_unset(self) -> Self {
        Self { accepts_unset: true, ..self }
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
        self.places.forget(path);
        self.variables.forget(path);
        Ok(())
    }

    /// Builds the pipeline with the connectors of `registry`. Does no I/O.
    ///
    /// # Errors
    /// All problems of all components and of the file around them, with the missing variables, each
    /// with its place. What came from a variable is not printed.
    pub fn build(&self, registry: &Registry) -> Result<Pipeline, SpecErrors> {
        self.check(registry).into_result().map(|(pipeline, _)| pipeline)
    }

    /// The file as it is read, as YAML: variables replaced, keys in their places, and secrets struck
    /// out.
    pub fn resolved(&self, registry: &Registry) -> String {
        let Moved { mut tree, variables, .. } =
            Moved::of(&self.tree, &self.places, &self.variables, &FILE_KEYS, registry);
        let (_, owners) = self.checked(registry);
        for owner in &owners {
            files::expand(&mut tree, owner, registry, self.home.as_deref());
        }
        let secrets = Secrets::of(&tree, &owners, registry);
        resolved::yaml(&tree, &variables, &secrets)
    }

    /// Looks at everything in the file, with the connectors of `registry`. Does no I/O.
    pub fn check(&self, registry: &Registry) -> Verdict {
        self.checked(registry).0
    }

    fn checked(&self, registry: &Registry) -> (Verdict, Vec<Owner>) {
        let Moved { tree, places, variables, mut found } =
            Moved::of(&self.tree, &self.places, &self.variables, &FILE_KEYS, registry);
        found.splice(0..0, self.found.iter().cloned());
        let has_form = found.is_empty();
        let home = self.home.as_deref();
        let file = File { tree: &tree, variables: &variables, places: &places, registry, home };
        let (pipeline, mut findings) = assemble(&file, found);
        let owners = findings.owners().to_vec();
        let mut secrets = Secrets::of(&tree, &owners, registry);
        secrets.meant = findings.meant();
        if self.is_readable {
            secrets.warn(&places, &variables, &mut findings);
        }
        same_file::warn(&tree, &owners, registry, &mut findings);
        if has_form {
            warn_of_context(&tree, &mut findings);
        }
        let mut diagnostics = findings.into_diagnostics();
        let mut unset = Vec::new();
        if self.accepts_unset {
            diagnostics.retain(|found| match &found.problem.kind {
                ProblemKind::Variable { name } => {
                    unset.push(name.clone());
                    false
                }
                _ => true,
            });
            unset.sort();
            unset.dedup();
        }
        let mut hidden = secrets.spans(&places);
        if self.found.iter().any(|found| found.code() == Code::Syntax) {
            // A text that was mended may have its secrets below other keys than the user sees.
            let is_new = |part: &Span| !hidden.iter().any(|known| known.is_within(*part));
            let more: Vec<Span> =
                secrets::probable(self.text.text()).into_iter().filter(is_new).collect();
            hidden.extend(more);
        }
        let text = self.text.clone().with_secrets(hidden);
        locate(&mut diagnostics, &text, &places);
        (Verdict { pipeline, diagnostics, text, unset }, owners)
    }
}

fn unreadable(name: &str, cause: io::Error) -> SpecErrors {
    let (why, help) = match cause.kind() {
        io::ErrorKind::NotFound => {
            let help =
                "check the path: it begins in the current directory, unless it begins with /";
            ("there is no such file".to_owned(), Some(help))
        }
        kind => (kind.to_string(), None),
    };
    let problem = Problem::new(KeyPath::root(), ProblemKind::Unreadable { why });
    let problem = match help {
        Some(help) => problem.help(help),
        None => problem,
    };
    let found = vec![Diagnostic::new(Severity::Error, problem)];
    SpecErrors::new(SourceText::default().with_name(name), found).because(cause)
}

/// Puts a letter in the place of bytes that are not UTF-8: they are told once, and not again as a
/// character that does not fit a value.
fn without_replacements(tree: &mut Value) {
    match tree {
        Value::String(text) => *text = text.replace(char::REPLACEMENT_CHARACTER, "x"),
        Value::Array(items) => items.iter_mut().for_each(without_replacements),
        Value::Object(entries) => entries.values_mut().for_each(without_replacements),
        _ => {}
    }
}

/// What to do with bytes that are not UTF-8.
fn encoding(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16; save it as UTF-8",
        _ => "save the file as UTF-8",
    }
}

/// Whether other users of the machine can read the file.
fn is_readable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).map(|found| (found.is_file(), found.permissions()));
        mode.is_ok_and(|(is_file, permissions)| is_file && permissions.mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
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
