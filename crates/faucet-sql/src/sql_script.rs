//! A script.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use faucet_core::{KeyPath, Problem, ProblemKind, Registry};
use faucet_pipeline::diagnostic::{Diagnostic, Severity, SourceText, Span, locate};
use faucet_pipeline::{Component, SpecErrors, Variable, Verdict};

use crate::compile::{Around, Compiled, compile};
use crate::deep::on_deep_stack;
use crate::script::{Statement, parse};

/// A script: streams, and queries over them.
///
/// ```
/// use faucet_core::Registry;
/// use faucet_sql::Script;
///
/// let script = Script::parse("SELECT symbol, price FROM trades WHERE price > 5.0");
/// let verdict = script.check(&Registry::new());
/// assert_eq!(verdict.diagnostics[0].message(), "there is no stream `trades`");
/// ```
#[derive(Clone)]
pub struct Script {
    text: SourceText,
    statements: Vec<Statement>,
    faults: Vec<Diagnostic>,
    /// The streams of statements with faults.
    broken: Vec<String>,
    accepts_unset: bool,
    lookup: Arc<dyn Fn(&str) -> Variable + Send + Sync>,
    context: BTreeMap<String, String>,
}

impl Script {
    /// Reads the script at `path`.
    ///
    /// # Errors
    /// A file that cannot be read or is not UTF-8.
    pub fn load(path: &Path) -> Result<Self, SpecErrors> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| unreadable(&name, cause))?;
        Self::parse_bytes(&bytes, &name)
    }

    /// Parses the bytes of a script that is called `name`, such as `<stdin>`.
    ///
    /// # Errors
    /// Bytes that are not UTF-8.
    pub fn parse_bytes(bytes: &[u8], name: &str) -> Result<Self, SpecErrors> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::of(SourceText::new(text).with_name(name))),
            Err(error) => {
                let text = SourceText::new(&*String::from_utf8_lossy(bytes)).with_name(name);
                let problem = Problem::new(KeyPath::root(), ProblemKind::NotUtf8);
                let mut found =
                    Diagnostic::new(Severity::Error, problem.help("save the file as UTF-8"));
                let at = error.valid_up_to();
                found.span = Some(Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8()));
                let mut found = vec![found];
                locate(&mut found, &text);
                Err(SpecErrors::new(text, found))
            }
        }
    }

    /// Parses the text of a script. [`check`](Self::check) says what is wrong with it.
    pub fn parse(text: &str) -> Self {
        Self::of(SourceText::new(text))
    }

    fn of(text: SourceText) -> Self {
        let parsed = parse(text.text());
        Self {
            text,
            statements: parsed.statements,
            faults: parsed.faults,
            broken: parsed.broken,
            accepts_unset: false,
            lookup: Arc::new(|_| Variable::Unset),
            context: BTreeMap::new(),
        }
    }

    /// Finds the values of `${NAME}` in options. Without it no variable is set.
    #[must_use]
    pub fn with_variables<V: Into<Variable>>(
        self,
        lookup: impl Fn(&str) -> V + Send + Sync + 'static,
    ) -> Self {
        Self { lookup: Arc::new(move |name| lookup(name).into()), ..self }
    }

    /// Accepts variables that are not set: the connectors with them are not looked at, and the rest is. For
    /// machines without the secrets. No pipeline is built where one is missing.
    #[must_use]
    pub fn accept_unset(self) -> Self {
        Self { accepts_unset: true, ..self }
    }

    /// Fills `{name}` placeholders of connectors.
    #[must_use]
    pub fn with_context(self, context: BTreeMap<String, String>) -> Self {
        Self { context, ..self }
    }

    /// The number of declared streams.
    pub fn streams(&self) -> usize {
        self.statements.iter().filter(|statement| matches!(statement, Statement::Stream(_))).count()
    }

    /// The number of queries.
    pub fn queries(&self) -> usize {
        self.statements.len() - self.streams()
    }

    /// Looks at everything in the script, with the connectors of `registry`, and plans its queries. Does no
    /// I/O. A script without a query has no pipeline, also where nothing is wrong with it.
    pub fn check(&self, registry: &Registry) -> Verdict {
        let Compiled { pipeline, mut found, secrets, .. } = self.compiled(registry);
        found.extend(self.faults.iter().cloned());
        if self.statements.is_empty() && found.is_empty() {
            let problem = Problem::new(KeyPath::root(), ProblemKind::Missing);
            let problem =
                problem.help("write CREATE STREAM and SELECT; docs/sql.md begins with both");
            found.push(Diagnostic::new(Severity::Error, problem));
        }
        let mut unset = BTreeSet::new();
        if self.accepts_unset {
            found.retain(|found| match &found.problem.kind {
                ProblemKind::Variable { name } => {
                    unset.insert(name.clone());
                    false
                }
                _ => true,
            });
        }
        let text = self.text.clone().with_secrets(secrets);
        let is_refused = found.iter().any(|found| found.severity == Severity::Error);
        if is_refused {
            // A stream that seems to be of no use is the one that a misspelled name means.
            found.retain(|found| found.severity == Severity::Error);
        }
        locate(&mut found, &text);
        let mut verdict = Verdict::new(pipeline.filter(|_| !is_refused), found, text);
        verdict.unset = unset.into_iter().collect();
        verdict
    }

    /// The declared sources and sinks, as far as nothing is wrong with them: a check reaches them also where
    /// the script has no query.
    pub fn ends(&self, registry: &Registry) -> Vec<Component> {
        self.compiled(registry).ends
    }

    /// The plans of the queries, for people: for each the statement, the logical and the physical plan.
    ///
    /// # Errors
    /// Everything that is wrong with the script.
    pub fn plan(&self, registry: &Registry) -> Result<String, SpecErrors> {
        let verdict = self.check(registry);
        if verdict.is_refused() {
            return Err(SpecErrors::new(verdict.text, verdict.diagnostics));
        }
        let plans = self.compiled(registry).plans.into_iter();
        let plans: Vec<String> = plans.map(|(label, plan)| format!("-- {label}\n{plan}")).collect();
        Ok(plans.join("\n"))
    }

    fn compiled(&self, registry: &Registry) -> Compiled {
        let incomplete = !self.faults.is_empty();
        let (lookup, context) = (&*self.lookup, &self.context);
        let around = Around { registry, lookup, context, incomplete };
        on_deep_stack(|| compile(self.text.text(), &self.statements, &self.broken, &around))
    }
}

fn unreadable(name: &str, cause: io::Error) -> SpecErrors {
    let why = match cause.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        kind => kind.to_string(),
    };
    let problem = Problem::new(KeyPath::root(), ProblemKind::Unreadable { why });
    let found = vec![Diagnostic::new(Severity::Error, problem)];
    SpecErrors::new(SourceText::default().with_name(name), found).because(cause)
}

impl fmt::Debug for Script {
    /// Shows no values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("streams", &self.streams())
            .field("queries", &self.queries())
            .finish_non_exhaustive()
    }
}
