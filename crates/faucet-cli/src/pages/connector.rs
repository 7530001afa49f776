//! The connectors of a build, of every kind alike.

use faucet_core::{ComponentKind, OptionKey, Problem, Problems, Registry, SchemaView, Table};
use faucet_pipeline::component_schema;
use serde_json::Value;

/// The kinds of components, in the order in which records pass them.
pub(crate) const KINDS: [ComponentKind; 3] =
    [ComponentKind::Source, ComponentKind::Transform, ComponentKind::Sink];

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

    /// The schema in the form that editors work with best.
    pub(crate) fn schema_for_editors(self, registry: &Registry) -> Value {
        let (kind, name) = (self.kind, self.name);
        let schema = match kind {
            ComponentKind::Source => {
                registry.sources.find(name).map(|entry| component_schema(kind, entry))
            }
            ComponentKind::Transform => {
                registry.transforms.find(name).map(|entry| component_schema(kind, entry))
            }
            _ => registry.sinks.find(name).map(|entry| component_schema(kind, entry)),
        };
        schema.unwrap_or_else(|| self.schema.clone())
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

/// The connector `name` of a kind.
///
/// # Errors
/// At the key `type`: an unknown name, or a connector that is not part of this build.
pub(crate) fn find<'a>(
    registry: &'a Registry,
    kind: ComponentKind,
    name: &str,
) -> Result<Connector<'a>, Problem> {
    match kind {
        ComponentKind::Source => registry.sources.get(name).map(drop)?,
        ComponentKind::Transform => registry.transforms.get(name).map(drop)?,
        _ => registry.sinks.get(name).map(drop)?,
    }
    let mut all = connectors(registry).into_iter();
    let found = all.find(|connector| connector.kind == kind && connector.name == name);
    found.ok_or_else(|| Problem::missing("type"))
}

/// The problems of a configuration of `connector`.
///
/// # Errors
/// All problems together.
pub(crate) fn validate(
    registry: &Registry,
    connector: Connector<'_>,
    config: Value,
) -> Result<(), Problems> {
    match connector.kind {
        ComponentKind::Source => registry.sources.build(connector.name, config).map(drop),
        ComponentKind::Transform => registry.transforms.build(connector.name, config).map(drop),
        _ => registry.sinks.build(connector.name, config).map(drop),
    }
}
