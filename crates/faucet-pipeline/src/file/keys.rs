//! The keys of the pipeline file itself. Their doc comments are the schema's descriptions.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::select::Pointer;
use faucet_core::{Problem, Problems, duration, schema_rule, size};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::file::context::ContextValue;
use crate::file::inputs::Inputs;
use crate::graph::{Buffer, Flush, WhenFull};

/// The keys that a pipeline file may have.
pub(crate) const FILE_KEYS: [&str; 12] = [
    "$schema",
    "source",
    "sources",
    "transform",
    "transforms",
    "sink",
    "sinks",
    "flush",
    "state",
    "grace",
    "parallel",
    "context",
];

/// A pipeline: sources, what happens to their records, and sinks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "faucet pipeline")]
pub(crate) struct FileKeys {
    /// The schema of this file, for editors.
    #[serde(rename = "$schema")]
    #[schemars(extend("examples" = ["pipeline.schema.json"]))]
    schema: Option<String>,
    /// Where records come from. Its name is `source`. For several sources use `sources`.
    #[serde(deserialize_with = "given")]
    pub(crate) source: Option<Value>,
    /// Where records come from: sources by name.
    #[serde(deserialize_with = "given")]
    pub(crate) sources: Option<BTreeMap<String, Value>>,
    /// What happens to records on their way: one transform, or a list of transforms in which each
    /// takes the records of the one before. Their names are `transform`, or `transform_1`,
    /// `transform_2` and so on in a list.
    pub(crate) transform: Option<Value>,
    /// What happens to records on their way: transforms by name.
    pub(crate) transforms: Option<BTreeMap<String, Value>>,
    /// Where records go. Its name is `sink`. It takes the records of the last transform, or of the
    /// source where there is no transform. For several sinks use `sinks`.
    #[serde(deserialize_with = "given")]
    pub(crate) sink: Option<Value>,
    /// Where records go: sinks by name.
    #[serde(deserialize_with = "given")]
    pub(crate) sinks: Option<BTreeMap<String, Value>>,
    /// When sinks are flushed and positions are saved: at whichever limit is reached first.
    #[schemars(extend("examples" = [{"interval": "5s"}]))]
    pub(crate) flush: Option<FlushKeys>,
    /// Where a run saves how far it came. The next run goes on from there. Without it nothing is
    /// saved.
    #[schemars(extend("examples" = [{"path": "run.state.json"}]))]
    pub(crate) state: Option<StateKeys>,
    /// How long a run may take to end after it was told to stop.
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<duration::Seconds>")]
    #[schemars(extend("default" = 1.8, "examples" = [5, "5s"]))]
    pub(crate) grace: Option<Duration>,
    /// Runs each component as a task of its own, so that they use several cores.
    #[schemars(extend("default" = false, "examples" = [true]))]
    pub(crate) parallel: Option<bool>,
    /// Values of `{name}` placeholders.
    #[schemars(extend("default" = {}, "examples" = [{"symbol": "btcusdt"}]))]
    pub(crate) context: Option<BTreeMap<String, ContextValue>>,
}

/// The keys that every component has beside those of its connector.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OwnKeys {
    /// The connector: what kind of component this is. It decides which keys stand beside it.
    #[serde(rename = "type", deserialize_with = "given")]
    pub(crate) connector: Option<String>,
    /// The component, or the list of components, whose records this one takes. May be left out where
    /// there is one source and no transform, and in the short form.
    #[schemars(extend("examples" = ["source", ["trades", "quotes"]]))]
    pub(crate) from: Option<Inputs>,
    /// What may wait in front of this component.
    #[schemars(extend("examples" = [{"pages": 8, "when_full": "drop_oldest"}]))]
    pub(crate) buffer: Option<BufferKeys>,
    /// The sink that takes the records and messages that this component rejects. Without it the
    /// first one ends the run.
    #[schemars(extend("examples" = ["rejected"]))]
    pub(crate) dead_letter: Option<String>,
}

/// What may wait in front of a component, for each component whose records it takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Buffer", title = "buffer", transform = buffer_rules)]
pub(crate) struct BufferKeys {
    /// The most pages that wait.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [8]))]
    pages: usize,
    /// The most bytes of payload that wait.
    #[serde(deserialize_with = "size::deserialize")]
    #[schemars(with = "size::Bytes")]
    #[schemars(extend("examples" = [8_388_608, "8MiB"]))]
    bytes: usize,
    /// What happens to a page that finds the buffer full.
    #[schemars(extend("examples" = ["drop_oldest"]))]
    when_full: WhenFullKey,
    /// Where the key stands in a record, for `when_full: conflate`.
    #[schemars(extend("examples" = ["/symbol"]))]
    key: Option<Pointer>,
}

