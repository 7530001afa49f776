//! From TOML to a tree.

use faucet_core::{KeyPath, Problem, ProblemKind};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Advice, Diagnostic, Severity, Span};
use crate::file::places::{Place, Places};
use crate::file::slips;

/// Turns TOML into JSON values. What breaks the format does not hide the rest.
pub(crate) fn parse(text: &str) -> (Value, Places, Vec<Diagnostic>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut toml = Toml { text, places: Places::default(), found: Vec::new() };
    for error in errors {
        toml.syntax(&error);
    }
    let value = toml.table(root.get_ref(), &KeyPath::root());
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
        let why = error.message().to_owned();
        let mut found = syntax(why.clone(), span);
        let end = self.text.len();
        if let Some(start) = span.map(|span| span.start.min(end)) {
            let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
            let line = self.text[line_start..].lines().next().unwrap_or_default();
            // A line has at most one mistake that matters: the others follow from it.
            let is_told = |other: &Diagnostic| {
                other.span.is_some_and(|span| {
                    (line_start..=line_start + line.len()).contains(&span.start)
                })
            };
            if self.found.iter().any(is_told) {
                return;
            }
            if let Some((key, value)) = line.split_once('=') {
                let bare = value.split(" #").next().unwrap_or_default().trim();
                let is_bare = bare.starts_with(|c: char| c.is_alphabetic() || c == '{' || c == '/');
                if is_bare && !bare.contains(['"', '\'']) {
                    let at = line_start + key.len() + 1 + value.find(bare).unwrap_or_default();
                    found.span = Some(Span::new(at, at + bare.len()));
                    found.advice = Some(Advice::Quote {
                        quoted: Some(slips::quoted(bare)),
                        because: "text of TOML stands in quotes",
                    });
                }
            }
            if why.contains("duplicate key") {
                found.problem.kind = duplicate(&mut found, self.text, start);
            }
        }
        self.found.push(found);
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

/// The kind of a problem with a key that stands twice. Names the key.
fn duplicate(found: &mut Diagnostic, text: &str, start: usize) -> ProblemKind {
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"');
    let rest = text[start..].trim_start_matches(['[', ' ']);
    let at = text.len() - rest.len();
    let key = rest.split(|c| !is_key(c)).next().unwrap_or_default();
    found.span = Some(Span::new(at, at + key.len()));
    let path = key.split('.').fold(KeyPath::root(), |path, key| path.then(key.trim_matches('"')));
    found.problem.path = path.clone();
    ProblemKind::Duplicate { of: path }
}

/// What breaks a format.
pub(crate) fn syntax(why: impl Into<String>, span: Option<Span>) -> Diagnostic {
    let kind = ProblemKind::Syntax { why: why.into() };
    let mut found = Diagnostic::new(Severity::Error, Problem::new(KeyPath::root(), kind));
    found.span = span;
    found
}
