//! A new pipeline file as data: the keys that are set, and those that stand there as comments.

use faucet_core::{
    ComponentKind, Error, KeyPath, Problem, Problems, Registry, Result, SchemaView, template,
};
use serde_json::{Map, Value, json};

use crate::pages::connector::{KINDS, connectors, find};
use crate::pages::filling::filled;
use crate::pages::meaning::{default_and_meaning, is_nothing, only_with};
use crate::pages::tree::{Key, keys};
use crate::pages::value::example;
use crate::pages::words::sentence;

/// A pipeline file that is to be written.
#[derive(Debug)]
pub(crate) struct Skeleton {
    pub(crate) components: Vec<Section>,
    /// The file's own keys.
    pub(crate) file: Vec<Entry>,
    /// Values of the placeholders.
    pub(crate) context: Map<String, Value>,
    /// Mistakes that the connectors still find.
    pub(crate) problems: Problems,
}

/// A component.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) kind: ComponentKind,
    pub(crate) connector: String,
    pub(crate) entries: Vec<Entry>,
}

/// A key with a value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) comment: String,
    pub(crate) value: Value,
    /// Whether the key is set, or stands there as a comment.
    pub(crate) is_set: bool,
}

/// The connectors that the user named.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Named<'a> {
    pub(crate) source: Option<&'a str>,
    pub(crate) transform: Option<&'a str>,
    pub(crate) sink: Option<&'a str>,
}

impl<'a> Named<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.source.is_none() && self.transform.is_none() && self.sink.is_none()
    }

    fn of(self, kind: ComponentKind) -> Option<&'a str> {
        match kind {
            ComponentKind::Source => self.source,
            ComponentKind::Transform => self.transform,
            ComponentKind::Sink => self.sink,
            _ => None,
        }
    }
}

/// The pipeline that `init` writes where no component is named: it runs against `feed`.
fn built_in() -> Value {
    json!({
        "source": {
            "type": "websocket",
            "url": "ws://127.0.0.1:9001/ws/{symbol}@trade",
            "reconnect": true,
            "ping_interval": 20,
            "unbounded": true,
        },
        "sink": { "type": "jsonl", "path": "trades.jsonl" },
        "context": { "symbol": "btcusdt" },
    })
}

/// Whether the registry has the connectors of [`built_in`].
pub(crate) fn has_built_in(registry: &Registry) -> bool {
    registry.sources.find("websocket").is_some() && registry.sinks.find("jsonl").is_some()
}

impl Skeleton {
    /// The file that `init` writes: where no component is named, with the values of `template`, or
    /// else of [`built_in`].
    ///
    /// # Errors
    /// A component of another form than a map with `type`, or an unknown connector.
    pub(crate) fn of_init(
        registry: &Registry,
        named: Named<'_>,
        template: Option<&Value>,
    ) -> Result<Self> {
        match template {
            Some(template) if named.is_empty() => Self::of_values(registry, template),
            None if named.is_empty() && has_built_in(registry) => {
                Self::of_values(registry, &built_in())
            }
            _ => Self::of_names(registry, named),
        }
    }

    /// The file with the values of `pipeline`, a pipeline file with one source, one sink and at most
    /// one transform.
    ///
    /// # Errors
    /// As [`of_init`](Self::of_init).
    fn of_values(registry: &Registry, pipeline: &Value) -> Result<Self> {
        let mut given = Vec::new();
        for kind in KINDS {
            let Some(component) = pipeline.get(kind.as_str()) else { continue };
            let mut keys = component.as_object().cloned().unwrap_or_default();
            let Some(Value::String(name)) = keys.remove("type") else {
                let problem = Problem::missing(KeyPath::key(kind.as_str()).then("type"));
                return Err(Error::config(problem));
            };
            given.push((kind, name, keys));
        }
        let empty = Map::new();
        let file = pipeline.as_object().unwrap_or(&empty);
        Self::new(registry, given, file)
    }

    /// The file with the connectors that are named; where no source or no sink is named, with
    /// `websocket` and `jsonl`, or else with the first of the registry.
    ///
    /// # Errors
    /// An unknown connector.
    fn of_names(registry: &Registry, named: Named<'_>) -> Result<Self> {
        let default = |kind: ComponentKind, usual: &str| {
            let all = connectors(registry);
            let mut names = all.iter().filter(|c| c.kind == kind).map(|c| c.name);
            names.clone().find(|name| *name == usual).or_else(|| names.next()).map(str::to_owned)
        };
        let given = KINDS.into_iter().filter_map(|kind| {
            let name = named.of(kind).map(str::to_owned).or_else(|| match kind {
                ComponentKind::Source => default(kind, "websocket"),
                ComponentKind::Sink => default(kind, "jsonl"),
                _ => None,
            });
            name.map(|name| (kind, name, Map::new()))
        });
        Self::new(registry, given.collect(), &Map::new())
    }

