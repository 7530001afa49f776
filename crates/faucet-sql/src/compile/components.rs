//! The connectors behind the streams of a script.

use std::collections::HashMap;

use faucet_core::{
    ComponentKind, Entry, Problem, ProblemKind, Problems, Registry, SchemaView, Sink, Source,
    Table, nearest,
};
use faucet_pipeline::diagnostic::{Diagnostic, Span};
use faucet_pipeline::fill_variables;
use serde_json::{Map, Value};

use crate::compile::options::{Declared, End, OPTIONS};
use crate::rows::Format;
use crate::script::fault::{fault, invalid, unknown};
use crate::script::{Named, With as _};

/// Finds the values of `${NAME}`.
pub(crate) type Lookup<'a> = &'a (dyn Fn(&str) -> faucet_pipeline::Variable + Sync);

/// Builds the source behind a stream.
///
/// # Errors
/// Everything that is wrong with its options.
pub(crate) fn source(
    declared: &Declared,
    end: &End,
    registry: &Registry,
    lookup: Lookup<'_>,
) -> Result<Box<dyn Source>, Vec<Diagnostic>> {
    let format = match declared.decl.format {
        Format::Json => None,
        Format::Text => Some(("message_format", "raw_string")),
        Format::Bytes => Some(("message_format", "binary")),
    };
    build(declared, end, &registry.sources, format, lookup)
}

/// Builds the sink behind a stream.
///
/// # Errors
/// Everything that is wrong with its options.
pub(crate) fn sink(
    declared: &Declared,
    end: &End,
    registry: &Registry,
    lookup: Lookup<'_>,
) -> Result<Box<dyn Sink>, Vec<Diagnostic>> {
    let format = match declared.decl.format {
        Format::Json | Format::Text => None,
        Format::Bytes => Some(("message_type", "binary")),
    };
    build(declared, end, &registry.sinks, format, lookup)
}

fn build<T: ?Sized + 'static>(
    declared: &Declared,
    end: &End,
    table: &Table<T>,
    format: Option<(&str, &str)>,
    lookup: Lookup<'_>,
) -> Result<Box<T>, Vec<Diagnostic>> {
    let Some(entry) = table.find(&end.extension.text) else {
        return Err(vec![no_connector(&end.extension, table)]);
    };
    let mut options = filled(end, lookup)?;
    let schema = SchemaView::new(entry.schema());
    if let Some((key, value)) = format {
        let name = format!("{}.{key}", entry.name());
        // A connector that has the key would take the records for something else. Of the names that the
        // option map has for it, the longer one wins.
        let is_given = options.keys().any(|given| given.replace('.', "_").ends_with(key));
        if !schema.property(key).is_empty() && !is_given {
            options.insert(name, value.to_owned());
        }
    }
    entry.build_from_options(&options).map_err(|problems| explain(problems, declared, end, entry))
}

/// The options with the values of their variables.
fn filled(end: &End, lookup: Lookup<'_>) -> Result<HashMap<String, String>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut options = HashMap::new();
    for (name, value) in &end.options {
        let text = Value::String(value.text.clone());
        let mut tree = Value::Object(Map::from_iter([(name.clone(), text)]));
        for problem in fill_variables(&mut tree, lookup) {
            let Problem { kind, help, .. } = problem;
            let found = fault(Some(value.span), kind);
            faults.push(match help {
                Some(help) => found.with_help(help),
                None => found,
            });
        }
        options.insert(name.clone(), tree[name].as_str().unwrap_or_default().to_owned());
    }
    match faults.is_empty() {
        true => Ok(options),
        false => Err(faults),
    }
}

fn no_connector<T: ?Sized + 'static>(extension: &Named, table: &Table<T>) -> Diagnostic {
    let kind = match table.get(&extension.text) {
        Err(problem) => problem.kind,
        Ok(_) => ProblemKind::Missing,
    };
    fault(Some(extension.span), kind)
}

