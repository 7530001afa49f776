//! From planned queries to a pipeline.

use std::collections::BTreeSet;
use std::sync::Arc;

use faucet_core::{ComponentKind, ProblemKind};
use faucet_pipeline::diagnostic::{Diagnostic, Severity};
use faucet_pipeline::{Pipeline, PipelineBuilder};
use serde_json::json;

use crate::compile::compiled::{Around, Compiled};
use crate::compile::components;
use crate::compile::ends::{Built, placeholders};
use crate::compile::ids::Ids;
use crate::compile::options::Declared;
use crate::compile::streams::{Asked, Streams};
use crate::script::With as _;
use crate::script::fault::{fault, invalid};
use crate::transform::SqlTransform;

/// The name of the sink that shows rows.
const STDOUT: &str = "stdout";

/// Puts the pipeline together.
pub(super) struct Assembly<'a> {
    around: &'a Around<'a>,
    streams: &'a Streams<'a>,
    ids: Ids,
    /// The component of each query.
    queries: Vec<Arc<str>>,
    /// The names of the streams that queries read.
    reads: BTreeSet<&'a str>,
    out: Compiled,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(around: &'a Around<'a>, streams: &'a Streams<'a>, out: Compiled) -> Self {
        let mut ids = Ids::default();
        let named =
            |(n, query): (usize, &Asked<'_>)| ids.query(query.target(), n, streams.is_sink_of(n));
        let queries = streams.queries.iter().enumerate().map(named).collect();
        let reads = streams.queries.iter().flat_map(|query| &query.reads);
        let reads = reads.map(|read| read.text.as_str()).collect();
        Self { around, streams, ids, queries, reads, out }
    }

    /// Builds the ends, and with them the pipeline.
    pub(super) fn build(mut self) -> Compiled {
        let context = self.around.context.clone();
        let mut builder = Pipeline::builder().parallel(true).context(context);
        for (name, declared) in &self.streams.declared {
            builder = self.end(builder, name, declared);
        }
        builder = self.transforms(builder);
        builder = self.stdout(builder);
        let is_refused = self.out.found.iter().any(|found| found.severity == Severity::Error);
        // What a query that is not planned would take or give is missing.
        let is_whole = self.streams.queries.iter().all(|query| query.planned.is_some());
        if is_refused || self.around.incomplete || !is_whole || self.queries.is_empty() {
            return self.out;
        }
        match builder.build() {
            Ok(pipeline) => self.out.pipeline = Some(pipeline),
            Err(problems) => self.out.found.extend(problems.into_iter().map(|problem| {
                let mut found = fault(None, problem.kind.clone());
                found.problem = problem;
                found
            })),
        }
        self.out
    }

    /// Builds the source or sink of a stream.
    fn end(
        &mut self,
        builder: PipelineBuilder,
        name: &str,
        declared: &Declared,
    ) -> PipelineBuilder {
        let writers = self.streams.writers(name).into_iter();
        let writers: Vec<Arc<str>> = writers.map(|n| Arc::clone(&self.queries[n])).collect();
        let is_used =
            self.reads.contains(name) || !writers.is_empty() || self.streams.takes_letters(name);
        if !self.queries.is_empty() && !is_used {
            let why = format!("no query uses the stream `{name}`; it is left out");
            self.out.found.push(warning(invalid(declared.name.span, why)));
        }
        let Some(end) = &declared.end else { return builder };
        self.out.secrets.extend(components::secrets(end, self.around.registry));
        let id = self.ids.stream(name);
        let Around { registry, lookup, context, .. } = *self.around;
        let built = match end.kind {
            ComponentKind::Source => components::source(declared, end, registry, lookup)
                .map(|source| Built::Source(Arc::from(source))),
            _ => components::sink(declared, end, registry, lookup)
                .map(|sink| Built::Sink(Arc::from(sink), writers)),
        };
        let built = match built {
            Ok(built) => built,
            Err(faults) => {
                self.out.found.extend(faults);
                return builder;
            }
        };
        match built.alone(&id) {
            Err(panicked) => {
                self.out.found.push(invalid(declared.name.span, panicked.to_string()));
                builder
            }
            Ok(component) => {
                self.out.found.extend(placeholders(declared, &component, context));
                self.out.ends.push(component);
                if is_used { built.into_builder(builder, &id) } else { builder }
            }
        }
    }

    fn transforms(&self, mut builder: PipelineBuilder) -> PipelineBuilder {
        for (n, query) in self.streams.queries.iter().enumerate() {
            let Some(planned) = query.planned.clone() else { continue };
            let id = &self.queries[n];
            let (transform, from) = self.wired(planned);
            let from: Vec<&str> = from.iter().map(|id| &**id).collect();
            builder = builder.transform(id, transform, &from);
            if let Some(letter) = self.streams.letter_of(n) {
                builder = builder.dead_letter(id, &self.ids.known(&letter.text));
            }
        }
        builder
    }

    /// Shows the rows that no stream takes, and those of streams that nothing reads.
    fn stdout(&mut self, builder: PipelineBuilder) -> PipelineBuilder {
        let (mut shown, mut told) = (Vec::new(), BTreeSet::new());
        for (query, id) in self.streams.queries.iter().zip(&self.queries) {
            let Some(into) = &query.statement.into else {
                shown.push(Arc::clone(id));
                continue;
            };
            let name = into.text.as_str();
            if self.streams.end(name).is_some() || self.reads.contains(name) {
                continue;
            }
            shown.push(Arc::clone(id));
            if !told.insert(name) {
                continue;
            }
            let why = format!("no query reads the stream `{name}`: its rows are written to stdout");
            let help = format!(
                "declare it as a sink, CREATE STREAM {name} (…) WITH (…), or read it in a query"
            );
            self.out.found.push(warning(invalid(into.span, why).with_help(help)));
        }
        if shown.is_empty() {
            return builder;
        }
        let Ok(sink) = self.around.registry.sinks.build(STDOUT, json!({})) else {
            let (what, name, feature) = ("sink", STDOUT.to_owned(), "sink-jsonl");
            self.out.found.push(fault(None, ProblemKind::Unavailable { what, name, feature }));
            return builder;
        };
        let from: Vec<&str> = shown.iter().map(|id| &**id).collect();
        builder.sink(&self.ids.stream(STDOUT), sink, &from)
    }

    /// The transform, told which component brings the records of which stream, and these components.
    fn wired(&self, transform: SqlTransform) -> (SqlTransform, Vec<Arc<str>>) {
        let mut feeds: Vec<(Arc<str>, usize)> = Vec::new();
        for (n, input) in transform.inputs.iter().enumerate() {
            match self.streams.end(&input.name) {
                Some(_) => feeds.push((self.ids.known(&input.name), n)),
                None => {
                    let writers = self.streams.writers(&input.name).into_iter();
                    feeds.extend(writers.map(|writer| (Arc::clone(&self.queries[writer]), n)));
                }
            }
        }
        let from = feeds.iter().map(|(id, _)| Arc::clone(id)).collect();
        (SqlTransform { feeds: Some(feeds.into()), ..transform }, from)
    }
}

fn warning(mut found: Diagnostic) -> Diagnostic {
    found.severity = Severity::Warning;
    found
}
