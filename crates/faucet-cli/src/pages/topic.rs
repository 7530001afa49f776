//! The topics of `explain`, and how a topic is found.

use faucet_core::{Code, ComponentKind, Registry, SchemaView, nearest};
use serde_json::Value;

use crate::pages::connector::{Connector, KINDS, connectors};
use crate::pages::tree::{DEEPEST, Key, keys};

/// The topic of the keys of the pipeline file.
pub(crate) const FILE: &str = "pipeline";

/// A topic: its full name, and the thing.
#[derive(Debug, Clone)]
pub(crate) struct Topic<'a> {
    pub(crate) name: String,
    pub(crate) subject: Subject<'a>,
}

/// The thing that a topic is about.
#[derive(Debug, Clone)]
pub(crate) enum Subject<'a> {
    /// The pipeline file, with its keys.
    File(Vec<Key<'a>>),
    Connector(Connector<'a>),
    /// A key of a connector, or of the file.
    Key(KeyTopic<'a>),
    Code(Code),
}

/// A key, and its place.
#[derive(Debug, Clone)]
pub(crate) struct KeyTopic<'a> {
    pub(crate) key: Key<'a>,
    /// The keys below it.
    pub(crate) below: Vec<Key<'a>>,
    /// The connector whose key it is; none for a key of the file.
    pub(crate) connector: Option<Connector<'a>>,
    /// The path below the connector or the file; none inside a list, whose items have no names.
    pub(crate) path: Option<String>,
}

/// All topics, and what they are made from.
#[derive(Debug)]
pub(crate) struct Topics<'a> {
    pub(crate) all: Vec<Topic<'a>>,
    connectors: Vec<Connector<'a>>,
}

/// The topics that a text names.
#[derive(Debug)]
pub(crate) enum Found<'t, 'a> {
    One(&'t Topic<'a>),
    Several(Vec<&'t Topic<'a>>),
    /// Nothing; the topic that was probably meant.
    Nothing(Option<&'t str>),
}

impl<'a> Topics<'a> {
    /// The topics of `registry`. `file` is the schema of its pipeline files.
    pub(crate) fn new(registry: &'a Registry, file: &'a Value) -> Self {
        let connectors = connectors(registry);
        let mut all = Vec::new();
        let of_file = keys(SchemaView::new(file));
        all.push(Topic { name: FILE.into(), subject: Subject::File(of_file.clone()) });
        for key in of_file {
            let below = below_file_key(&key, &connectors);
            let path = Some(key.name.to_owned());
            add(&mut all, FILE, KeyTopic { key, below, connector: None, path }, DEEPEST);
        }
        for &connector in &connectors {
            let name = connector.topic();
            all.push(Topic { name: name.clone(), subject: Subject::Connector(connector) });
            for key in keys(connector.view()) {
                let (below, path) = (key.keys(), Some(key.name.to_owned()));
                let topic = KeyTopic { key, below, connector: Some(connector), path };
                add(&mut all, &name, topic, DEEPEST);
            }
        }
        let codes = Code::ALL.iter();
        all.extend(
            codes.map(|code| Topic {
                name: code.as_str().to_owned(),
                subject: Subject::Code(*code),
            }),
        );
        Self { all, connectors }
    }

    /// The topic that `text` names: by its full name, by the end of its name, as a key stands in a
    /// pipeline file, or as an option of the option map.
    pub(crate) fn find(&self, text: &str) -> Found<'_, 'a> {
        let text = &without_places(text.trim().trim_end_matches(':'));
        let of_file = self.file_key(text);
        let ways: [&dyn Fn(&Topic<'a>) -> bool; 6] = [
            &|topic| topic.name == *text,
            &|topic| is_end(&topic.name, text),
            &|topic| stands_as(&topic.name, text),
            &|topic| of_file.as_ref() == Some(&topic.name),
            &|topic| topic.is_option(text),
            &|topic| topic.has_any_key(text),
        ];
        for fits in ways {
            let found: Vec<&Topic<'a>> = self.all.iter().filter(|topic| fits(topic)).collect();
            match found[..] {
                [] => {}
                [one] => return Found::One(one),
                _ => return Found::Several(found),
            }
        }
        let ends =
            |topic: &'_ Topic<'a>| topic.name.match_indices('.').map(|(at, _)| at + 1).collect();
        let names = self.all.iter().flat_map(|topic| {
            let ends: Vec<usize> = ends(topic);
            [0].into_iter().chain(ends).map(|at| &topic.name[at..])
        });
        Found::Nothing(nearest(text, names))
    }

    /// The topic of a key that every component has, written below a connector: `sink.jsonl.buffer`.
    fn file_key(&self, text: &str) -> Option<String> {
        self.connectors.iter().find_map(|connector| {
            let rest = text.strip_prefix(&connector.topic())?.strip_prefix('.')?;
            Some([FILE, connector.kind.as_str(), rest].join("."))
        })
    }
}

impl Topic<'_> {
    /// Whether `text` is an option that sets this key.
    fn is_option(&self, text: &str) -> bool {
        let Subject::Key(KeyTopic { connector: Some(connector), path: Some(path), .. }) =
            &self.subject
        else {
            return false;
        };
        connector.options.iter().any(|option| option.name == text && option.key == path)
    }

