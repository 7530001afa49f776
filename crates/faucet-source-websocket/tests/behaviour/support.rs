//! Helpers of the tests: sources from JSON, runs as data, and ways to reach a scripted peer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::{
    Ended, Error, Gap, Next, PageReader, Reading, Result, Scope, Source, SourceConfig, StreamPage,
    decode,
};
use faucet_source_websocket::{WebsocketSource, WebsocketSourceConfig};
use faucet_testkit::{Frame, Script, ScriptedPeer};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tracing::field::Field;
use tracing::span::{self, Attributes, Id};
use tracing::{Event, Metadata, Subscriber};

/// How long a run over sockets may take before the test fails.
const LIMIT: Duration = Duration::from_secs(20);
/// [`LIMIT`] for paused time, which does not cost any.
const PAUSED_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// A source for `url` with these keys; unbounded unless they bound it.
pub(crate) fn source(url: &str, keys: Value) -> WebsocketSource {
    without_url(with(keys, json!({"url": url})))
}

/// [`source`] for keys that say by themselves where to connect.
pub(crate) fn without_url(mut config: Value) -> WebsocketSource {
    install_collector();
    let object = config.as_object_mut().unwrap();
    if !object.contains_key("max_messages") && !object.contains_key("idle_timeout") {
        object.insert("unbounded".into(), true.into());
    }
    decode::<WebsocketSourceConfig>(config).unwrap().build().unwrap()
}

/// `keys`, and those that make a source reconnect at once.
pub(crate) fn reconnecting(keys: Value) -> Value {
    with(json!({"reconnect": true, "reconnect_backoff": 0.001}), keys)
}

/// `keys`, and `more`.
pub(crate) fn with(mut keys: Value, more: Value) -> Value {
    keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    keys
}

/// Reaches a peer in memory, for paused time.
pub(crate) struct Memory(pub(crate) Arc<ScriptedPeer>);

#[async_trait]
impl Dial for Memory {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("tcp");
        match self.0.connect() {
            Ok(stream) => Ok(Box::new(stream)),
            Err(_) => Err(refused(to)),
        }
    }
}

pub(crate) fn refused(_: &Destination) -> DialFailure {
    DialFailure::Tcp(std::io::ErrorKind::ConnectionRefused.into())
}

