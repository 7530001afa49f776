//! Limits of messages and of connects.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::Source;
use faucet_testkit::{Script, ScriptedPeer};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn no_more_messages_leave_than_the_limit_allows() {
    for (limit, seconds) in [
        (json!({"count": 2, "per": 3}), 9),
        (json!({"count": 1, "per": "500ms"}), 3),
        (json!({"count": 100, "per": 60}), 0),
    ] {
        let messages: Vec<String> = (0..8).map(|n| format!("m{n}")).collect();
        let script = Script::accept().expect_data(8).send_text("1");
        let keys = json!({"send_limit": limit, "subscribe_messages": messages, "max_messages": 1});
        let (peer, told) = talk([script], keys).await;
        assert_eq!(told.took.as_secs(), seconds, "{limit}");
        assert_eq!(peer.finish().await[0].texts(), messages);
    }
}

#[tokio::test(start_paused = true)]
async fn pings_count_for_the_limit_and_a_pong_is_never_held_back() {
    let script = Script::accept()
        .expect_text("m0")
        .ping("are you there")
        .expect_pong("are you there")
        .send_text("1")
        .expect_text("m1")
        .send_text("2");
    let limit = json!({"count": 1, "per": 60});
    let keys = json!({"send_limit": limit, "subscribe_messages": ["m0", "m1"], "batch_size": 1});
    let (_peer, source) = in_memory([script], keys);
    let begin = Instant::now();
    let mut reader = open(&source).await;
    assert_eq!(texts(&page_within(&mut *reader, secs(1)).await), ["1"]);
    assert_eq!(texts(&page_within(&mut *reader, secs(1000)).await), ["2"]);
    assert!((60..=120).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
    stop(&mut *reader).await;
    // A Ping of ours takes the place of a message.
    let script = Script::accept().send_text("1").expect_text("reply").send_text("2");
    let rule = json!({"match": {"text": "1"}, "action": "keep", "reply": "reply"});
    let keys = json!({"send_limit": limit, "control": [rule], "max_messages": 2});
    let (_, told) = talk([script.clone()], keys.clone()).await;
    assert_eq!(told.took.as_secs(), 0);
    // So does a Pong.
    let asks = Script::accept().ping("p").expect_pong("p").send_text("1");
    let (_, told) = talk([asks.expect_text("reply").send_text("2")], keys.clone()).await;
    assert_eq!(told.took.as_secs(), 60);
    let script = Script::accept().expect_ping().send_text("1").expect_text("reply").send_text("2");
    let keys = with(keys, json!({"ping_interval": 100, "pong_timeout": 10}));
    let (_, told) = talk([script], keys).await;
    assert!(told.took.as_secs() == 160, "{:?}", told.took);
}

/// Answers of the script that wait for the limit do not make the session late.
#[tokio::test(start_paused = true)]
async fn the_time_that_the_limit_takes_is_none_of_the_servers() {
    let steps: Vec<Value> = (0..20).map(|n| json!({"send": format!("m{n}")})).collect();
    let expect = json!({"expect": {"text": "ok"}, "timeout": 2});
    let session = [steps, vec![expect]].concat();
    let script = Script::accept().expect_data(20).send_text("ok").send_text("1");
    let keys = json!({"send_limit": {"count": 1, "per": 5}, "session": session,
        "session_timeout": 10, "max_messages": 1});
    let (peer, told) = talk([script], keys).await;
    assert_eq!((told.texts(), peer.connections().len()), (vec!["1".to_owned()], 1));
    assert_eq!(told.took.as_secs(), 95);
}

/// Reaches a peer in memory, and notes when.
struct Timed {
    peer: Arc<ScriptedPeer>,
    asked: Mutex<Vec<Instant>>,
}

#[async_trait]
impl Dial for Timed {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        self.asked.lock().unwrap().push(Instant::now());
        Memory(Arc::clone(&self.peer)).dial(to, log).await
    }
}

/// The waits between the connects of a source whose server hangs up each time.
async fn connects(host: &str, keys: Value) -> Vec<u64> {
    let peer = Arc::new(ScriptedPeer::new([once_up()]));
    let dial = Arc::new(Timed { peer, asked: Mutex::default() });
    let keys = with(reconnecting(json!({"max_messages": 7})), keys);
    let source =
        source(&format!("ws://{host}/"), keys).with_dial(Arc::clone(&dial) as Arc<dyn Dial>);
    run_paused(&source).await;
    let asked = dial.asked.lock().unwrap();
    gaps(&asked).iter().map(|wait| wait.as_secs_f64().round() as u64).collect()
}

#[tokio::test(start_paused = true)]
async fn no_more_connects_are_made_than_the_limit_allows() {
    let limit = |count: u32, per: u64| json!({"connect_limit": {"count": count, "per": per}});
    assert_eq!(connects("a.limits.test", json!({})).await, [0, 0, 0, 0, 0, 0]);
    assert_eq!(connects("b.limits.test", limit(1, 10)).await, [10, 10, 10, 10, 10, 10]);
    assert_eq!(connects("c.limits.test", limit(3, 60)).await, [0, 0, 60, 0, 0, 60]);
}

#[tokio::test(start_paused = true)]
async fn the_sources_of_a_process_share_the_connects_to_a_host() {
    let limit = json!({"connect_limit": {"count": 2, "per": 30}});
    let (one, other, elsewhere) = tokio::join!(
        connects("shared.limits.test", limit.clone()),
        connects("shared.limits.test", limit.clone()),
        connects("other.limits.test", limit),
    );
    let took = |waits: &[u64]| waits.iter().sum::<u64>();
    assert_eq!(took(&elsewhere), 90);
    assert!(took(&one).max(took(&other)) >= 150, "{one:?} {other:?}");
}

#[test]
fn pings_that_use_the_limit_up_are_warned_of() {
    for (ping, count, per, warned) in
        [(20, 1, 60, true), (20, 3, 60, true), (20, 4, 60, false), (61, 1, 60, false)]
    {
        let keys = json!({"ping_interval": ping, "send_limit": {"count": count, "per": per}});
        let warnings = source("ws://limits.test/", keys).info().warnings;
        assert_eq!(warnings.iter().any(|one| one.path == "send_limit".into()), warned, "{ping}");
    }
}
