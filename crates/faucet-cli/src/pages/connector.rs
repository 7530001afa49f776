//! The connectors of a build, of every kind alike.

use faucet_core::{ComponentKind, OptionKey, Registry, SchemaView, Table};
use serde_json::Value;

/// A connector, as its registry entry describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connector<'a> {
    pub(crate) kind: ComponentKind,
    pub(crate) name: &'a str,
    pub(crate) schema: &'a Value,
    pub(crate) options: &'a [OptionKey],
}

impl<'a> Connector<'a> {
    pub(crate) fn view(self) -> SchemaView<'a> {
        SchemaView::new(self.schema)
    }

    /// The topic of the connector, such as `source.websocket`.
    pub(crate) fn topic(self) -> String {
        [self.kind.as_str(), self.name].join(".")
    }

    /// Whether flat text configures the connector: a pipeline's transforms have no option map.
    pub(crate) fn has_option_map(self) -> bool {
        self.kind != ComponentKind::Transform
    }
}

/// The connectors of `registry`: sources, transforms and sinks, each in the order of registration.
pub(crate) fn connectors(registry: &Registry) -> Vec<Connector<'_>> {
    fn of<T: ?Sized + 'static>(table: &Table<T>) -> impl Iterator<Item = Connector<'_>> {
        table.iter().map(|entry| Connector {
            kind: table.kind(),
            name: entry.name(),
            schema: entry.schema(),
            options: entry.options(),
        })
    }
    let Registry { sources, transforms, sinks, .. } = registry;
    of(sources).chain(of(transforms)).chain(of(sinks)).collect()
}
