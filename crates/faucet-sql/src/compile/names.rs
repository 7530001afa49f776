//! Whether the streams that a script names are there.

use std::collections::BTreeSet;

use faucet_core::{ComponentKind, nearest};
use faucet_pipeline::diagnostic::Diagnostic;

use crate::compile::streams::{Asked, Streams};
use crate::script::fault::{invalid, unknown};
use crate::script::{Named, With as _};

impl Streams<'_> {
    /// Finds the streams that queries name, and blocks the queries that name others. With `incomplete` a
    /// stream may stand in a statement that cannot be read.
    pub(super) fn resolve(&mut self, incomplete: bool) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for n in 0..self.queries.len() {
            let reads = self.queries[n].reads.clone();
            let mut faults = std::mem::take(&mut self.queries[n].faults);
            for read in &reads {
                faults.extend(self.unreadable(read, incomplete));
                self.queries[n].blocked |= !self.is_known(&read.text);
            }
            if reads.is_empty() && faults.is_empty() {
                let why = "the query reads no stream, so that it has nothing to begin with";
                faults.push(
                    invalid(self.queries[n].statement.span, why).with_help("add FROM and a stream"),
                );
            }
            if let Some(into) = &self.queries[n].statement.into {
                self.queries[n].blocked |= self.broken.contains(&into.text);
                if self.is_kind(&into.text, ComponentKind::Source) {
                    let why =
                        format!("`{}` is a source, and no query writes to a source", into.text);
                    faults.push(
                        invalid(into.span, why)
                            .with_other(self.declared[&into.text].name.span, "declared here"),
                    );
                }
            }
            self.queries[n].blocked |= !faults.is_empty();
            found.extend(faults);
        }
        found
    }

    /// Why a query cannot read the stream, if it cannot.
    fn unreadable(&self, read: &Named, incomplete: bool) -> Option<Diagnostic> {
        let name = read.text.as_str();
        if self.broken.contains(name) {
            return None;
        }
        if self.is_kind(name, ComponentKind::Sink) {
            let why = format!("`{name}` is a sink, and no query reads a sink");
            return Some(
                invalid(read.span, why).with_other(self.declared[name].name.span, "declared here"),
            );
        }
        if self.end(name).is_some() || !self.writers(name).is_empty() {
            return None;
        }
        if let Some(internal) = self.declared.get(name) {
            let why = format!("no query writes the stream `{name}`");
            let help = format!("add INSERT INTO {name} SELECT …, or WITH and a connector");
            return Some(
                invalid(read.span, why)
                    .with_other(internal.name.span, "declared here")
                    .with_help(help),
            );
        }
        if incomplete {
            return None;
        }
        let is_readable = |name: &&str| !self.is_kind(name, ComponentKind::Sink);
        let known = self.declared.keys().map(String::as_str);
        let written = self.queries.iter().filter_map(Asked::target);
        let known: BTreeSet<&str> = known.chain(written).filter(is_readable).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let near = nearest(name, known.iter().copied());
        Some(unknown(read.span, "stream", name, near, &known).with_help(
            "a script declares each stream that it reads: CREATE STREAM name (columns) WITH (…)",
        ))
    }

    /// Looks at the dead letters of the streams that each query reads: a query has one.
    pub(super) fn letters(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for stream in self.declared.values() {
            let letter = stream.end.as_ref().and_then(|end| end.dead_letter.as_ref());
            let Some(letter) = letter else { continue };
            if !self.is_kind(&letter.text, ComponentKind::Sink)
                && !self.broken.contains(&letter.text)
            {
                let is_sink = |name: &&String| self.is_kind(name, ComponentKind::Sink);
                let known: Vec<&str> =
                    self.declared.keys().filter(is_sink).map(String::as_str).collect();
                let near = nearest(&letter.text, known.iter().copied());
                faults.push(unknown(letter.span, "sink", &letter.text, near, &known));
            }
        }
        for query in &self.queries {
            let ends = query.reads.iter().filter_map(|read| self.end(&read.text));
            let mut letters = ends.filter_map(|end| end.dead_letter.as_ref());
            if let Some(first) = letters.next()
                && let Some(other) = letters.find(|other| other.text != first.text)
            {
                let why =
                    "the streams that a query reads have two dead letters, and a query has one";
                faults
                    .push(invalid(other.span, why).with_other(first.span, "the other dead letter"));
            }
        }
        faults
    }
}
