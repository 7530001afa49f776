//! Subscriptions to topics, and the answers to them.

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::Script;
use serde_json::{Value, json};

use crate::support::*;

/// Subscribes to these topics as it says, until so many records came.
fn keys(topics: Value, subscribe: Value, records: usize) -> Value {
    json!({"topics": topics, "subscribe": subscribe, "subscribe_messages": ["done"],
        "max_messages": records})
}

/// Accepts so many messages, and brings a record behind the last subscription.
fn takes(messages: usize) -> Script {
    Script::accept().expect_data(messages).expect_text("done").send_text("1")
}

#[tokio::test(start_paused = true)]
async fn topics_are_subscribed_to_in_batches() {
    for (message, batch, topics, expected) in [
        (
            json!({"json": {"op": "sub", "args": "{topics}", "id": "{seq}", "n": "i{seq}"}}),
            json!(2),
            json!(["a", "b\"", "c"]),
            vec![
                r#"{"args":["a","b\""],"id":1,"n":"i1","op":"sub"}"#,
                r#"{"args":["c"],"id":2,"n":"i2","op":"sub"}"#,
            ],
        ),
        (json!({"text": "SUB {topics_csv}"}), json!(100), json!(["a", "b"]), vec!["SUB a,b"]),
        (json!({"text": "SUB {topic}"}), json!(1), json!(["a", "b"]), vec!["SUB a", "SUB b"]),
        (
            json!({"json": {"sub": "{topic}", "all": "{topics}"}}),
            json!(1),
            json!([{"channel": "trades", "n": 1}, "{it}"]),
            vec![
                r#"{"all":[{"channel":"trades","n":1}],"sub":{"channel":"trades","n":1}}"#,
                r#"{"all":["{it}"],"sub":"{it}"}"#,
            ],
        ),
    ] {
        let subscribe = json!({"message": message, "batch": batch});
        let (peer, told) = talk([takes(expected.len())], keys(topics, subscribe, 1)).await;
        assert_eq!(told.texts(), ["1"]);
        assert_eq!(peer.finish().await[0].texts(), [&expected[..], &["done"]].concat());
    }
    // A hundred topics are one batch unless it says otherwise.
    let topics: Vec<Value> = (0..250).map(|n| n.to_string().into()).collect();
    let subscribe = json!({"message": {"json": "{topics}"}});
    let (peer, _) = talk([takes(3)], keys(topics.into(), subscribe, 1)).await;
    let messages = peer.finish().await[0].texts();
    let sizes = messages[..3].iter().map(|text| text.matches('"').count() / 2);
    assert_eq!(sizes.collect::<Vec<_>>(), [100, 100, 50]);
}

#[tokio::test(start_paused = true)]
async fn every_connect_subscribes_to_all_topics_anew() {
    let subscribe = json!({"message": {"json": {"id": "{seq}", "args": "{topics}"}}, "batch": 2});
    let script = takes(2).hang_up();
    let (peer, _) = talk([script], reconnecting(keys(json!(["a", "b", "c"]), subscribe, 2))).await;
    let seen = peer.finish().await;
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].texts(), seen[1].texts(), "numbers begin anew on each connection");
}

/// One message for each topic, with a number.
fn numbered(more: Value) -> Value {
    with(json!({"message": {"json": {"id": "{seq}", "sub": "{topic}"}}, "batch": 1}), more)
}