    fn new(
        registry: &Registry,
        given: Vec<(ComponentKind, String, Map<String, Value>)>,
        file: &Map<String, Value>,
    ) -> Result<Self> {
        let mut skeleton = Self {
            components: Vec::new(),
            file: file_entries(registry, file),
            context: file.get("context").and_then(Value::as_object).cloned().unwrap_or_default(),
            problems: Problems::new(),
        };
        for (kind, name, keys) in given {
            // No file has a key for the argument.
            let connector = find(registry, kind, &name)
                .map_err(|problem| problem.map_paths(|_| KeyPath::root()))?;
            let (config, problems) = filled(registry, connector, keys);
            skeleton.problems.extend_under(&KeyPath::key(kind.as_str()), problems);
            skeleton.give_context(&Value::Object(config.clone()));
            let entries = entries(connector.view(), &config);
            skeleton.components.push(Section { kind, connector: name, entries });
        }
        Ok(skeleton)
    }

    /// Gives each placeholder in `value` a value of the context.
    fn give_context(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                for name in template::placeholders(text) {
                    self.context.entry(name).or_insert_with(|| "example".into());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.give_context(item)),
            Value::Object(map) => map.values().for_each(|value| self.give_context(value)),
            _ => {}
        }
    }
}

/// The keys of a connector: those of `config` first, then the others as comments.
pub(crate) fn entries(schema: SchemaView<'_>, config: &Map<String, Value>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = keys(schema).iter().map(|key| entry(key, config)).collect();
    // Keys of a map that takes any keys.
    let others = config.iter().filter(|(name, _)| !entries.iter().any(|e| e.name == **name));
    let others: Vec<Entry> = others
        .map(|(name, value)| Entry {
            name: name.clone(),
            comment: String::new(),
            value: value.clone(),
            is_set: true,
        })
        .collect();
    entries.extend(others);
    entries.sort_by_key(|entry| !entry.is_set);
    entries
}

fn entry(key: &Key<'_>, config: &Map<String, Value>) -> Entry {
    let schema = key.schema();
    let (_, meaning) = default_and_meaning(key.name, schema, key.description());
    let condition = only_with(key.only_with()).map(|words| format!(" {words}"));
    let default = schema.default().filter(|value| !is_nothing(value)).cloned();
    let set = config.get(key.name);
    Entry {
        name: key.name.to_owned(),
        comment: sentence(&meaning) + &condition.unwrap_or_default(),
        value: set.cloned().or(default).unwrap_or_else(|| example(key.name, schema)),
        is_set: set.is_some(),
    }
}

/// The keys of the file that are no components, which stand in sections of their own.
fn file_entries(registry: &Registry, given: &Map<String, Value>) -> Vec<Entry> {
    let schema = faucet_pipeline::schema(registry);
    let known = keys(SchemaView::new(&schema));
    let elsewhere = |name: &str| {
        let component = |kind: &ComponentKind| name.trim_end_matches('s') == kind.as_str();
        KINDS.iter().any(component) || name == "context" || name.starts_with('$')
    };
    let own = known.iter().filter(|key| !elsewhere(key.name));
    own.map(|key| entry(key, given)).collect()
}

#[cfg(test)]
mod tests {
    use faucet_pipeline::PipelineSpec;

    use super::*;

    #[test]
    fn the_connector_is_asked_what_it_lacks() {
        let registry = faucet_stream::registry();
        let named = Named { transform: Some("split"), ..Named::default() };
        let skeleton = Skeleton::of_names(&registry, named).unwrap();
        assert!(skeleton.problems.is_empty(), "{}", skeleton.problems);
        let set = |section: &Section| {
            let names = section.entries.iter().filter(|entry| entry.is_set);
            names.map(|entry| entry.name.clone()).collect::<Vec<_>>().join(" ")
        };
        let set: Vec<String> = skeleton.components.iter().map(set).collect();
        assert_eq!(set[0], "url unbounded");
        assert_eq!(set[2], "path");
        let unknown = Named { sink: Some("jsnol"), ..Named::default() };
        let error = Skeleton::of_names(&registry, unknown).unwrap_err();
        assert!(error.to_string().starts_with("unknown sink \"jsnol\" (did you mean"), "{error}");
        let error = Skeleton::of_values(&registry, &json!({"source": {}})).unwrap_err();
        assert_eq!(error.to_string(), "source.type: missing");
    }

    #[test]
    fn the_files_own_keys_have_values_that_it_takes() {
        let registry = faucet_stream::registry();
        for entry in file_entries(&registry, &Map::new()) {
            let mut file = built_in();
            file[&entry.name] = entry.value;
            let built = PipelineSpec::from_value(file).build(&registry);
            assert!(built.is_ok(), "{}: {:?}", entry.name, built.err());
        }
    }
}