/// What happens to a page that finds the buffer full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WhenFull")]
enum WhenFullKey {
    /// Waits, and the components before wait with it.
    #[default]
    Block,
    /// Drops the oldest waiting page. A gap says how much is missing.
    DropOldest,
    /// Drops the new page. A gap says how much is missing.
    DropNewest,
    /// Keeps only the newest record of each key.
    Conflate,
}

/// The rules between the keys, for the schema; [`BufferKeys::build`] checks them.
fn buffer_rules(schema: &mut Schema) {
    let conflates = schema_rule::is("when_full", &["conflate".into()]);
    let others = ["block", "drop_oldest", "drop_newest"];
    // A variable is none of the words: nothing is said of `key` beside one.
    let waits_or_drops = json!({ "properties": { "when_full": { "enum": others } } });
    schema_rule::add(
        schema,
        [
            schema_rule::when(conflates, schema_rule::given("key")),
            schema_rule::when(waits_or_drops, schema_rule::absent("key")),
        ],
    );
}

impl Default for BufferKeys {
    fn default() -> Self {
        let Buffer { pages, bytes, .. } = Buffer::default();
        Self { pages, bytes, when_full: WhenFullKey::Block, key: None }
    }
}

impl BufferKeys {
    /// The buffer, with problems at the keys of this map.
    pub(crate) fn build(self, problems: &mut Problems) -> Buffer {
        let when_full = match (self.when_full, self.key) {
            (WhenFullKey::Conflate, Some(key)) => WhenFull::Conflate { key },
            (WhenFullKey::Conflate, None) => {
                let help = "name the place of the key in a record, such as key: /symbol";
                problems.push(Problem::missing("key").help(help));
                WhenFull::Block
            }
            (_, Some(_)) => {
                let help = "`key` belongs to when_full: conflate";
                problems.push(Problem::needs("key", "when_full").help(help));
                WhenFull::Block
            }
            (WhenFullKey::Block, None) => WhenFull::Block,
            (WhenFullKey::DropOldest, None) => WhenFull::DropOldest,
            (WhenFullKey::DropNewest, None) => WhenFull::DropNewest,
        };
        let buffer = Buffer::default().with_pages(self.pages).with_bytes(self.bytes);
        buffer.when_full(when_full)
    }
}

/// When sinks are flushed and positions are saved.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Flush", title = "flush")]
pub(crate) struct FlushKeys {
    /// The longest time that a record waits for a flush.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Seconds")]
    #[schemars(extend("default" = 1, "examples" = [5, "5s"]))]
    interval: Duration,
    /// A flush begins after this many records at the latest.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [10_000]))]
    records: Option<u64>,
    /// A flush begins after this many bytes of payload at the latest.
    #[serde(deserialize_with = "size::option::deserialize")]
    #[schemars(with = "Option<size::Bytes>")]
    #[schemars(extend("examples" = [1_048_576, "1MiB"]))]
    bytes: Option<usize>,
}

impl Default for FlushKeys {
    fn default() -> Self {
        Self { interval: Flush::default().interval, records: None, bytes: None }
    }
}

impl FlushKeys {
    pub(crate) fn build(&self) -> Flush {
        let mut flush = Flush::every(self.interval);
        flush.records = self.records;
        flush.bytes = self.bytes.map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX));
        flush
    }
}

/// Where a run saves how far it came.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "State", title = "state")]
pub(crate) struct StateKeys {
    /// The file.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["run.state.json"], "x-file" = "write"))]
    pub(crate) path: String,
}

/// Reads a value that must not be null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

#[cfg(test)]
mod tests {
    use faucet_core::SchemaView;

    use super::*;

    #[test]
    fn the_keys_of_the_file_are_listed() {
        let schema = schemars::schema_for!(FileKeys).to_value();
        let mut keys: Vec<&str> =
            SchemaView::new(&schema).keys().into_iter().map(|key| key.name).collect();
        let mut listed = FILE_KEYS.to_vec();
        keys.sort_unstable();
        listed.sort_unstable();
        assert_eq!(keys, listed);
    }
}
