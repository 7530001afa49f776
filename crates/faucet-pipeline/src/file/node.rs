//! A value of YAML.

use std::fmt;

use faucet_core::{KeyPath, Problem, ProblemKind};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Location, Spanned};

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::file::places::{Place, Places};

/// A value, with the places of what is in it. A map has all its entries, also those with equal keys.
pub(crate) enum Node {
    Scalar(Value),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

/// Where the values of a tree go.
pub(crate) struct Collected<'a> {
    pub(crate) text: &'a str,
    pub(crate) places: Places,
    /// Keys that stand twice.
    pub(crate) found: Vec<Diagnostic>,
}

impl Collected<'_> {
    /// The value of `node` at `path`, a value of which `place` is known.
    pub(crate) fn value(&mut self, node: Spanned<Node>, path: &KeyPath) -> Value {
        match node.value {
            Node::Scalar(value) => value,
            Node::List(items) => {
                let items = items.into_iter().enumerate().map(|(index, item)| {
                    let path = path.clone().at(index);
                    let value = self.span_of(&item).or_else(|| self.first_line(&item));
                    self.places.insert(path.clone(), Place { key: None, value });
                    self.value(item, &path)
                });
                Value::Array(items.collect())
            }
            Node::Map(entries) => {
                let mut map = Map::new();
                for (key, item) in entries {
                    let path = path.clone().then(key.value.as_str());
                    let span = span(key.referenced);
                    if map.contains_key(&key.value) {
                        let first = self.places.get(&path).and_then(|place| place.key);
                        self.found.push(twice(path, first, span));
                        continue;
                    }
                    let value = self.span_of(&item);
                    self.places.insert(path.clone(), Place { key: span, value });
                    let value = self.value(item, &path);
                    map.insert(key.value, value);
                }
                Value::Object(map)
            }
        }
    }

    /// The first line of a block, which has no brackets.
    fn first_line(&self, node: &Spanned<Node>) -> Option<Span> {
        let start = span(node.referenced)?.start;
        let line = self.text.get(start..)?.lines().next()?.trim_end();
        Some(Span::new(start, start + line.len()))
    }

    fn span_of(&self, node: &Spanned<Node>) -> Option<Span> {
        let span = span(node.referenced).filter(|span| span.start < span.end)?;
        let rest = &self.text[span.start..];
        let end = match &node.value {
            Node::Scalar(_) => span.end,
            // The parser gives the place of the opening bracket; a block has none.
            _ if rest.starts_with(['{', '[']) => span.start + flow_len(rest)?,
            _ if rest.starts_with('*') => span.end,
            _ => return None,
        };
        let first_line = self.text[span.start..end].lines().next().unwrap_or_default();
        Some(Span::new(span.start, span.start + first_line.trim_end().len()))
    }
}

/// A key that stands in a map once more. The first value counts.
pub(crate) fn twice(path: KeyPath, first: Option<Span>, again: Option<Span>) -> Diagnostic {
    let kind = ProblemKind::Duplicate { of: path.clone() };
    let mut found = Diagnostic::new(Severity::Error, Problem::new(path, kind));
    found.span = again;
    found.others.extend(first);
    found
}

/// The parser's location as ours.
pub(crate) fn span(location: Location) -> Option<Span> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let len = usize::try_from(span.byte_len()?).ok()?;
    Some(Span::new(start, start + len))
}

/// The length of the list or map in brackets at the beginning of `text`.
fn flow_len(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut before) = (0_usize, None, ' ');
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open && before != '\\' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') if depth == 1 => return Some(at + 1),
            (None, '}' | ']') => depth -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // JSON has neither infinity nor NaN: they would become null, which unsets a key.
        let number = Some(value).filter(|value| value.is_finite());
        Ok(Node::Scalar(number.map_or_else(|| value.to_string().into(), Value::from)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Node, D::Error> {
        Node::deserialize(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}
