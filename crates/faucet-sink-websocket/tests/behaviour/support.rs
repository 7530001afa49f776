//! What the tests share: sinks from JSON, numbered records, and ways to reach a scripted peer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faucet_common_websocket::StepLog;
use faucet_common_websocket::dial::Dial;
use faucet_common_websocket::lifecycle::{Class, Failure};
use faucet_common_websocket::url::WsUrl;
use faucet_common_websocket::wire::Io;
use faucet_core::config::decode;
use faucet_core::{
    Error, ErrorKind, MeterReading, PageWriter, Payload, Record, Result, RunContext, Sink,
    SinkConfig, StreamPage, Timestamp,
};
use faucet_sink_websocket::{WebsocketSink, WebsocketSinkConfig};
use faucet_testkit::{Script, ScriptedPeer, Seen};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

/// How long a test over sockets may wait for something.
const LIMIT: Duration = Duration::from_secs(20);

/// A sink for `url` with these keys.
pub(crate) fn sink(url: &str, mut keys: Value) -> WebsocketSink {
    keys.as_object_mut().unwrap().insert("url".into(), url.into());
    decode::<WebsocketSinkConfig>(keys).unwrap().build().unwrap()
}

/// `keys` with `delivery: at_least_once`, which reconnects at once and without a limit.
pub(crate) fn at_least_once(keys: Value) -> Value {
    let base = json!({"delivery": "at_least_once", "reconnect_backoff": 0.001,
        "reconnect_max_backoff": 0.001, "max_reconnect_attempts": null});
    with(base, keys)
}

/// `keys`, and `more`.
pub(crate) fn with(mut keys: Value, more: Value) -> Value {
    keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    keys
}

/// A page of the texts `first` to `last`.
pub(crate) fn numbers(first: u64, last: u64) -> StreamPage {
    page((first..=last).map(|n| Payload::Text(format!("record {n}").into())))
}

pub(crate) fn page(payloads: impl IntoIterator<Item = Payload>) -> StreamPage {
    let record = |payload| Record::new(payload, Timestamp::from_unix_millis(0));
    StreamPage::new(payloads.into_iter().map(record).collect())
}

/// An open run.
pub(crate) struct Run {
    pub(crate) writer: Box<dyn PageWriter>,
    pub(crate) context: RunContext,
}

impl Run {
    pub(crate) async fn open(sink: &WebsocketSink) -> Self {
        let context = RunContext::default();
        Self { writer: soon(sink.open(&context)).await.unwrap(), context }
    }

    pub(crate) async fn write(&mut self, page: StreamPage) -> Result<()> {
        soon(self.writer.write_page(page)).await
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        soon(self.writer.flush()).await
    }

    pub(crate) async fn close(&mut self) -> Result<()> {
        soon(self.writer.close()).await
    }

    pub(crate) fn meter(&self) -> MeterReading {
        self.context.meter().read()
    }
}

/// Waits for what must come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(LIMIT, future).await.expect("it does not end")
}

/// What was seen on all connections together.
pub(crate) fn all_texts(seen: &[Seen]) -> Vec<String> {
    seen.iter().flat_map(Seen::texts).collect()
}

/// The texts without those that came before, in the order in which they came first.
pub(crate) fn distinct(texts: &[String]) -> Vec<&str> {
    let mut seen = std::collections::HashSet::new();
    texts.iter().map(String::as_str).filter(|text| seen.insert(*text)).collect()
}

pub(crate) fn named(first: u64, last: u64) -> Vec<String> {
    (first..=last).map(|n| format!("record {n}")).collect()
}

/// Reaches a peer in memory, and notes when it was asked.
pub(crate) struct Memory {
    peer: Arc<ScriptedPeer>,
    asked: Mutex<Vec<Instant>>,
}

impl Memory {
    /// When a connect was tried.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Dial for Memory {
    async fn dial(&self, url: &WsUrl, log: &mut StepLog) -> Result<Box<dyn Io>, Failure> {
        self.asked.lock().unwrap().push(Instant::now());
        log.begin("tcp");
        match self.peer.connect() {
            Ok(stream) => Ok(Box::new(stream)),
            Err(_) => {
                let what = format!("{}: refused in memory", url.redacted());
                let error = Error::new(ErrorKind::Connect, what).retryable(true);
                Err(Failure::new(Class::Transient, error))
            }
        }
    }
}

/// A peer in memory.
pub(crate) fn memory(
    scripts: impl IntoIterator<Item = Script>,
) -> (Arc<ScriptedPeer>, Arc<Memory>) {
    let peer = Arc::new(ScriptedPeer::new(scripts));
    (Arc::clone(&peer), Arc::new(Memory { peer, asked: Mutex::default() }))
}

/// Waits until the first connection is over and the sink has noticed.
pub(crate) async fn gone(peer: &ScriptedPeer) {
    peer.until(|seen| seen.first().is_some_and(|c| c.end.is_some())).await;
    // With paused time this ends when nobody has anything left to do.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A peer in memory and a sink that reaches it as `ws://sink.test/`.
pub(crate) fn in_memory(
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (Arc<ScriptedPeer>, Arc<Memory>, WebsocketSink) {
    let (peer, memory) = memory(scripts);
    let sink = sink("ws://sink.test/", keys).with_dial(Arc::clone(&memory) as Arc<dyn Dial>);
    (peer, memory, sink)
}
