//! From TOML to a tree.

use faucet_core::{KeyPath, Problem, ProblemKind};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::file::node::twice;
use crate::file::places::{Place, Places};

/// Turns TOML into JSON values. What breaks the format does not hide the rest.
pub(crate) fn parse(text: &str) -> (Value, Places, Vec<Diagnostic>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut toml = Toml { text, places: Places::default(), found: Vec::new() };
    let value = toml.table(root.get_ref(), &KeyPath::root());
    let mut told: Vec<usize> = Vec::new();
    for error in errors {
        let start = error.span().map(|span| span.start.min(text.len()));
        let line = start.map(|start| text[..start].rfind('\n').map_or(0, |at| at + 1));
        // A line has at most one mistake that matters: the others follow from it.
        if line.is_some_and(|line| told.contains(&line)) {
            continue;
        }
        told.extend(line);
        toml.syntax(&error);
    }
    (value, toml.places, toml.found)
}

struct Toml<'a> {
    text: &'a str,
    places: Places,
    found: Vec<Diagnostic>,
}

impl Toml<'_> {
    fn syntax(&mut self, error: &toml::de::Error) {
        let span = error.span().map(|range| Span::new(range.start, range.end));
        let why = error.message();
        let mut found = syntax(why, span);
        if let Some(span) = span.filter(|_| why.contains("duplicate key")) {
            let (path, again) = self.key_at(span.start.min(self.text.len()));
            let first = self.places.get(&path).and_then(|place| place.key);
            found = twice(path, first, Some(again));
        }
        self.found.push(found);
    }

    /// The path of the key that stands at `start`, and its place.
    fn key_at(&self, start: usize) -> (KeyPath, Span) {
        let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"');
        let rest = self.text[start..].trim_start_matches(['[', ' ']);
        let at = self.text.len() - rest.len();
        let key = rest.split(|c| !is_key(c)).next().unwrap_or_default();
        let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let header = match self.text[line..].starts_with('[') {
            true => "",
            false => {
                let above = self.text[..line].lines().rev().map(str::trim);
                let header = above.filter_map(|line| line.strip_prefix('[')).next();
                header.and_then(|header| header.split(']').next()).unwrap_or_default()
            }
        };
        let keys = header.split('.').chain(key.split('.')).map(|key| key.trim().trim_matches('"'));
        let path = keys.filter(|key| !key.is_empty()).fold(KeyPath::root(), KeyPath::then);
        (path, Span::new(at, at + key.len()))
    }

    fn table(&mut self, table: &DeTable<'_>, path: &KeyPath) -> Value {
        let mut object = Map::new();
        for (key, value) in table {
            let path = path.clone().then(key.get_ref().as_ref());
            let span = Span::new(key.span().start, key.span().end);
            self.places.insert(path.clone(), Place { key: Some(span), value: self.span_of(value) });
            if let Some(value) = self.value(value.get_ref(), &path) {
                object.insert(key.get_ref().to_string(), value);
            }
        }
        Value::Object(object)
    }

    /// The place of a value, up to the end of its first line.
    fn span_of(&self, value: &Spanned<DeValue<'_>>) -> Option<Span> {
        // The place of a table is that of its header.
        if matches!(value.get_ref(), DeValue::Table(_))
            && !self.text.get(value.span())?.starts_with('{')
        {
            return None;
        }
        let text = self.text.get(value.span())?;
        let line = text.lines().next().unwrap_or_default().trim_end();
        Some(Span::new(value.span().start, value.span().start + line.len()))
    }

    fn value(&mut self, value: &DeValue<'_>, path: &KeyPath) -> Option<Value> {
        Some(match value {
            DeValue::String(text) => text.as_ref().into(),
            DeValue::Boolean(value) => (*value).into(),
            DeValue::Datetime(moment) => moment.to_string().into(),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => number.into(),
                    Err(_) => return self.refused(path, "the number is too large"),
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => number.into(),
                // As in YAML: text, so that the key says what it takes.
                _ => number.as_str().into(),
            },
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let path = path.clone().at(index);
                    let value = self.span_of(item);
                    self.places.insert(path.clone(), Place { key: None, value });
                    list.push(self.value(item.get_ref(), &path).unwrap_or_default());
                }
                Value::Array(list)
            }
            DeValue::Table(table) => self.table(table, path),
        })
    }

    fn refused(&mut self, path: &KeyPath, why: &str) -> Option<Value> {
        let problem = Problem::invalid(path.clone(), why);
        self.found.push(Diagnostic::new(Severity::Error, problem));
        None
    }
}

/// What breaks a format.
pub(crate) fn syntax(why: impl Into<String>, span: Option<Span>) -> Diagnostic {
    let kind = ProblemKind::Syntax { why: why.into() };
    let mut found = Diagnostic::new(Severity::Error, Problem::new(KeyPath::root(), kind));
    found.span = span;
    found
}
