//! Pipelines of scripts, and transforms alone.

use std::time::Duration;

use faucet_core::{
    Emitted, Out, PageStage, Payload, Record, Scope, StreamPage, Text, Timestamp, Transform,
    TransformConfig,
};
use faucet_sql::{Script, SqlConfig};
use faucet_stream::{Pipeline, Registry, Report, StdoutSinkConfig};
use faucet_testkit::{MemorySink, VecSource};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

/// How long anything may take before its test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A source of pages needs no options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// All connectors, with `stdout` in memory.
pub(crate) fn registry(stdout: &MemorySink) -> Registry {
    let mut registry = faucet_stream::registry();
    let sink = stdout.clone();
    registry.replace_sink_with("stdout", move |_: StdoutSinkConfig| Ok(sink.clone()));
    registry
}

/// Adds the source `source` as the connector `name`.
pub(crate) fn with_source(
    mut registry: Registry,
    name: &'static str,
    source: VecSource,
) -> Registry {
    registry.add_source_with(name, move |_: Nothing| Ok(source.clone())).unwrap();
    registry
}

/// Adds the sink `sink` as the connector `name`.
pub(crate) fn with_sink(mut registry: Registry, name: &'static str, sink: MemorySink) -> Registry {
    registry.add_sink_with(name, move |_: Nothing| Ok(sink.clone())).unwrap();
    registry
}

/// The pipeline of a script, and its warnings.
pub(crate) fn pipeline(script: &str, registry: &Registry) -> (Pipeline, Vec<String>) {
    let verdict = Script::parse(script).check(registry);
    let found: Vec<String> = verdict.diagnostics.iter().map(ToString::to_string).collect();
    let Some(pipeline) = verdict.pipeline else { panic!("{found:#?}") };
    (pipeline, found)
}

/// Runs a script until its sources end.
pub(crate) async fn ran(script: &str, registry: &Registry) -> Report {
    ran_until(script, registry, std::future::pending()).await
}

/// Runs a script until `shutdown`.
pub(crate) async fn ran_until(
    script: &str,
    registry: &Registry,
    shutdown: impl Future<Output = ()> + Send,
) -> Report {
    let (pipeline, _) = pipeline(script, registry);
    timeout(PATIENCE, pipeline.start().until(shutdown)).await.expect("the run ends in time")
}

/// The records of a sink as JSON.
pub(crate) fn values(sink: &MemorySink) -> Vec<Value> {
    parsed(sink.json())
}

pub(crate) fn parsed(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<Value> {
    texts.into_iter().map(|text| serde_json::from_str(text.as_ref()).unwrap()).collect()
}

/// Waits until `look` finds something.
pub(crate) async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("it comes in time")
}

/// A record of text, received at `at`.
pub(crate) fn text(text: impl AsRef<str>, at: i64) -> Record {
    let at = Timestamp::from_unix_millis(u64::try_from(at).unwrap());
    Record::new(Payload::Text(Text::from(text.as_ref())), at)
}

/// A source of one page for each list of texts.
pub(crate) fn pages<T: AsRef<str>>(texts: &[&[T]]) -> VecSource {
    let page =
        |texts: &&[T]| StreamPage::new(texts.iter().map(|record| text(record, now())).collect());
    VecSource::new(texts.iter().map(page))
}

/// A transform at work, without a pipeline around it.
pub(crate) struct Stage {
    stage: Box<dyn PageStage>,
    out: Out,
    pub(crate) scope: Scope,
    pub(crate) records: Vec<Record>,
    /// The reasons of the records that were rejected.
    pub(crate) rejected: Vec<String>,
}

impl Stage {
    /// The transform with these keys.
    pub(crate) async fn open(keys: Value) -> Self {
        let config: SqlConfig = serde_json::from_value(keys).unwrap();
        let transform = config.build().unwrap();
        let scope = Scope::new("query").with_dead_letter();
        let stage = transform.open(&scope).await.unwrap();
        Self { stage, out: Out::default(), scope, records: Vec::new(), rejected: Vec::new() }
    }

    pub(crate) async fn push(&mut self, input: usize, records: Vec<Record>) {
        if !records.is_empty() {
            self.stage.push(input, StreamPage::new(records), &mut self.out).await.unwrap();
        }
        self.collect();
    }

    pub(crate) async fn mark(&mut self, mark: faucet_core::Mark) {
        self.stage.mark(&mark, &mut self.out).await.unwrap();
        self.collect();
    }

    pub(crate) async fn finish(&mut self) {
        self.stage.finish(&mut self.out).await.unwrap();
        self.collect();
    }

    fn collect(&mut self) {
        let Emitted { pages, rejected, .. } = self.out.take();
        self.records.extend(pages.into_iter().flat_map(StreamPage::into_records));
        self.rejected.extend(rejected.into_iter().map(|rejected| rejected.reason));
    }

    /// What came out, as JSON.
    pub(crate) fn values(&self) -> Vec<Value> {
        let text =
            |record: &Record| String::from_utf8(record.payload().as_bytes().to_vec()).unwrap();
        parsed(self.records.iter().map(text))
    }
}

/// The milliseconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(Timestamp::now().as_unix_millis()).unwrap()
}
