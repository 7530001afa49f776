//! Helpers that the tests share: sinks from JSON, numbered records, and ways to reach a scripted peer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::{
    ConnectionState, PageWriter, Payload, Record, Rejected, Result, Scope, Sink, SinkConfig,
    StreamPage, Timestamp, decode,
};
use faucet_sink_websocket::{WebsocketSink, WebsocketSinkConfig};
use faucet_testkit::{Script, ScriptedPeer, Seen};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

/// How long a test over sockets may wait for something.
const LIMIT: Duration = Duration::from_secs(20);

/// A sink for `url` with these keys.
pub(crate) fn sink(url: &str, keys: Value) -> WebsocketSink {
    without_url(with(keys, json!({"url": url})))
}

/// [`sink`] for keys that say by themselves where to connect.
pub(crate) fn without_url(keys: Value) -> WebsocketSink {
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

/// An open run, and the counts that a runner keeps of it.
pub(crate) struct Run {
    writer: Box<dyn PageWriter>,
    pub(crate) scope: Scope,
    counts: Counts,
    pub(crate) rejected: Vec<Rejected>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Records taken and not flushed.
    taken: u64,
    pub(crate) delivered: u64,
    pub(crate) unconfirmed: u64,
    pub(crate) not_written: u64,
}

impl Run {
    pub(crate) async fn open(sink: &WebsocketSink) -> Self {
        Self::open_in(sink, Scope::default()).await
    }

    pub(crate) async fn open_in(sink: &WebsocketSink, scope: Scope) -> Self {
        let writer = soon(sink.open(&scope)).await.unwrap();
        Self::new(writer, scope)
    }

    pub(crate) fn new(writer: Box<dyn PageWriter>, scope: Scope) -> Self {
        Self { writer, scope, counts: Counts::default(), rejected: Vec::new() }
    }

    pub(crate) async fn write(&mut self, page: StreamPage) -> Result<()> {
        soon(self.write_page(page)).await
    }

    /// Writes without a limit of time.
    pub(crate) async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        let all = page.len() as u64;
        let written = self.writer.write_page(page).await;
        let taken = match &written {
            Ok(()) => all,
            Err(error) => error.written().unwrap_or_default(),
        };
        self.counts.taken += taken;
        self.counts.not_written += all - taken;
        written
    }

    pub(crate) async fn flush(&mut self) -> Result<u64> {
        soon(self.flush_all()).await
    }

    /// Flushes without a limit of time: how many records are unconfirmed.
    pub(crate) async fn flush_all(&mut self) -> Result<u64> {
        let flushed = self.writer.flush().await;
        let taken = std::mem::take(&mut self.counts.taken);
        match &flushed {
            Ok(flushed) => {
                let lost = flushed.unconfirmed() + flushed.rejected().len() as u64;
                assert!(lost <= taken, "{lost} of {taken} are not delivered");
                self.counts.unconfirmed += flushed.unconfirmed();
                self.counts.delivered += taken - lost;
                self.rejected.extend_from_slice(flushed.rejected());
            }
            Err(_) => self.counts.unconfirmed += taken,
        }
        flushed.map(|flushed| flushed.unconfirmed())
    }

    pub(crate) async fn close(&mut self) -> Result<()> {
        soon(self.writer.close()).await
    }

    /// Flushes and closes, as a runner ends a run.
    pub(crate) async fn end(&mut self) -> Result<()> {
        self.flush().await?;
        self.close().await
    }

    /// The writer itself, for calls that are dropped.
    pub(crate) fn writer(&mut self) -> &mut dyn PageWriter {
        &mut *self.writer
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// A counter of the sink's own.
    pub(crate) fn own(&self, name: &str) -> u64 {
        self.scope.counters().get_own(name)
    }

    pub(crate) fn skipped(&self, reason: &str) -> u64 {
        self.scope.counters().read().skipped.get(reason).copied().unwrap_or_default()
    }

    /// The reconnects by what ended the connection before.
    pub(crate) fn causes(&self) -> Vec<(&'static str, u64)> {
        self.scope.counters().read().reconnects.into_iter().collect()
    }

    pub(crate) fn connection(&self) -> ConnectionState {
        self.scope.counters().read().activity.connection
    }
}

/// Waits for what must come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(LIMIT, future).await.expect("it does not end")
}