    /// Whether `text` is a key of this map, which takes any keys: `source.websocket.headers.X-Key`.
    fn has_any_key(&self, text: &str) -> bool {
        let below = text.strip_prefix(&self.name).is_some_and(|rest| rest.starts_with('.'));
        below && matches!(&self.subject, Subject::Key(topic) if topic.key.map_values().is_some())
    }
}

/// The keys below a key of the file. Below `source`, `transform` and `sink` these are the keys that
/// every component has; each connector's own have their own topics.
fn below_file_key<'a>(key: &Key<'a>, connectors: &[Connector<'a>]) -> Vec<Key<'a>> {
    let Some(kind) = kind_of(key.name) else { return key.keys() };
    let of_kind = connectors.iter().filter(|connector| connector.kind == kind);
    let theirs: Vec<Key<'a>> = of_kind.flat_map(|connector| keys(connector.view())).collect();
    let mut own = key.keys();
    own.retain(|own| !theirs.iter().any(|key| key.name == own.name));
    own
}

/// The kind of component that stands at this key of the file.
pub(crate) fn kind_of(key: &str) -> Option<ComponentKind> {
    KINDS.into_iter().find(|kind| kind.as_str() == key)
}

/// Adds the topic of a key and of those below it.
fn add<'a>(all: &mut Vec<Topic<'a>>, above: &str, topic: KeyTopic<'a>, depth: usize) {
    let name = [above, topic.key.name].join(".");
    let is_list = topic.key.is_list();
    let below: Vec<KeyTopic<'a>> = match depth {
        0 | 1 => Vec::new(),
        _ => topic.below.iter().map(|key| topic.inner(key, is_list)).collect(),
    };
    all.push(Topic { name: name.clone(), subject: Subject::Key(topic) });
    for inner in below {
        add(all, &name, inner, depth - 1);
    }
}

impl<'a> KeyTopic<'a> {
    fn inner(&self, key: &Key<'a>, in_list: bool) -> Self {
        let path = self.path.as_ref().filter(|_| !in_list);
        Self {
            key: key.clone(),
            below: key.keys(),
            connector: self.connector,
            path: path.map(|path| [path, key.name].join(".")),
        }
    }
}

/// Whether `name` ends with the keys `end`.
fn is_end(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|before| before.ends_with('.'))
}

/// Whether `text` is the place of the topic in a pipeline file, where the connector's name does not
/// stand in the path: `source.url` for `source.websocket.url`.
fn stands_as(name: &str, text: &str) -> bool {
    let Some((kind, key)) = text.split_once('.') else { return false };
    kind_of(kind).is_some()
        && name
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest.split_once('.').is_some_and(|(_, path)| path == key))
}

/// The text without the numbers of list items, which messages show: `a[0].b`.
fn without_places(text: &str) -> String {
    let mut pieces = text.split('[');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces
        .fold(first, |text, piece| text + piece.split_once(']').map_or(piece, |(_, behind)| behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that `text` leads to, or the one that was probably meant.
    fn found(text: &str) -> (Vec<String>, Option<String>) {
        let registry = faucet_stream::registry();
        let file = faucet_pipeline::schema(&registry);
        let topics = Topics::new(&registry, &file);
        match topics.find(text) {
            Found::One(topic) => (vec![topic.name.clone()], None),
            Found::Several(topics) => (topics.iter().map(|t| t.name.clone()).collect(), None),
            Found::Nothing(near) => (Vec::new(), near.map(str::to_owned)),
        }
    }

    #[test]
    fn a_topic_is_found_by_each_of_its_names() {
        for (text, name) in [
            ("source.websocket.stale_timeout", "source.websocket.stale_timeout"),
            ("stale_timeout", "source.websocket.stale_timeout"),
            ("websocket.stale_timeout", "source.websocket.stale_timeout"),
            ("source.stale_timeout:", "source.websocket.stale_timeout"),
            ("websocket.reconnect.max.delay.ms", "source.websocket.reconnect_max_backoff"),
            ("source.websocket.auth.config.token", "source.websocket.auth.config.token"),
            ("source.subscribe_messages[0].data", "source.websocket.subscribe_messages.data"),
            ("source.websocket.headers.X-Key", "source.websocket.headers"),
            ("sink.jsonl.buffer.pages", "pipeline.sink.buffer.pages"),
            ("source", "pipeline.source"),
            ("pipeline", "pipeline"),
            ("flush.interval", "pipeline.flush.interval"),
            ("unknown-key", "unknown-key"),
            ("filter", "transform.filter"),
        ] {
            let (names, _) = found(text);
            let names = names.iter().map(String::as_str).collect::<Vec<_>>();
            assert!(
                names == [name] || text.contains(".ms") && names.contains(&name),
                "{text}: {names:?}"
            );
        }
        let candidates = found("jsonl").0;
        assert_eq!(candidates, ["source.jsonl", "sink.jsonl"]);
        assert_eq!(found("source.path").0, ["source.jsonl.path"]);
    }

    #[test]
    fn a_near_topic_is_suggested() {
        for (text, near) in [
            ("stale_timout", Some("stale_timeout")),
            ("source.websoket.url", Some("source.websocket.url")),
            ("unknown-kye", Some("unknown-key")),
            ("pipelin", Some("pipeline")),
            ("zzzzzzzz", None),
            ("", None),
        ] {
            assert_eq!(found(text), (Vec::new(), near.map(str::to_owned)), "{text}");
        }
    }
}
