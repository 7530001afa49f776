//! From the statements of a script to a pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faucet_pipeline::diagnostic::Diagnostic;

use crate::compile::assembly::Assembly;
use crate::compile::compiled::{Around, Compiled};
use crate::compile::options::{Declared, declared};
use crate::compile::order::{Circle, order};
use crate::compile::prepare::{Question, prepare};
use crate::compile::stream::StreamDecl;
use crate::compile::streams::{Asked, Streams};
use crate::rows::Format;
use crate::script::fault::{invalid, twice};
use crate::script::{Named, Places, Statement, With as _};

/// Compiles the statements of the script `text`. `broken` are the streams of statements that were not read.
pub(crate) fn compile(
    text: &str,
    statements: &[Statement],
    broken: &[String],
    around: &Around<'_>,
) -> Compiled {
    let places = Places::new(text);
    let streams = Streams {
        declared: BTreeMap::new(),
        broken: broken.iter().cloned().collect(),
        queries: Vec::new(),
    };
    let mut graph = Graph { places: &places, streams, out: Compiled::default() };
    for statement in statements {
        match statement {
            Statement::Stream(stream) => graph.declare(declared(stream), &stream.name),
            Statement::Query(query) => graph.streams.queries.push(Asked::new(query, &places)),
        }
    }
    graph.out.found.extend(graph.streams.resolve(around.incomplete));
    graph.out.found.extend(graph.streams.letters());
    graph.plan();
    let Graph { streams, out, .. } = graph;
    Assembly::new(around, &streams, out).build()
}

struct Graph<'a> {
    places: &'a Places<'a>,
    streams: Streams<'a>,
    out: Compiled,
}

impl Graph<'_> {
    fn declare(&mut self, declared: Result<Declared, Vec<Diagnostic>>, name: &Named) {
        let first = self.streams.declared.get(&name.text).map(|first| first.name.span);
        if let Some(first) = first {
            let fault = twice(&name.text, first, name.span);
            self.out.found.push(fault.with_help("give one of the streams another name"));
        }
        match declared {
            Err(faults) => {
                self.out.found.extend(faults);
                self.streams.broken.insert(name.text.clone());
            }
            Ok(declared) if first.is_none() => {
                self.streams.declared.insert(name.text.clone(), declared);
            }
            Ok(_) => {}
        }
    }

    /// Plans the queries, each behind those that write what it reads.
    fn plan(&mut self) {
        let edges: Vec<Vec<usize>> = (0..self.streams.queries.len())
            .map(|n| {
                let internal = self.streams.queries[n]
                    .reads
                    .iter()
                    .filter(|read| self.streams.end(&read.text).is_none());
                internal.flat_map(|read| self.streams.writers(&read.text)).collect()
            })
            .collect();
        match order(&edges) {
            Ok(order) => order.into_iter().for_each(|n| self.plan_query(n)),
            Err(circle) => self.refuse(&circle),
        }
    }

    /// A circle of queries: where one reads a stream, and where another one writes it.
    fn refuse(&mut self, Circle { reader, writer }: &Circle) {
        let into = self.streams.queries[*writer].statement.into.as_ref();
        let Some(into) = into else { return };
        let read = self.streams.queries[*reader].reads.iter().find(|read| read.text == into.text);
        let Some(read) = read else { return };
        let why = format!(
            "the streams go in a circle: `{}` is read here, and written by a query that needs it",
            read.text
        );
        let help = "let the query write another stream";
        self.out
            .found
            .push(invalid(read.span, why).with_other(into.span, "written here").with_help(help));
    }

    fn plan_query(&mut self, n: usize) {
        let depends = self.streams.queries[n].reads.iter();
        let writers: BTreeSet<usize> = depends
            .filter(|read| self.streams.end(&read.text).is_none())
            .flat_map(|read| self.streams.writers(&read.text))
            .collect();
        if self.streams.queries[n].blocked
            || writers.iter().any(|n| self.streams.queries[*n].planned.is_none())
        {
            return;
        }
        let names: BTreeSet<&str> =
            self.streams.queries[n].reads.iter().map(|read| read.text.as_str()).collect();
        let inputs: Vec<StreamDecl> =
            names.into_iter().map(|name| self.streams.stream(name)).collect();
        let statement = self.streams.queries[n].statement;
        let target = statement
            .into
            .as_ref()
            .map(|into| (into.text.as_str(), self.streams.target(&into.text)));
        let format = statement.into.as_ref().and_then(|into| self.streams.declared.get(&into.text));
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
                self.streams.queries[n].planned = Some(planned);
            }
            Err(faults) => self.out.found.extend(faults),
        }
    }

    /// The statement as errors at run time name it.
    fn label(&self, n: usize) -> String {
        let statement = self.streams.queries[n].statement;
        let line = self.places.text()[..statement.span.start].matches('\n').count() + 1;
        match &statement.into {
            Some(into) => format!("line {line}: INSERT INTO {}", into.text),
            None => format!("line {line}: SELECT"),
        }
    }
}
