//! The sink satisfies what every sink and every configuration must satisfy.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use faucet_core::{Record, Scope, Sink};
use faucet_sink_websocket::{WebsocketSink, WebsocketSinkConfig};
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::sink::{self, SinkCase};
use faucet_testkit::{Polls, Script, ScriptedServer, Seen, record, refused_address};
use serde_json::{Value, json};

use crate::support::{
    Memory, all_texts, at_least_once, every_key, every_session_key, memory, numbers, sink, with,
};

const CANARY: &str = "c4n4ry";
const BAD: &str = "{\"bad\":1}";

/// Takes everything but one record.
fn takes() -> Script {
    Script::accept().read_to(BAD).close(1003, &format!("{CANARY} does not like it"))
}

/// Secrets in all places that can have them.
fn secrets(keys: Value) -> Value {
    let auth = json!({"type": "bearer", "config": {"token": CANARY}});
    with(json!({"auth": auth, "headers": {"X-Key": CANARY}}), keys)
}

fn url(base: &str) -> String {
    format!("{base}{{symbol}}?token={CANARY}&more={{more}}")
}

/// The records that a far end has taken: all but the record that it refuses, and of a far end that fails the
/// first records only.
struct Taken {
    memory: Arc<Memory>,
    limit: usize,
}

impl Taken {
    fn by(scripts: impl IntoIterator<Item = Script>, limit: usize) -> Self {
        Self { memory: memory(scripts).1, limit }
    }

    fn texts(&self) -> Vec<String> {
        let mut texts = all_texts(&self.memory.connections());
        texts.retain(|text| text != BAD);
        texts.truncate(self.limit);
        texts
    }

    fn sink(&self, keys: &Value) -> WebsocketSink {
        sink(&url("ws://sink.test/"), keys.clone()).with_dial(self.memory.clone())
    }
}

fn records() -> Vec<Record> {
    (0..12).map(|n| record(&format!("{{ \"n\":{n}.10 }}"))).collect()
}

/// A far end in memory that takes everything, refuses a record, fails, or is away.
async fn conforms_in_memory(keys: Value) {
    let keys = secrets(keys);
    let refuses_records = keys["delivery"] == "at_least_once";
    let far = Mutex::new(Taken::by([takes()], usize::MAX));
    let failing = async |taken: usize| {
        let script = match taken.checked_sub(1) {
            None => Script::accept(),
            Some(last) => Script::accept().read_to(format!("{{ \"n\":{last}.10 }}")),
        };
        let failing = Taken::by([script.then_refuse().hang_up()], taken);
        let sink = failing.sink(&with(keys.clone(), json!({"max_reconnect_attempts": 1})));
        *far.lock().unwrap() = failing;
        sink
    };
    let away = async || {
        let script = Script::reject(401).body(format!("invalid token: {CANARY}"));
        Taken::by([script], 0).sink(&keys)
    };
    let case = SinkCase::new(
        async || far.lock().unwrap().sink(&keys),
        async || {
            // Frames that were handed to the transport are still on their way.
            tokio::time::sleep(Duration::from_millis(10)).await;
            far.lock().unwrap().texts()
        },
    )
    .records(records())
    .reset(async || *far.lock().unwrap() = Taken::by([takes()], usize::MAX))
    .fails_at(failing)
    .unreachable(away)
    .canary(CANARY)
    .scope([("symbol", "btc"), ("more", CANARY)])
    .name("websocket");
    sink::conforms(&if refuses_records { case.rejects(record(BAD)) } else { case }).await;
}

#[tokio::test(start_paused = true)]
async fn at_most_once_conforms() {
    conforms_in_memory(json!({"reconnect_backoff": 0.001})).await;
}

#[tokio::test(start_paused = true)]
async fn at_least_once_conforms() {
    conforms_in_memory(at_least_once(json!({}))).await;
    conforms_in_memory(at_least_once(json!({"max_unconfirmed_records": 2}))).await;
}

#[tokio::test]
async fn it_conforms_over_tcp() {
    for keys in [json!({}), at_least_once(json!({}))] {
        let keys = secrets(keys);
        let server = ScriptedServer::start([Script::accept()]).await;
        let nowhere = refused_address().await;
        let case = SinkCase::new(
            async || sink(&url(&server.url()), keys.clone()),
            async || settled(&server).await,
        )
        .unreachable(async || sink(&url(&format!("ws://{nowhere}/")), json!({})))
        .canary(CANARY)
        .scope([("symbol", "btc"), ("more", CANARY)])
        .name("websocket");
        sink::conforms(&case).await;
    }
}

/// The texts, once no frame is on its way any more.
async fn settled(server: &ScriptedServer) -> Vec<String> {
    let count = |seen: &[Seen]| seen.iter().map(|seen| seen.frames.len()).sum::<usize>();
    let (mut calm, mut last) = (0, 0);
    while calm < 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let now = count(&server.connections());
        calm = if now == last { calm + 1 } else { 0 };
        last = now;
    }
    all_texts(&server.connections())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_at_any_poll_leaves_no_connection_behind() {
    for delivery in ["at_most_once", "at_least_once"] {
        for kill in 1.. {
            let (peer, memory) = memory([Script::accept()]);
            let sink = sink("ws://sink.test/", json!({"delivery": delivery})).with_dial(memory);
            let scope = Scope::default();
            let life = async {
                let mut writer = sink.open(&scope).await.unwrap();
                for page in 0..2 {
                    writer.write_page(numbers(1 + 3 * page, 3 + 3 * page)).await.unwrap();
                    let _ = writer.flush().await.unwrap();
                }
                writer.close().await.unwrap();
            };
            let whole = Polls::new(kill, life).await.is_some();
            tokio::time::sleep(Duration::from_secs(1)).await;
            let open = peer.connections().iter().filter(|seen| seen.end.is_none()).count();
            assert_eq!(open, 0, "{delivery}, killed at poll {kill}");
            if whole {
                assert!(kill > 3, "{kill}");
                break;
            }
        }
    }
}

#[test]
fn the_configuration_conforms() {
    let custom = json!({"type": "custom", "config": {"headers": {"X-Key": "k"}}});
    let basic = json!({"type": "basic", "config": {"username": "u", "password": "p"}});
    let case = ConfigCase::sink::<WebsocketSinkConfig>(json!({"url": "ws://h/"}))
        .example(every_key())
        .example(json!({"url": "ws://h/", "auth": custom, "max_reconnect_attempts": null}))
        .example(json!({"url": "ws://h/", "auth": basic}))
        .example(every_session_key());
    // A message is any JSON, and so are the parts of a token.
    let free =
        ["connect_messages", "goodbye", "send", "message", "reply", "json", "header", "claims"];
    let case = free.into_iter().fold(case, ConfigCase::any_json);
    config::conforms(&case);
}
