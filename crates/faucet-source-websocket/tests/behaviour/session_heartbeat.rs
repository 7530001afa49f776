//! Messages that keep a connection alive, and connections that fall silent.

use std::time::Duration;

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Frame, Script};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::*;

/// Answers each heartbeat with a record.
fn answers() -> Script {
    Script::accept().whenever(json!({"/beat": {"exists": true}}), json!({"beat": "{/beat}"}))
}

/// When the first `count` heartbeats went out, in seconds since the first connect.
async fn moments(script: Script, keys: Value, count: usize) -> Vec<f64> {
    let (_peer, source) = in_memory([script], with(json!({"batch_size": 1}), keys));
    let begin = Instant::now();
    let mut reader = open(&source).await;
    let mut moments = Vec::new();
    while moments.len() < count {
        let page = page_within(&mut *reader, secs(3600)).await;
        if texts(&page)[0].contains("beat") {
            moments.push((begin.elapsed().as_secs_f64() * 10.0).round() / 10.0);
        }
    }
    stop(&mut *reader).await;
    moments
}

/// A source with this heartbeat.
fn beats(more: Value) -> Value {
    let message = json!({"message": {"json": {"beat": "{seq}"}}, "interval": 10});
    json!({"heartbeat": with(message, more)})
}

#[tokio::test(start_paused = true)]
async fn heartbeats_go_out_at_their_interval() {
    assert_eq!(moments(answers(), beats(json!({})), 3).await, [10.0, 20.0, 30.0]);
    let keys = beats(json!({"message": {"beat": 1}, "interval": "1500ms"}));
    assert_eq!(moments(answers(), keys, 2).await, [1.5, 3.0]);
    let (peer, told) =
        talk([Script::accept()], with(beats(json!({})), json!({"idle_timeout": 35}))).await;
    assert_eq!(told.ended(), Ended::Idle);
    assert_eq!(peer.json_messages(0), [1, 2, 3].map(|n| json!({"beat": n})));
}