/// The texts that were seen on all connections together.
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
    /// The connections so far, as seen by the peer.
    pub(crate) fn connections(&self) -> Vec<Seen> {
        self.peer.connections()
    }

    /// When a connect was tried.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Dial for Memory {
    async fn dial(&self, _: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        self.asked.lock().unwrap().push(Instant::now());
        log.begin("tcp");
        match self.peer.connect() {
            Ok(stream) => Ok(Box::new(stream)),
            Err(_) => Err(DialFailure::Tcp(std::io::ErrorKind::ConnectionRefused.into())),
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

/// A configuration that has every key, but for the variants of `auth`.
pub(crate) fn every_key() -> Value {
    json!({
        "url": "wss://h/{symbol}?k={k}", "auth": {"type": "bearer", "config": {"token": "t"}},
        "connect_messages": ["a", {"type": "binary", "data": "AQ=="}, {"type": "text", "data": "b"}],
        "message_type": "binary", "record_format": "text", "delivery": "at_least_once",
        "ack_timeout": 3, "max_unconfirmed_records": 10, "max_unconfirmed_bytes": 1000,
        "write_timeout": "5s", "max_write_buffer_bytes": 1000, "ping_interval": 20,
        "pong_timeout": "5s", "reconnect": true, "reconnect_backoff": 0.5,
        "reconnect_max_backoff": "30s", "reconnect_jitter": 0.2, "max_reconnect_attempts": 0,
        "connect_timeout": 3, "max_message_bytes": "1MiB", "read_buffer_bytes": 4096,
        "headers": {"X-Key": "k"}, "subprotocols": ["v1.json"], "compression": "deflate", "proxy": "http://u:p@proxy.test",
        "tls": {"ca_file": "c", "client_cert_file": "c", "client_key_file": "k",
            "server_name": "x.example", "insecure_skip_verify": false},
    })
}

/// A configuration that has every key of a conversation, but for those that need an HTTP client.
pub(crate) fn every_session_key() -> Value {
    json!({
        "values": {"key": {"secret": "s"}, "text": "{key}", "now": {"clock": "ms", "per": "message"},
            "sign": {"hmac": "sha256", "key": "{key}", "text": "{text}", "as": "base64"}},
        "url_from": "{text}", "url_hosts": ["*.example.com"], "query": {"id": "{sign}", "list": ["a", "b"]},
        "session": [
            {"send": {"json": {"sign": "{sign}"}, "prefix": "4"}},
            {"expect": {"/a": {"not": [1]}}, "count": 2, "fail": {"/e": {"exists": true}},
                "take": {"sid": "/sid"}, "timeout": 5},
        ],
        "session_timeout": 20, "connect_messages": [{"text": "{sid} {now}"}, {"op": "hello"}],
        "control": [{"match": {"/a": {"min": 1, "max": 2}}, "action": "reconnect", "delay": 5,
            "take": {"to": "/to"}, "url": "{to}", "reply": {"text": "{/b}"}}],
        "heartbeat": {"message": {"type": "text", "data": "ping"}, "interval": "{sid} ms",
            "when": "idle", "first": "random", "during_session": true, "reply": {"text": "pong"},
            "timeout": 5},
        "silence_timeout": 30, "goodbye": ["bye"], "rotate_after": "23h",
        "close_rules": [{"codes": [4000, "4001-4002"], "contains": "x", "action": "restart", "delay": 5},
            {"status": 400, "action": "end"}],
        "send_limit": {"count": 5, "per": 1}, "connect_limit": {"count": 5, "per": "5 min"},
    })
}
