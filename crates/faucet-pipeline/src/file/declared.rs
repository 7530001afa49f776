//! The components that a file names, in the short form or the long one.

use std::collections::BTreeMap;

use faucet_core::{ComponentKind, KeyPath};
use serde_json::Value;

use crate::file::keys::FileKeys;

/// A component as the file has it.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) kind: ComponentKind,
    pub(crate) id: String,
    /// Where it stands in the file.
    pub(crate) place: KeyPath,
    pub(crate) value: Value,
    /// The component whose pages it takes where it has no `from`. `None`: no one component is meant
    /// by its place.
    pub(crate) before: Option<String>,
}

/// The name of the map of all components of a kind.
pub(crate) fn section(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Source => "sources",
        ComponentKind::Transform => "transforms",
        _ => "sinks",
    }
}

/// All components of the file: sources, transforms, sinks.
pub(crate) fn declared(keys: &mut FileKeys) -> Vec<Declared> {
    let mut all = Vec::new();
    if let Some(source) = keys.source.take() {
        all.push(short(ComponentKind::Source, source, None));
    }
    all.extend(long(ComponentKind::Source, keys.sources.take()));
    let only_source = match &all[..] {
        [only] => Some(only.id.clone()),
        _ => None,
    };
    let mut before = only_source;
    match keys.transform.take() {
        Some(Value::Array(list)) => {
            for (n, value) in list.into_iter().enumerate() {
                let transform = Declared {
                    kind: ComponentKind::Transform,
                    id: format!("transform_{}", n + 1),
                    place: KeyPath::key("transform").at(n),
                    value,
                    before,
                };
                before = Some(transform.id.clone());
                all.push(transform);
            }
        }
        Some(one) => {
            let transform = short(ComponentKind::Transform, one, before);
            before = Some(transform.id.clone());
            all.push(transform);
        }
        // The transforms of a map have no order.
        None if keys.transforms.as_ref().is_some_and(|map| !map.is_empty()) => before = None,
        None => {}
    }
    all.extend(long(ComponentKind::Transform, keys.transforms.take()));
    if let Some(sink) = keys.sink.take() {
        all.push(short(ComponentKind::Sink, sink, before));
    }
    all.extend(long(ComponentKind::Sink, keys.sinks.take()));
    all
}

fn short(kind: ComponentKind, value: Value, before: Option<String>) -> Declared {
    let id = kind.as_str();
    Declared { kind, id: id.to_owned(), place: id.into(), value, before }
}

fn long(
    kind: ComponentKind,
    components: Option<BTreeMap<String, Value>>,
) -> impl Iterator<Item = Declared> {
    components.into_iter().flatten().map(move |(id, value)| {
        let place = KeyPath::key(section(kind)).then(id.as_str());
        Declared { kind, id, place, value, before: None }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_component_has_a_name_a_place_and_perhaps_one_before_it() {
        for (file, expected) in [
            (
                json!({"source": {}, "sink": {}}),
                vec![("source", "source", ""), ("sink", "sink", "source")],
            ),
            (
                json!({"source": {}, "transform": {}, "sink": {}}),
                vec![
                    ("source", "source", ""),
                    ("transform", "transform", "source"),
                    ("sink", "sink", "transform"),
                ],
            ),
            (
                json!({"sources": {"a": {}}, "transform": [{}, {}], "sink": {}}),
                vec![
                    ("a", "sources.a", ""),
                    ("transform_1", "transform[0]", "a"),
                    ("transform_2", "transform[1]", "transform_1"),
                    ("sink", "sink", "transform_2"),
                ],
            ),
            (
                json!({"sources": {"a": {}, "b": {}}, "transform": {}, "sink": {}}),
                vec![
                    ("a", "sources.a", ""),
                    ("b", "sources.b", ""),
                    ("transform", "transform", ""),
                    ("sink", "sink", "transform"),
                ],
            ),
            (
                json!({"source": {}, "transforms": {"t": {}}, "sink": {}}),
                vec![("source", "source", ""), ("t", "transforms.t", ""), ("sink", "sink", "")],
            ),
            (
                json!({"source": {}, "transform": [], "sinks": {"k": {}}}),
                vec![("source", "source", ""), ("k", "sinks.k", "")],
            ),
        ] {
            let mut keys: FileKeys = faucet_core::decode(file).unwrap();
            let all = declared(&mut keys);
            let found: Vec<_> = all
                .iter()
                .map(|one| {
                    (&*one.id, one.place.to_string(), one.before.as_deref().unwrap_or_default())
                })
                .collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(id, place, from)| (id, place.to_owned(), from))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