/// What a connector says about its options, at their places.
fn explain<T: ?Sized + 'static>(
    problems: Problems,
    declared: &Declared,
    end: &End,
    entry: &Entry<T>,
) -> Vec<Diagnostic> {
    let about = About { declared, end, known: known(entry) };
    problems.into_iter().map(|problem| about.explain(problem)).collect()
}

/// The names that the options of a connector have.
fn known<T: ?Sized + 'static>(entry: &Entry<T>) -> Vec<String> {
    let own = entry.options().iter().map(|option| option.name.to_owned());
    let keys = SchemaView::new(entry.schema()).keys();
    let keys = keys.iter().map(|key| format!("{}.{}", entry.name(), key.name));
    let language = OPTIONS.iter().map(|option| (*option).to_owned());
    let mut known: Vec<String> = own.chain(keys).chain(language).collect();
    known.sort();
    known.dedup();
    known
}

struct About<'a> {
    declared: &'a Declared,
    end: &'a End,
    known: Vec<String>,
}

impl About<'_> {
    fn place(&self, problem: &Problem) -> (Option<&Named>, Option<Span>) {
        let path = problem.path.to_string();
        let key = problem.path.first_key().unwrap_or_default();
        let name = |given: &&Named| given.text == path || given.text == key;
        let given = self.end.names.iter().find(name);
        let value = given.and_then(|given| self.end.options.get(&given.text));
        (given, value.map(|value| value.span))
    }

    fn explain(&self, problem: Problem) -> Diagnostic {
        let (name, value) = self.place(&problem);
        let at = self.declared.name.span;
        match &problem.kind {
            ProblemKind::UnknownKey { near } => {
                let name_at = name.map_or(at, |name| name.span);
                let text = name.map_or_else(|| problem.path.to_string(), |name| name.text.clone());
                let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
                // The options of the language have no dot in front.
                let own = nearest(&text, OPTIONS).filter(|_| !text.contains('.'));
                let near =
                    own.or(near.as_deref()).or_else(|| nearest(&text, known.iter().copied()));
                let found = unknown(name_at, "option", &text, near, &known);
                match problem.help {
                    Some(help) => found.with_help(help),
                    None => found,
                }
            }
            ProblemKind::Missing => {
                let connector = &self.end.extension.text;
                let why =
                    format!("the stream `{}` has no `{}`", self.declared.name.text, problem.path);
                let help = format!(
                    "the connector `{connector}` needs it: add \"{}\" = '…' to WITH",
                    problem.path
                );
                invalid(at, why).with_help(help)
            }
            kind => {
                let is_about_name = kind.is_about_key();
                let span = match is_about_name {
                    true => name.map(|name| name.span),
                    false => value,
                };
                let mut found = fault(Some(span.unwrap_or(at)), problem.kind.clone());
                found.problem = problem;
                found
            }
        }
    }
}

/// The places of values that are secrets, by the schema of their connector.
pub(crate) fn secrets(end: &End, registry: &Registry) -> Vec<Span> {
    let name = end.extension.text.as_str();
    let schema = match end.kind {
        ComponentKind::Sink => registry.sinks.find(name).map(Entry::schema),
        _ => registry.sources.find(name).map(Entry::schema),
    };
    let Some(schema) = schema.map(SchemaView::new) else {
        // Nobody knows which of them are.
        return end.options.values().map(|value| value.span).collect();
    };
    let is_secret = |option: &str| {
        let key = option.strip_prefix(name).and_then(|key| key.strip_prefix('.'));
        match key.and_then(|key| schema.find_dotted(key)) {
            Some((_, schema)) => schema.is_secret(),
            // A name of the option map, or a misspelled one.
            None => option.to_lowercase().contains("header"),
        }
    };
    let secret = end.options.iter().filter(|(option, _)| is_secret(option));
    secret.map(|(_, value)| value.span).collect()
}
