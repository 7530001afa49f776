//! A session that stands: answers while nothing is written, planned reconnects, and its end.

use std::time::Duration;

use faucet_core::ErrorKind;
use faucet_testkit::Script;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::*;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn heartbeats_and_replies_leave_while_nothing_is_written() {
    let script = Script::accept()
        .whenever(json!({"/beat": {"exists": true}}), json!({"pong": "{/beat}"}))
        .send_text("unasked")
        .pause(secs(12))
        .send_text(r#"{"ping":12345678901234567890}"#)
        .expect_data(1);
    let keys = json!({
        "heartbeat": {"message": {"json": {"beat": "{seq}"}}, "interval": 10,
            "reply": {"/pong": "{seq}"}, "timeout": 3},
        "control": [{"match": {"/ping": {"exists": true}}, "reply": {"json": {"pong": "{/ping}"}}}],
    });
    let (peer, _, sink) = in_memory([script], keys);
    let mut run = Run::open(&sink).await;
    sleep(secs(35)).await;
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    let texts = peer.finish().await[0].texts();
    assert_eq!(
        texts,
        [
            r#"{"beat":1}"#,
            r#"{"pong":12345678901234567890}"#,
            r#"{"beat":2}"#,
            r#"{"beat":3}"#,
            "record 1",
        ]
    );
    assert_eq!(run.skipped("unexpected_inbound"), 1, "what a rule takes is not unexpected");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_without_an_answer_drops_the_connection_and_its_records_are_sent_again() {
    let keys = json!({"heartbeat": {"message": "beat", "interval": 10, "reply": {"text": "pong"},
        "timeout": 3}});
    let scripts = [Script::accept().no_pongs(), Script::accept()];
    sends_again_to(scripts, keys, Some(3008), 13..=13).await;
}

/// Records that the first connection does not confirm arrive on the second. The first ends with this
/// Close after so many seconds.
async fn sends_again_to(
    scripts: [Script; 2],
    keys: Value,
    code: Option<u16>,
    seconds: std::ops::RangeInclusive<u64>,
) {
    let keys = at_least_once(with(json!({"ack_timeout": 600}), keys));
    let (peer, memory, sink) = in_memory(scripts, keys);
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 3)).await.unwrap();
    run.flush_all().await.unwrap();
    run.end().await.unwrap();
    let seen: Vec<_> = peer.connections();
    let records = |n: usize| {
        let mut texts = seen[n].texts();
        texts.retain(|text| text.starts_with("record"));
        texts
    };
    assert_eq!([records(0), records(1)], [named(1, 3), named(1, 3)]);
    assert_eq!((run.counts().delivered, run.own("resent")), (3, 3));
    let asked = memory.asked();
    let lasted = (asked[1] - asked[0]).as_secs();
    assert!(seconds.contains(&lasted), "{lasted} s");
    assert_eq!(seen[0].close_code(), code);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_left_and_records_are_sent_again() {
    let scripts = [Script::accept().no_pongs(), Script::accept()];
    let keys = json!({"silence_timeout": 20});
    sends_again_to(scripts, keys, Some(3008), 20..=20).await;
}

#[tokio::test(start_paused = true)]
async fn a_planned_reconnect_loses_no_record() {
    let scripts = [Script::accept().no_pongs(), Script::accept()];
    sends_again_to(scripts, json!({"rotate_after": 100}), Some(3999), 95..=100).await;
}

#[tokio::test(start_paused = true)]
async fn a_close_rule_decides_and_records_are_sent_again() {
    let closes = || Script::accept().no_pongs().expect_data(3).close(4005, "slot lost");
    let keys = |action: &str| {
        json!({"close_rules": [{"codes": ["4000-4009"], "contains": "slot",
        "action": action}]})
    };
    let rule = json!({"codes": [4005], "action": "reconnect", "delay": 30});
    let delayed = json!({"close_rules": [rule]});
    sends_again_to([closes(), Script::accept()], delayed, Some(4005), 30..=30).await;
    let (_, _, sink) = in_memory([closes()], at_least_once(keys("fail")));
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 3)).await.ok();
    let error = run.flush_all().await.unwrap_err();
    assert!(error.to_string().contains("closed by the server: 4005 application"), "{error}");
    assert_eq!(run.counts().delivered, 0);
}

#[tokio::test(start_paused = true)]
async fn a_control_rule_reconnects_or_fails() {
    let says = |word: &str| Script::accept().no_pongs().expect_data(3).send_text(word);
    let rules = json!([
        {"match": {"text": "move"}, "action": "reconnect", "delay": 15},
        {"match": {"text": "quota"}, "action": "fail"},
    ]);
    let keys = json!({"control": rules});
    let (peer, memory, sink) = in_memory(
        [says("move"), Script::accept()],
        at_least_once(with(json!({"ack_timeout": 600}), keys.clone())),
    );
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 3)).await.unwrap();
    run.flush_all().await.unwrap();
    run.end().await.unwrap();
    assert_eq!(peer.connections()[1].texts(), named(1, 3));
    let asked = memory.asked();
    assert_eq!((asked[1] - asked[0]).as_secs(), 15);
    let (_, _, sink) = in_memory([says("quota")], at_least_once(keys));
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 3)).await.ok();
    let error = run.flush_all().await.unwrap_err();
    assert!(error.to_string().contains(r#"control[1] ends the run: "quota""#), "{error}");
    assert_eq!((error.kind(), run.counts().delivered), (ErrorKind::Sink, 0));
}

#[tokio::test(start_paused = true)]
async fn the_last_messages_follow_the_last_record() {
    let keys =
        json!({"goodbye": [{"json": {"bye": "{none?}"}}, "so long"], "delivery": "at_least_once"});
    let keys = with(keys, json!({"values": {"none": {"literal": "n"}}}));
    let (peer, _, sink) = in_memory([Script::accept()], keys);
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 2)).await.unwrap();
    run.end().await.unwrap();
    let seen = peer.finish().await.swap_remove(0);
    let expected =
        [&named(1, 2)[..], &[r#"{"bye":"n"}"#.to_owned(), "so long".to_owned()]].concat();
    assert_eq!((seen.texts(), seen.close_code()), (expected, Some(1000)));
}

fn connects(memory: &Memory) -> Vec<u64> {
    let asked = memory.asked();
    asked.windows(2).map(|two| (two[1] - two[0]).as_secs_f64().round() as u64).collect()
}

#[tokio::test(start_paused = true)]
async fn limits_hold_for_the_messages_of_the_session_and_for_connects() {
    let keys = json!({
        "send_limit": {"count": 2, "per": 3}, "connect_messages": ["a", "b", "c", "d", "e"],
        "connect_limit": {"count": 1, "per": 60}, "reconnect_backoff": 0.001,
    });
    let script = || Script::accept().expect_data(6).close(1012, "");
    let (peer, memory) = memory([script(), script(), Script::accept()]);
    let sink = sink("ws://limits.sink.test/", keys).with_dial(memory.clone());
    let begun = Instant::now();
    let mut run = Run::open(&sink).await;
    assert_eq!(begun.elapsed().as_secs(), 6, "five messages, two in three seconds");
    for n in 1..=2 {
        run.write_page(numbers(n, n)).await.unwrap();
        peer.until(|seen| seen.iter().filter(|seen| seen.end.is_some()).count() as u64 == n).await;
        sleep(Duration::from_millis(1)).await;
    }
    run.write_page(numbers(3, 3)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(connects(&memory), [60, 60]);
    assert_eq!(all_texts(&peer.connections()).len(), 18);
}