#[tokio::test(start_paused = true)]
async fn an_idle_heartbeat_waits_for_silence() {
    for (when, expected) in [("always", [10.0, 20.0, 30.0]), ("idle", [22.0, 32.0, 42.0])] {
        let script = answers().pause(secs(6)).send_text("1").pause(secs(6)).send_text("2");
        assert_eq!(moments(script, beats(json!({"when": when})), 3).await, expected, "{when}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_heartbeat_may_come_after_a_random_share() {
    let mut firsts = Vec::new();
    for _ in 0..8 {
        let moments = moments(answers(), beats(json!({"first": "random"})), 2).await;
        assert!(moments[0] <= 10.0, "{moments:?}");
        assert!((moments[1] - moments[0] - 10.0).abs() < 0.2, "{moments:?}");
        firsts.push(moments[0]);
    }
    firsts.sort_by(f64::total_cmp);
    assert!(firsts[7] - firsts[0] > 0.1, "{firsts:?}");
    let keys = beats(json!({"first": "interval"}));
    assert_eq!(moments(answers(), keys, 1).await, [10.0]);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_may_begin_during_the_session() {
    for (during, expected) in [(true, [5.0, 10.0, 15.0]), (false, [19.0, 24.0, 29.0])] {
        let script = answers()
            .send_text(r#"{"hello":{"every":5000}}"#)
            .pause(secs(14))
            .send_text(r#"{"ready":true}"#);
        let session = json!([
            {"expect": {"/hello": {"exists": true}}, "take": {"every": "/hello/every"}},
            {"expect": {"/ready": true}, "timeout": 20},
        ]);
        let keys = beats(json!({"interval": "{every} ms", "during_session": during}));
        let keys = with(keys, json!({"session": session}));
        assert_eq!(moments(script, keys, 3).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_the_server_is_kept_within_bounds() {
    let session = json!([{"expect": {"/every": {"exists": true}}, "take": {"every": "/every"}}]);
    for (dictated, unit, interval, is_kept) in [
        (json!(15), "s", 15.0, true),
        (json!("2500"), "ms", 2.5, true),
        (json!(0), "s", 1.0, false),
        (json!(100_000_000), "ms", 600.0, false),
    ] {
        let logs = Logs::collect();
        let script = answers().send_text(json!({"every": dictated}).to_string());
        let keys = beats(json!({"interval": format!("{{every}} {unit}")}));
        let keys = with(keys, json!({"session": session}));
        assert_eq!(moments(script, keys, 1).await, [interval]);
        let warned = logs.lines().iter().any(|line| line.contains("out of bounds"));
        assert_eq!(warned, !is_kept);
    }
    let script = Script::accept().send_text(r#"{"every":"often"}"#);
    let keys = with(beats(json!({"interval": "{every} s"})), json!({"session": session}));
    let (_, told) = talk([script], keys).await;
    let error = told.error().to_string();
    assert!(
        error.contains("heartbeat: the value of {every} is no number") && !error.contains("often"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_heartbeat_is_never_a_record_and_no_data() {
    let pong = || json!({"op": "pong", "n": "{/n}"});
    let script = Script::accept()
        .send_text("1")
        .whenever(json!({"/op": "ping"}), pong())
        // An answer that nobody asked for.
        .send_text(r#"{"op":"pong","n":7}"#);
    let heartbeat = json!({"message": {"json": {"op": "ping", "n": "{seq}"}}, "interval": 10,
        "reply": {"/op": "pong"}});
    let keys = json!({"heartbeat": heartbeat, "idle_timeout": 60, "idle_resets_on": "data"});
    let (peer, told) = talk([script.clone()], keys.clone()).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".to_owned()], Ended::Idle));
    assert_eq!(told.took.as_secs(), 60, "answers do not hold the clock of data");
    assert!(peer.connections()[0].texts().len() >= 5);
    let keys = with(
        keys,
        json!({"idle_timeout": 300, "reconnect": true, "stale_timeout": 25,
        "max_messages": 6}),
    );
    let (peer, _) = talk([script], keys).await;
    assert!(peer.connections().len() > 5, "nor that of stale feeds");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_without_an_answer_ends_the_connection() {
    for (more, limit) in
        [(json!({}), 10), (json!({"timeout": 3}), 3), (json!({"timeout": "{wait} s"}), 4)]
    {
        let script = Script::accept()
            .send_text(r#"{"wait":4}"#)
            .send_text("1")
            .expect_text("ping")
            .send_text("pong")
            .expect_text("ping")
            .send_text("data is no answer");
        let heartbeat = json!({"message": "ping", "interval": 10, "reply": {"text": "pong"}});
        let session = json!([{"expect": {"/wait": {"exists": true}}, "take": {"wait": "/wait"}}]);
        let keys = json!({"session": session, "heartbeat": with(heartbeat, more),
            "message_format": "raw_string"});
        let (peer, told) = talk([script], keys).await;
        let error = told.error();
        let words = format!("no answer to a heartbeat for {limit}s (heartbeat.timeout)");
        assert!(error.to_string().contains(&words), "{error}");
        assert_eq!((error.kind(), told.took.as_secs()), (ErrorKind::Timeout, 20 + limit));
        assert_eq!(told.texts(), ["1", "data is no answer"]);
        assert_eq!(peer.finish().await[0].close_code(), Some(3008));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_any_message_is_left() {
    // Pings of the server and answers to ours are no messages; a message that a rule takes is one.
    for (script, lasts) in [
        (Script::accept().send_text("1").pause(secs(5)).ping("p"), 8),
        (Script::accept().send_text("1").pause(secs(5)).send_text(r#"{"type":"beat"}"#), 13),
        (
            Script::accept().send_text("1").pause(secs(5)).send_frame(Frame::text("2").not_final()),
            13,
        ),
    ] {
        let keys = json!({"silence_timeout": 8, "reconnect": true, "ping_interval": 2,
            "control": [{"match": {"/type": "beat"}}], "max_messages": 2});
        let (peer, told) = talk([script], keys).await;
        assert_eq!(told.ended(), Ended::MaxRecords);
        let waits = gaps(&accepted(&peer));
        assert_eq!(waits[0].as_secs(), lasts + 1);
        assert_eq!(peer.connections()[0].close_code(), Some(3008));
        let gap = &told.gaps()[0].1;
        assert_eq!(gap.attempts, 1);
    }
}

/// A silent server was never stable, however long it is silent.
#[tokio::test(start_paused = true)]
async fn silence_is_no_good_connection() {
    let keys = json!({"silence_timeout": 60, "reconnect": true, "max_reconnect_attempts": 2,
        "reconnect_backoff": 1, "reconnect_max_backoff": 60});
    let (peer, told) = talk([Script::accept()], keys).await;
    assert!(told.error().to_string().contains("no message for 60s (silence_timeout)"));
    assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Timeout, 3));
    let waits: Vec<Duration> = gaps(&accepted(&peer));
    assert_eq!(waits.iter().map(Duration::as_secs).collect::<Vec<_>>(), [61, 62]);
}
