//! The streams of a script, and the queries over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use faucet_core::ComponentKind;
use faucet_pipeline::diagnostic::Diagnostic;

use crate::compile::options::{Declared, End};
use crate::compile::stream::StreamDecl;
use crate::schema::{Column, ColumnType};
use crate::script::{Named, Places, QueryStatement, streams};
use crate::transform::SqlTransform;

/// A query of the script.
pub(super) struct Asked<'a> {
    pub(super) statement: &'a QueryStatement,
    pub(super) reads: Vec<Named>,
    pub(super) faults: Vec<Diagnostic>,
    /// Another mistake keeps it from being planned.
    pub(super) blocked: bool,
    /// The columns of its rows, and the transform, once it is planned.
    pub(super) planned: Option<SqlTransform>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(statement: &'a QueryStatement, places: &Places<'_>) -> Self {
        let (reads, faults) = streams(&statement.query, places);
        Self { statement, reads, blocked: !faults.is_empty(), faults, planned: None }
    }

    pub(super) fn target(&self) -> Option<&'a str> {
        self.statement.into.as_ref().map(|into| into.text.as_str())
    }
}

/// The streams of a script, and the queries over them.
pub(super) struct Streams<'a> {
    pub(super) declared: BTreeMap<String, Declared>,
    /// Streams whose declaration has a mistake.
    pub(super) broken: BTreeSet<String>,
    pub(super) queries: Vec<Asked<'a>>,
}

impl Streams<'_> {
    pub(super) fn end(&self, name: &str) -> Option<&End> {
        self.declared.get(name)?.end.as_ref()
    }

    pub(super) fn is_kind(&self, name: &str, kind: ComponentKind) -> bool {
        self.end(name).is_some_and(|end| end.kind == kind)
    }

    /// The queries that write an internal stream.
    pub(super) fn writers(&self, name: &str) -> Vec<usize> {
        let is_writer = |query: &Asked<'_>| query.target() == Some(name);
        (0..self.queries.len()).filter(|n| is_writer(&self.queries[*n])).collect()
    }

    /// Whether the stream is there, or a query writes it.
    pub(super) fn is_known(&self, name: &str) -> bool {
        self.declared.contains_key(name) || !self.writers(name).is_empty()
    }

    /// Whether the stream takes what other streams bring and queries cannot read.
    pub(super) fn takes_letters(&self, name: &str) -> bool {
        let ends = self.declared.values().filter_map(|stream| stream.end.as_ref());
        ends.filter_map(|end| end.dead_letter.as_ref()).any(|letter| letter.text == name)
    }

    /// The stream that takes what a query cannot read.
    pub(super) fn letter_of(&self, n: usize) -> Option<&Named> {
        let ends = self.queries[n].reads.iter().filter_map(|read| self.end(&read.text));
        ends.filter_map(|end| end.dead_letter.as_ref()).next()
    }

    /// A stream as a query reads it.
    pub(super) fn stream(&self, name: &str) -> StreamDecl {
        match self.declared.get(name) {
            Some(declared) if !declared.decl.columns.is_empty() => declared.decl.clone(),
            _ => StreamDecl::json(name, self.derived(name).unwrap_or_default()),
        }
    }

    /// The columns that the rows of a query have to have.
    pub(super) fn target(&self, name: &str) -> Option<Vec<Column>> {
        match self.declared.get(name) {
            Some(declared) if !declared.decl.columns.is_empty() => {
                Some(declared.decl.columns.clone())
            }
            // The first query that writes the stream says which columns it has.
            _ => self.derived(name),
        }
    }

    /// The columns of a stream that were not declared: those of the query that writes it.
    pub(super) fn derived(&self, name: &str) -> Option<Vec<Column>> {
        let writers = self.writers(name);
        let first = writers.iter().find_map(|n| self.queries[*n].planned.as_ref())?;
        let column = |field: &Arc<Field>| Column {
            name: field.name().clone(),
            kind: ColumnType::of_field(field),
            pointer: None,
        };
        Some(first.rows.fields().iter().map(column).collect())
    }

    pub(super) fn is_sink_of(&self, n: usize) -> bool {
        self.queries[n].target().is_some_and(|into| self.is_kind(into, ComponentKind::Sink))
    }
}