#[tokio::test(start_paused = true)]
async fn answers_are_awaited_together_and_come_in_any_order() {
    let script = Script::accept()
        .next_json(json!({"/sub": "a"}))
        .hold_reply("first", json!({"id": "{/id}", "ok": true}))
        .next_json(json!({"/sub": "b"}))
        .send_text("1")
        .reply_json(json!({"id": "{/id}", "ok": true}))
        .send_text("2")
        // The number of no message, and an answer that was there before: both are data.
        .send_text(r#"{"id":7,"ok":true}"#)
        .send_text(r#"{"id":2,"ok":true}"#)
        .release("first")
        .expect_text("done")
        .send_text("3");
    let subscribe = numbered(json!({"ack": {"/id": "{seq}", "/ok": true}}));
    let (peer, told) = talk([script], keys(json!(["a", "b"]), subscribe, 5)).await;
    let records = ["1", "2", r#"{"id":7,"ok":true}"#, r#"{"id":2,"ok":true}"#, "3"];
    assert_eq!(told.texts(), records);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_gets_one_answer_or_one_for_each_topic() {
    for (per, answers) in [("message", 2), ("topic", 3)] {
        let mut script = Script::accept().expect_data(2);
        for n in 0..answers {
            script = script.send_text(n.to_string()).send_text("ok");
        }
        let script = script.expect_text("done").send_text("9");
        let subscribe = json!({"message": {"json": "{topics}"}, "batch": 2,
            "ack": {"text": "ok"}, "ack_per": per});
        let keys = keys(json!(["a", "b", "c"]), subscribe, answers + 1);
        let (peer, told) = talk([script], keys).await;
        let data: Vec<String> = (0..answers).chain([9]).map(|n| n.to_string()).collect();
        assert_eq!(told.texts(), data);
        peer.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_a_record_too() {
    for (is, records) in [("control", vec!["1"]), ("record", vec!["\"ok\"", "1"])] {
        let subscribe = numbered(json!({"ack": {"text": "\"ok\""}, "ack_is": is}));
        let script = Script::accept().expect_data(1).send_text("\"ok\"").send_text("1");
        let (_, told) = talk([script], keys(json!(["a"]), subscribe, records.len())).await;
        assert_eq!(told.texts(), records);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_answer_is_a_lost_connection() {
    for (more, limit) in [(json!({}), 10), (json!({"timeout": 4}), 4)] {
        let subscribe = numbered(with(json!({"ack": {"/id": "{seq}"}}), more));
        let script =
            Script::accept().next_json(json!({"/sub": "a"})).reply_json(json!({"id": "{/id}"}));
        let keys = with(
            keys(json!(["a", "b"]), subscribe, 1),
            json!({"reconnect": true,
            "max_reconnect_attempts": 2}),
        );
        let (peer, told) = talk([script], keys).await;
        let error = told.error().to_string();
        let words = format!("subscribe: no answer for {limit}s (timeout) (attempt 2/2)");
        assert!(error.ends_with(&words), "{error}");
        assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Timeout, 3));
        assert_eq!(peer.connections()[0].close_code(), Some(3008));
        assert_eq!(told.took.as_secs(), 3 * limit + 2);
    }
}

/// Refuses the topic `b`, and answers the others.
fn refuses_b() -> Script {
    let answer = |topic: &str| {
        let reply = match topic {
            "b" => json!({"id": "{/id}", "error": "no {/sub} here"}),
            _ => json!({"id": "{/id}", "ok": true}),
        };
        (json!({"/sub": topic}), reply)
    };
    Script::accept().unordered(["a", "b", "c"].map(answer))
}

fn refusable(more: Value) -> Value {
    let answers = json!({"ack": {"/id": "{seq}", "/ok": true},
        "fail": {"/id": "{seq}", "/error": {"exists": true}}});
    numbered(with(answers, more))
}

#[tokio::test(start_paused = true)]
async fn a_refused_topic_ends_the_run_or_is_left_out() {
    // A first subscription that is refused is final; later ones may be refused once.
    let good = Script::accept()
        .whenever(json!({"/id": {"exists": true}}), json!({"id": "{/id}", "ok": true}))
        .expect_text("done")
        .send_text("1")
        .close(1012, "restart");
    for (scripts, connects, records) in [(vec![refuses_b()], 1, 0), (vec![good, refuses_b()], 3, 1)]
    {
        let keys = keys(json!(["a", "b", "c"]), refusable(json!({})), 9);
        let (peer, told) = talk(scripts, reconnecting(keys)).await;
        assert_eq!((told.error().kind(), told.texts().len()), (ErrorKind::Protocol, records));
        let error = told.error().to_string();
        let words =
            r#"a subscription was refused (subscribe.fail): "{\"error\":\"no b here\",\"id\":2}""#;
        assert!(error.contains(words), "{error}");
        assert!(told.error().hint().unwrap().contains("on_fail: skip"));
        assert_eq!(peer.connections().len(), connects);
    }
    let logs = Logs::collect();
    let script = refuses_b().expect_text("done").send_text("1").hang_up();
    let keys = keys(json!(["a", "b", "c"]), refusable(json!({"on_fail": "skip"})), 2);
    let (peer, told) = talk([script], reconnecting(keys)).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".to_owned(); 2], Ended::MaxRecords));
    peer.finish().await;
    // The topic is refused on both connections. Counter and log have it once.
    assert_eq!(told.counters.own.get("refused_topics"), Some(&1));
    let logged: Vec<String> =
        logs.lines().into_iter().filter(|line| line.contains("refused: b")).collect();
    assert!(logged.len() == 1 && logged[0].contains("no b here"), "{logged:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_no_topic_counts_as_one_of_its_message() {
    let logs = Logs::collect();
    let subscribe = json!({"message": {"json": {"sub": "{topics}"}}, "ack": {"/ok": true},
        "ack_per": "topic", "fail": {"/ok": false}, "on_fail": "skip"});
    let keys = json!({"topics": ["a", "b", "c"], "subscribe": subscribe, "max_messages": 2,
        "message_format": "raw_string"});
    let script = Script::accept()
        .expect_data(1)
        .send_text(r#"{"ok":true}"#)
        .send_text(r#"{"ok":false,"why":"none"}"#)
        .send_text(r#"{"ok":true}"#)
        .send_text("1")
        .hang_up();
    let (_, told) = talk([script], reconnecting(keys)).await;
    assert_eq!(told.texts(), ["1", "1"]);
    // Both connections are refused alike.
    assert_eq!(told.counters.own.get("refused_topics"), Some(&1));
    let logged: Vec<String> =
        logs.lines().into_iter().filter(|line| line.contains("subscription refused")).collect();
    assert!(logged.len() == 1 && logged[0].contains("refused: 1 of a, b, c"), "{logged:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_wait_for_the_limit_of_messages_have_their_whole_time() {
    let subscribe = numbered(json!({"ack": {"/id": "{seq}"}, "timeout": 5}));
    let topics: Vec<Value> = (0..40).map(|n| n.to_string().into()).collect();
    let script = Script::accept()
        .whenever(json!({"/id": {"exists": true}}), json!({"id": "{/id}"}))
        .expect_text("done")
        .send_text("1");
    let keys = with(
        keys(topics.into(), subscribe, 1),
        json!({"send_limit": {"count": 1, "per": 2}, "session_timeout": 10}),
    );
    let (peer, told) = talk([script], keys).await;
    assert_eq!((told.texts(), peer.connections().len()), (vec!["1".to_owned()], 1));
    assert_eq!(told.took.as_secs(), 80);
}
