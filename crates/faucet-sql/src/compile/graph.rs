//! From the statements of a script to a pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faucet_core::{ComponentKind, ProblemKind, Registry, nearest};
use faucet_pipeline::diagnostic::{Diagnostic, Severity, Span};
use faucet_pipeline::{Component, Pipeline};
use serde_json::json;

use crate::compile::components::{self, Lookup};
use crate::compile::ends::{Built, placeholders};
use crate::compile::ids::Ids;
use crate::compile::options::{Declared, End, declared};
use crate::compile::order::{Circle, order};
use crate::compile::prepare::{Question, prepare};
use crate::compile::stream::StreamDecl;
use crate::rows::Format;
use crate::schema::{Column, ColumnType};
use crate::script::fault::{fault, invalid, twice, unknown};
use crate::script::{Named, Places, QueryStatement, Statement, With as _, streams};
use crate::transform::SqlTransform;

/// The name of the sink that shows rows.
const STDOUT: &str = "stdout";

/// What a script is compiled to.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// `None`: there are errors, or no query.
    pub(crate) pipeline: Option<Pipeline>,
    /// Errors and warnings.
    pub(crate) found: Vec<Diagnostic>,
    /// The places of secrets.
    pub(crate) secrets: Vec<Span>,
    /// Each planned query: its statement, and its plan.
    pub(crate) plans: Vec<(String, Arc<str>)>,
    /// The declared ends, for a check without a query.
    pub(crate) ends: Vec<Component>,
}

/// The world around a script.
pub(crate) struct Around<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) lookup: Lookup<'a>,
    pub(crate) context: &'a BTreeMap<String, String>,
}

/// Compiles the statements of the script `text`. `broken` are the streams of statements that were not read.
pub(crate) fn compile(
    text: &str,
    statements: &[Statement],
    broken: &[String],
    around: &Around<'_>,
) -> Compiled {
    let places = Places::new(text);
    let mut graph = Graph {
        around,
        places: &places,
        streams: BTreeMap::new(),
        broken: broken.iter().cloned().collect(),
        queries: Vec::new(),
        out: Compiled::default(),
    };
    for statement in statements {
        match statement {
            Statement::Stream(stream) => graph.declare(declared(stream), &stream.name),
            Statement::Query(query) => graph.queries.push(Asked::new(query, &places)),
        }
    }
    graph.resolve();
    graph.plan();
    graph.build();
    graph.out
}

/// A query of the script.
struct Asked<'a> {
    statement: &'a QueryStatement,
    reads: Vec<Named>,
    faults: Vec<Diagnostic>,
    /// Another mistake keeps it from being planned.
    blocked: bool,
    /// The columns of its rows, and the transform, once it is planned.
    planned: Option<SqlTransform>,
}

impl<'a> Asked<'a> {
    fn new(statement: &'a QueryStatement, places: &Places<'_>) -> Self {
        let (reads, faults) = streams(&statement.query, places);
        Self { statement, reads, blocked: !faults.is_empty(), faults, planned: None }
    }

    fn target(&self) -> Option<&'a str> {
        self.statement.into.as_ref().map(|into| into.text.as_str())
    }
}

struct Graph<'a> {
    around: &'a Around<'a>,
    places: &'a Places<'a>,
    streams: BTreeMap<String, Declared>,
    /// Streams whose declaration has a mistake.
    broken: BTreeSet<String>,
    queries: Vec<Asked<'a>>,
    out: Compiled,
}