/// A peer in memory and a source that reaches it as `ws://feed.test/`.
pub(crate) fn in_memory(
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (Arc<ScriptedPeer>, WebsocketSource) {
    in_memory_at("ws://feed.test/", scripts, keys)
}

/// [`in_memory`] with another URL.
pub(crate) fn in_memory_at(
    url: &str,
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (Arc<ScriptedPeer>, WebsocketSource) {
    let peer = Arc::new(ScriptedPeer::new(scripts));
    let source = source(url, keys).with_dial(Arc::new(Memory(Arc::clone(&peer))));
    (peer, source)
}

/// A run in memory from its start to its end, and the peer.
pub(crate) async fn talk(
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (Arc<ScriptedPeer>, Told) {
    let (peer, source) = in_memory(scripts, keys);
    let told = run_paused(&source).await;
    (peer, told)
}

/// Refuses every connect, or lets it hang, and notes when it was asked.
#[derive(Default)]
pub(crate) struct NoWay {
    pub(crate) hangs: bool,
    asked: Mutex<Vec<Instant>>,
}

impl NoWay {
    pub(crate) fn hanging() -> Self {
        Self { hangs: true, ..Self::default() }
    }

    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Dial for NoWay {
    async fn dial(&self, to: &Destination, _: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        self.asked.lock().unwrap().push(Instant::now());
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Err(refused(to))
    }
}

/// A run from its start to its end.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) pages: Vec<StreamPage>,
    pub(crate) end: Result<Ended>,
    pub(crate) counters: Reading,
    /// On tokio's clock.
    pub(crate) took: Duration,
}

impl Told {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.pages.iter().flat_map(texts).collect()
    }

    pub(crate) fn reconnects(&self) -> u64 {
        self.counters.own.get("reconnects").copied().unwrap_or_default()
    }

    /// The gaps, each with the number of records that came before it.
    pub(crate) fn gaps(&self) -> Vec<(usize, Gap)> {
        let mut records = 0;
        let mut found = Vec::new();
        for page in &self.pages {
            found.extend(page.gaps().iter().map(|gap| (records, gap.clone())));
            records += page.len();
        }
        found
    }

    pub(crate) fn page_sizes(&self) -> Vec<usize> {
        self.pages.iter().map(StreamPage::len).collect()
    }

    pub(crate) fn error(&self) -> &Error {
        self.end.as_ref().expect_err("the run ended well")
    }

    pub(crate) fn ended(&self) -> Ended {
        *self.end.as_ref().expect("the run ended with an error")
    }
}

/// The payloads of a page as text.
pub(crate) fn texts(page: &StreamPage) -> Vec<String> {
    page.iter().map(|record| String::from_utf8_lossy(record.as_bytes()).into_owned()).collect()
}

/// Runs a source to its end and closes it.
pub(crate) async fn run(source: &WebsocketSource) -> Told {
    run_in(source, &Scope::default(), LIMIT).await
}

/// [`run`] with paused time.
pub(crate) async fn run_paused(source: &WebsocketSource) -> Told {
    run_in(source, &Scope::default(), PAUSED_LIMIT).await
}

/// [`run`] with values for placeholders.
pub(crate) async fn run_with(source: &WebsocketSource, context: &Scope) -> Told {
    run_in(source, context, LIMIT).await
}

async fn run_in(source: &WebsocketSource, context: &Scope, limit: Duration) -> Told {
    let begin = Instant::now();
    let mut pages = Vec::new();
    let whole = async {
        let mut reader = source.open(context).await?;
        let ended = read_all(&mut *reader, &mut pages).await;
        reader.close().await?;
        ended
    };
    let Ok(end) = timeout(limit, whole).await else {
        panic!("the run does not end; so far: {:?}", pages.iter().map(texts).collect::<Vec<_>>());
    };
    Told { pages, end, counters: context.counters().read(), took: begin.elapsed() }
}

async fn read_all(reader: &mut dyn PageReader, pages: &mut Vec<StreamPage>) -> Result<Ended> {
    loop {
        match reader.next_page().await? {
            Next::Page(page) => pages.push(page),
            Next::End(ended) => return Ok(ended),
            other => panic!("{other:?}"),
        }
    }
}

/// Opens a run.
pub(crate) async fn open(source: &WebsocketSource) -> Box<dyn PageReader> {
    source.open(&Scope::default()).await.unwrap()
}

/// The next page, which must come before `limit` is over.
pub(crate) async fn page_within(reader: &mut dyn PageReader, limit: Duration) -> StreamPage {
    let page = timeout(limit, reader.next_page()).await;
    page_of(page.expect("no page in time").unwrap())
}

/// The page that `next_page` has returned. An end fails the test.
pub(crate) fn page_of(next: Next) -> StreamPage {
    match next {
        Next::Page(page) => page,
        other => panic!("no page: {other:?}"),
    }
}

/// Whether `next_page` has returned the end.
pub(crate) fn is_end(next: &Next) -> bool {
    matches!(next, Next::End(_))
}

/// Ends a run as a runner stops it: what was received, and the close handshake.
pub(crate) async fn stop(reader: &mut dyn PageReader) -> Option<StreamPage> {
    let page = reader.drain().await.unwrap();
    reader.close().await.unwrap();
    page
}

/// Waits for the next page, which must not come before `time` is over.
pub(crate) async fn no_page_for(reader: &mut dyn PageReader, time: Duration) {
    if let Ok(page) = timeout(time, reader.next_page()).await {
        panic!("a page came, or the end: {page:?}");
    }
}

/// A scope with values for placeholders.
pub(crate) fn context(values: &[(&str, &str)]) -> Scope {
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Scope::default().with_values(values.collect::<BTreeMap<_, _>>())
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

thread_local! {
    /// The lines that were logged on this thread while somebody collects.
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Collects what is logged on this thread, at every level, until it is dropped.
pub(crate) struct Logs(());

impl Logs {
    pub(crate) fn collect() -> Self {
        LINES.set(Some(Vec::new()));
        Self(())
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        LINES.with_borrow(|lines| lines.clone().unwrap_or_default())
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

/// Lets threads collect. Installed for the whole process and before anything is logged: a
/// subscriber of one thread can be overlooked because another thread has none.
fn install_collector() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing::subscriber::set_global_default(Collector).unwrap());
}

struct Collector;

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        LINES.with_borrow_mut(|lines| {
            let Some(lines) = lines else { return };
            let mut line = event.metadata().level().to_string();
            let mut add = |field: &Field, value: &dyn Debug| line += &format!(" {field}={value:?}");
            event.record(&mut add);
            lines.push(line);
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The record that says that a connection stands.
pub(crate) const UP: &str = "\"up\"";

pub(crate) fn up() -> Script {
    Script::accept().send_text(UP)
}

/// Connects, delivers a record, and hangs up.
pub(crate) fn once_up() -> Script {
    up().hang_up()
}

/// The error of a run against a peer that answers like this on every connection, and how many
/// there were.
pub(crate) async fn refused_by(script: Script, keys: Value) -> (Error, usize) {
    let (peer, source) = in_memory([script], keys);
    let error = run_paused(&source).await.end.expect_err("the run ended well");
    (error, peer.connections().len())
}

/// The frames in raw bytes.
pub(crate) fn raw(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.to_bytes().to_vec()).collect()
}

pub(crate) fn skipped(counts: &[(&'static str, u64)]) -> BTreeMap<&'static str, u64> {
    counts.iter().copied().collect()
}

pub(crate) fn gaps(moments: &[Instant]) -> Vec<Duration> {
    moments.windows(2).map(|two| two[1] - two[0]).collect()
}

/// When the connections of a peer were accepted.
pub(crate) fn accepted(peer: &ScriptedPeer) -> Vec<Instant> {
    peer.connections().iter().map(|seen| seen.accepted_at).collect()
}

/// The timer has a resolution of a millisecond and rounds up.
pub(crate) fn rounded(waits: &[Duration]) -> Vec<u64> {
    let rounded = waits.iter().map(|wait| (wait.as_secs_f64() * 100.0).floor() as u64 * 10);
    rounded.collect()
}

/// Reads the first page of a feed, and holds the connection from then on.
pub(crate) async fn holding(
    script: Script,
    keys: Value,
) -> (Arc<ScriptedPeer>, Box<dyn PageReader>) {
    let (peer, source) = in_memory([script], with(json!({"batch_size": 1}), keys));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(60)).await;
    (peer, reader)
}

pub(crate) async fn hold_for(reader: &mut dyn PageReader, time: Duration) {
    assert!(timeout(time, reader.hold()).await.is_err(), "hold ends by itself");
}