impl Graph<'_> {
    fn declare(&mut self, declared: Result<Declared, Vec<Diagnostic>>, name: &Named) {
        let first = self.streams.get(&name.text).map(|first| first.name.span);
        if let Some(first) = first {
            let fault = twice(&name.text, first, name.span);
            self.out.found.push(fault.with_help("give one of the streams another name"));
        }
        match declared {
            Err(faults) => {
                self.out.found.extend(faults);
                self.broken.insert(name.text.clone());
            }
            Ok(declared) if first.is_none() => {
                self.streams.insert(name.text.clone(), declared);
            }
            Ok(_) => {}
        }
    }

    fn end(&self, name: &str) -> Option<&End> {
        self.streams.get(name)?.end.as_ref()
    }

    fn is_kind(&self, name: &str, kind: ComponentKind) -> bool {
        self.end(name).is_some_and(|end| end.kind == kind)
    }

    /// The queries that write an internal stream.
    fn writers(&self, name: &str) -> Vec<usize> {
        let is_writer = |query: &Asked<'_>| query.target() == Some(name);
        (0..self.queries.len()).filter(|n| is_writer(&self.queries[*n])).collect()
    }

    /// Finds the streams that queries name.
    fn resolve(&mut self) {
        for n in 0..self.queries.len() {
            let reads = self.queries[n].reads.clone();
            let mut faults = std::mem::take(&mut self.queries[n].faults);
            for read in &reads {
                faults.extend(self.unreadable(read));
                self.queries[n].blocked |= self.broken.contains(&read.text);
            }
            if reads.is_empty() && faults.is_empty() {
                let why = "the query reads no stream, so that it has nothing to begin with";
                faults.push(invalid(self.queries[n].statement.span, why).with_help("add FROM and a stream"));
            }
            if let Some(into) = &self.queries[n].statement.into {
                self.queries[n].blocked |= self.broken.contains(&into.text);
                if self.is_kind(&into.text, ComponentKind::Source) {
                    let why = format!("`{}` is a source, and no query writes to a source", into.text);
                    faults.push(invalid(into.span, why).with_other(self.streams[&into.text].name.span, "declared here"));
                }
            }
            self.queries[n].blocked |= !faults.is_empty();
            self.out.found.extend(faults);
        }
    }

    /// Why a query cannot read the stream, if it cannot.
    fn unreadable(&self, read: &Named) -> Option<Diagnostic> {
        let name = read.text.as_str();
        if self.broken.contains(name) {
            return None;
        }
        if self.is_kind(name, ComponentKind::Sink) {
            let why = format!("`{name}` is a sink, and no query reads a sink");
            return Some(invalid(read.span, why).with_other(self.streams[name].name.span, "declared here"));
        }
        if self.end(name).is_some() || !self.writers(name).is_empty() {
            return None;
        }
        if let Some(internal) = self.streams.get(name) {
            let why = format!("no query writes the stream `{name}`");
            let help = format!("add INSERT INTO {name} SELECT …, or WITH and a connector");
            return Some(invalid(read.span, why).with_other(internal.name.span, "declared here").with_help(help));
        }
        let is_readable = |name: &&str| !self.is_kind(name, ComponentKind::Sink);
        let known = self.streams.keys().map(String::as_str);
        let written = self.queries.iter().filter_map(Asked::target);
        let known: BTreeSet<&str> = known.chain(written).filter(is_readable).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let near = nearest(name, known.iter().copied());
        Some(unknown(read.span, "stream", name, near, &known).with_help(
            "a script declares each stream that it reads: CREATE STREAM name (columns) WITH (…)",
        ))
    }

    /// Plans the queries, each behind those that write what it reads.
    fn plan(&mut self) {
        let edges: Vec<Vec<usize>> = (0..self.queries.len())
            .map(|n| {
                let internal = self.queries[n].reads.iter().filter(|read| self.end(&read.text).is_none());
                internal.flat_map(|read| self.writers(&read.text)).collect()
            })
            .collect();
        match order(&edges) {
            Ok(order) => order.into_iter().for_each(|n| self.plan_query(n)),
            Err(circle) => self.refuse(&circle),
        }
    }

    /// A circle of queries: where one reads a stream, and where another one writes it.
    fn refuse(&mut self, Circle { reader, writer }: &Circle) {
        let into = self.queries[*writer].statement.into.as_ref();
        let Some(into) = into else { return };
        let read = self.queries[*reader].reads.iter().find(|read| read.text == into.text);
        let Some(read) = read else { return };
        let why = format!("the streams go in a circle: `{}` is read here, and written by a query that needs it", read.text);
        let help = "let the query write another stream";
        self.out.found.push(invalid(read.span, why).with_other(into.span, "written here").with_help(help));
    }

    fn plan_query(&mut self, n: usize) {
        let depends = self.queries[n].reads.iter();
        let writers: BTreeSet<usize> = depends
            .filter(|read| self.end(&read.text).is_none())
            .flat_map(|read| self.writers(&read.text))
            .collect();
        if self.queries[n].blocked || writers.iter().any(|n| self.queries[*n].planned.is_none()) {
            return;
        }
        let names: BTreeSet<&str> = self.queries[n].reads.iter().map(|read| read.text.as_str()).collect();
        let inputs: Vec<StreamDecl> = names.into_iter().map(|name| self.stream(name)).collect();
        let statement = self.queries[n].statement;
        let target = statement.into.as_ref().map(|into| (into.text.as_str(), self.target(&into.text)));
        let format = statement.into.as_ref().and_then(|into| self.streams.get(&into.text));
        let question = Question {
            label: self.label(n),
            query: statement.query.clone(),
            window: statement.window,
            inputs,
            target: target.as_ref().and_then(|(name, columns)| Some((*name, columns.as_deref()?))),
            format: format.map_or(Format::Json, |target| target.decl.format),
            places: self.places,
            span: statement.span,
        };
        let label = question.label.clone();
        match prepare(question) {
            Ok(planned) => {
                self.out.plans.push((label, Arc::clone(&planned.described)));
                self.queries[n].planned = Some(planned);
            }
            Err(faults) => self.out.found.extend(faults),
        }
    }

    /// The statement as errors at run time name it.
    fn label(&self, n: usize) -> String {
        let statement = self.queries[n].statement;
        let line = self.places.text()[..statement.span.start].matches('\n').count() + 1;
        match &statement.into {
            Some(into) => format!("line {line}: INSERT INTO {}", into.text),
            None => format!("line {line}: SELECT"),
        }
    }

    /// A stream as a query reads it.
    fn stream(&self, name: &str) -> StreamDecl {
        match self.streams.get(name) {
            Some(declared) if !declared.decl.columns.is_empty() => declared.decl.clone(),
            _ => StreamDecl::json(name, self.derived(name).unwrap_or_default()),
        }
    }

    /// The columns that the rows of a query have to have.
    fn target(&self, name: &str) -> Option<Vec<Column>> {
        match self.streams.get(name) {
            Some(declared) if !declared.decl.columns.is_empty() => Some(declared.decl.columns.clone()),
            // The first query that writes the stream says which columns it has.
            _ => self.derived(name),
        }
    }

    /// The columns of a stream that were not declared: those of the query that writes it.
    fn derived(&self, name: &str) -> Option<Vec<Column>> {
        let writers = self.writers(name);
        let first = writers.iter().find_map(|n| self.queries[*n].planned.as_ref())?;
        let column = |field: &Arc<datafusion::arrow::datatypes::Field>| Column {
            name: field.name().clone(),
            kind: ColumnType::of_field(field),
            pointer: None,
        };
        Some(first.rows.fields().iter().map(column).collect())
    }

    /// Builds the ends, and with them the pipeline.
    fn build(&mut self) {
        let mut ids = Ids::default();
        let mut builder = Pipeline::builder().parallel(true).context(self.around.context.clone());
        let reads: BTreeSet<&str> =
            self.queries.iter().flat_map(|query| &query.reads).map(|read| read.text.as_str()).collect();
        let has_queries = !self.queries.is_empty();
        let query_ids: Vec<Arc<str>> =
            (0..self.queries.len()).map(|n| ids.query(self.queries[n].target(), n, self.is_sink_of(n))).collect();
        let warnings = self.warnings(&reads);
        self.out.found.extend(warnings);
        for (name, declared) in &self.streams {
            let Some(end) = &declared.end else { continue };
            self.out.secrets.extend(components::secrets(end, self.around.registry));
            let id = ids.stream(name);
            let writers: Vec<Arc<str>> =
                self.writers(name).into_iter().map(|n| Arc::clone(&query_ids[n])).collect();
            let is_used = reads.contains(name.as_str()) || !writers.is_empty();
            let Around { registry, lookup, .. } = self.around;
            let built = match end.kind {
                ComponentKind::Source => components::source(declared, end, registry, lookup)
                    .map(|source| Built::Source(Arc::from(source))),
                _ => components::sink(declared, end, registry, lookup)
                    .map(|sink| Built::Sink(Arc::from(sink), writers)),
            };
            let built = match built {
                Err(faults) => {
                    self.out.found.extend(faults);
                    continue;
                }
                Ok(built) => built,
            };
            match built.alone(&id) {
                Err(panicked) => {
                    self.out.found.push(invalid(declared.name.span, panicked.to_string()));
                }
                Ok(component) => {
                    self.out.found.extend(placeholders(declared, &component, self.around.context));
                    self.out.ends.push(component);
                    if is_used {
                        builder = built.into_builder(builder, &id);
                    }
                }
            }
        }
        let shown = self.shown(&query_ids, &reads);
        for (n, query) in self.queries.iter().enumerate() {
            let Some(planned) = query.planned.clone() else { continue };
            let (transform, from) = self.wired(planned, &query_ids, &ids);
            let from: Vec<&str> = from.iter().map(|id| &**id).collect();
            builder = builder.transform(&query_ids[n], transform, &from);
        }
        if !shown.is_empty() {
            match self.around.registry.sinks.build(STDOUT, json!({})) {
                Err(_) => self.out.found.push(fault(None, ProblemKind::Unavailable {
                    what: "sink",
                    name: STDOUT.to_owned(),
                    feature: "sink-jsonl",
                })),
                Ok(sink) => {
                    let from: Vec<&str> = shown.iter().map(|id| &**id).collect();
                    builder = builder.sink(&ids.stream(STDOUT), sink, &from);
                }
            }
        }
        let is_refused = self.out.found.iter().any(|found| found.severity == Severity::Error);
        // A fault that another part of the program has found keeps a query from being planned.
        let is_planned = self.queries.iter().all(|query| query.planned.is_some());
        if is_refused || !has_queries || !is_planned {
            return;
        }
        match builder.build() {
            Ok(pipeline) => self.out.pipeline = Some(pipeline),
            Err(problems) => self.out.found.extend(problems.into_iter().map(|problem| {
                let mut found = fault(None, problem.kind.clone());
                found.problem = problem;
                found
            })),
        }
    }

    /// The streams that nobody uses, and those that nobody reads.
    fn warnings(&self, reads: &BTreeSet<&str>) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        let declared = self.streams.values().filter(|_| !self.queries.is_empty());
        for name in declared.map(|declared| &declared.name) {
            if !reads.contains(name.text.as_str()) && self.writers(&name.text).is_empty() {
                let why = format!("no query uses the stream `{}`; it is left out", name.text);
                warnings.push(invalid(name.span, why));
            }
        }
        let targets = self.queries.iter().filter_map(|query| query.statement.into.as_ref());
        let mut seen = BTreeSet::new();
        for into in targets.filter(|into| self.end(&into.text).is_none()) {
            if !reads.contains(into.text.as_str()) && seen.insert(&into.text) {
                let why = format!("no query reads the stream `{}`: its rows are written to stdout", into.text);
                warnings.push(invalid(into.span, why));
            }
        }
        warnings.iter_mut().for_each(|warning| warning.severity = Severity::Warning);
        warnings
    }

    fn is_sink_of(&self, n: usize) -> bool {
        self.queries[n].target().is_some_and(|into| self.is_kind(into, ComponentKind::Sink))
    }

    /// The queries whose rows go to stdout.
    fn shown(&self, query_ids: &[Arc<str>], reads: &BTreeSet<&str>) -> Vec<Arc<str>> {
        let shows = |query: &Asked<'_>| match query.target() {
            None => true,
            Some(into) => self.end(into).is_none() && !reads.contains(into),
        };
        let shown = (0..self.queries.len()).filter(|n| shows(&self.queries[*n]));
        shown.map(|n| Arc::clone(&query_ids[n])).collect()
    }

    /// The transform, told which component brings the records of which stream, and these components.
    fn wired(
        &self,
        transform: SqlTransform,
        query_ids: &[Arc<str>],
        ids: &Ids,
    ) -> (SqlTransform, Vec<Arc<str>>) {
        let mut feeds: Vec<(Arc<str>, usize)> = Vec::new();
        for (n, input) in transform.inputs.iter().enumerate() {
            match self.end(&input.name) {
                Some(_) => feeds.push((ids.known(&input.name), n)),
                None => {
                    let writers = self.writers(&input.name).into_iter();
                    feeds.extend(writers.map(|writer| (Arc::clone(&query_ids[writer]), n)));
                }
            }
        }
        let from = feeds.iter().map(|(id, _)| Arc::clone(id)).collect();
        (SqlTransform { feeds: Some(feeds.into()), ..transform }, from)
    }
}
