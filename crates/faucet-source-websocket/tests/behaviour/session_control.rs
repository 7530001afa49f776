//! Rules for messages that are no data.

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Frame, Script};
use serde_json::{Value, json};

use crate::support::*;

/// Sends data around a message of another kind.
fn around(message: &str) -> Script {
    // The pong proves that the record was read before the message.
    Script::accept().send_text("1").ping("p").expect_pong("p").send_text(message).send_text("2")
}

const EVENT: &str = r#"{"event":"pause","id":12345678901234567890.10}"#;

#[tokio::test(start_paused = true)]
async fn each_action_of_a_rule() {
    for (action, records, end) in [
        (None, vec!["1", "2"], Ok(Ended::Closed)),
        (Some("drop"), vec!["1", "2"], Ok(Ended::Closed)),
        (Some("keep"), vec!["1", EVENT, "2"], Ok(Ended::Closed)),
        (Some("warn"), vec!["1", "2"], Ok(Ended::Closed)),
        (Some("end"), vec!["1"], Ok(Ended::Closed)),
        (Some("fail"), vec!["1"], Err(ErrorKind::Closed)),
    ] {
        let logs = Logs::collect();
        let mut rule = json!({"match": {"/event": "pause"}});
        rule.as_object_mut().unwrap().extend(action.map(|a| ("action".to_owned(), a.into())));
        let script = around(EVENT).close(1000, "");
        let (_, told) = talk([script], json!({"control": [rule]})).await;
        assert_eq!(told.end.as_ref().map(|end| *end).map_err(faucet_core::Error::kind), end);
        assert_eq!(told.texts()[..records.len().min(2)], records[..records.len().min(2)]);
        if action != Some("end") && action != Some("fail") {
            assert_eq!(told.texts(), records);
        }
        if let Err(error) = &told.end {
            let words = r#"control[0] ends the run: "{\"event\":\"pause\","#;
            assert!(error.to_string().contains(words), "{error}");
        }
        let warned =
            logs.lines().iter().any(|line| line.starts_with("WARN") && line.contains("control[0]"));
        assert_eq!(warned, action == Some("warn"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_rule_that_matches_decides_about_the_whole_message() {
    let rules = json!([
        {"match": {"/event": "pause", "/id": {"min": 5}}, "action": "keep"},
        {"match": [{"/event": ["pause", "resume"]}, {"text": "hello"}, {"binary": true}]},
        {"match": {"/event": {"exists": true}}, "action": "fail"},
    ]);
    let script = Script::accept()
        .send_text("hello")
        .send_text(r#"{"event":"pause","id":4}"#)
        .send_text(r#"{"event":"pause","id":5}"#)
        .send_binary(b"3")
        .send_text(r#"{"event":"resume"}"#)
        .send_text("\"hello\"")
        .send_text(r#"{"event":"other"}"#);
    let (_, told) = talk([script], json!({"control": rules})).await;
    assert_eq!(told.texts(), [r#"{"event":"pause","id":5}"#, "\"hello\""]);
    assert!(told.error().to_string().contains("control[2]"));
}

#[tokio::test(start_paused = true)]
async fn a_reply_holds_places_of_the_message_digit_for_digit() {
    let rules = json!([
        {"match": {"/ping": {"exists": true}}, "reply": {"json": {"pong": "{/ping}", "n": "{seq}",
            "left": "{/none?}", "text": "of {/ping}"}}},
        {"match": {"text": "ping"}, "reply": "pong"},
        {"match": {"prefix": "2"}, "reply": {"text": "3{/none?}"}},
        {"match": {"/event": "keep"}, "action": "keep", "reply": {"text": "got {/id}"}},
    ]);
    let script = Script::accept()
        .send_text(r#"{"ping":1492420473027.10}"#)
        .expect_data(1)
        .send_text("ping")
        .expect_data(1)
        .send_text(r#"{"event":"keep","id":12345678901234567890}"#)
        .expect_data(1)
        .send_text(r#"{"ping":{"a":[1, 2]}}"#)
        .expect_data(1)
        .send_text("1");
    let (peer, told) = talk([script], json!({"control": rules, "max_messages": 2})).await;
    assert_eq!(told.texts(), [r#"{"event":"keep","id":12345678901234567890}"#, "1"]);
    assert_eq!(
        peer.finish().await[0].texts(),
        [
            r#"{"n":1,"pong":1492420473027.10,"text":"of 1492420473027.10"}"#,
            "pong",
            "got 12345678901234567890",
            r#"{"n":2,"pong":{"a":[1, 2]},"text":"of {\"a\":[1, 2]}"}"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_reconnects_at_once_or_after_its_delay() {
    for (more, wait) in [
        (json!({"action": "reconnect"}), 0),
        (json!({"action": "reconnect", "delay": 7}), 7),
        (json!({"action": "restart", "delay": "2 min"}), 120),
    ] {
        let rule = with(json!({"match": {"/event": "pause"}}), more);
        let keys = json!({"control": [rule], "reconnect": true, "reconnect_backoff": 50,
            "max_messages": 4});
        let (peer, told) = talk([around(EVENT)], keys).await;
        assert!(told.texts().iter().filter(|text| *text == "1").count() >= 2);
        let waits: Vec<u64> = gaps(&accepted(&peer)).iter().map(|wait| wait.as_secs()).collect();
        assert!(waits[0].abs_diff(wait) <= 1, "{waits:?} for {wait}");
        assert_eq!(told.gaps()[0].1.attempts, 1);
        // The server hears that the client comes back, with a code that ends no session.
        let code = peer.connections()[0].close_code().unwrap();
        assert!((3000..4000).contains(&code), "{code}");
    }
}

/// Without a record before it, a planned reconnect waits as any other does.
#[tokio::test(start_paused = true)]
async fn a_server_that_only_ever_asks_for_a_reconnect_is_given_up() {
    let keys = json!({"control": [{"match": {"/event": "pause"}, "action": "reconnect"}],
        "reconnect": true, "max_reconnect_attempts": 3, "reconnect_backoff": 1,
        "reconnect_max_backoff": 30});
    let (peer, told) = talk([Script::accept().send_text(EVENT)], keys).await;
    assert!(told.error().to_string().contains("control[0] connects again (attempt 3/3)"));
    let waits: Vec<u64> = gaps(&accepted(&peer)).iter().map(|wait| wait.as_secs()).collect();
    assert_eq!(waits, [1, 2, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_takes_values_for_later_messages() {
    let rules = json!([
        {"match": {"/token": {"exists": true}}, "take": {"token": "/token"},
            "reply": {"json": {"use": "{token}"}}},
        {"match": {"text": "who"}, "reply": {"json": {"token": "{token}"}}},
        {"match": {"/bad": true}, "take": {"other": "/none"}},
    ]);
    let script = Script::accept()
        .send_text(r#"{"token":"t-1"}"#)
        .expect_data(1)
        .send_text("who")
        .expect_data(1)
        .send_text(r#"{"token":"t-2"}"#)
        .expect_data(1)
        .send_text("who")
        .expect_data(1)
        .send_text(r#"{"bad":true}"#);
    let (peer, told) = talk([script], json!({"control": rules})).await;
    let error = told.error().to_string();
    assert!(error.contains("control[2]: the message has no value at /none"), "{error}");
    let said: Vec<Value> = peer.json_messages(0);
    let expected = [("use", "t-1"), ("token", "t-1"), ("use", "t-2"), ("token", "t-2")];
    assert_eq!(said, expected.map(|(name, token)| json!({name: token})));
}

#[tokio::test(start_paused = true)]
async fn control_never_becomes_a_record_in_any_phase_and_is_no_data_for_the_clocks() {
    let beat = r#"{"type":"heartbeat"}"#;
    let script = Script::accept()
        .early()
        .send_text(beat)
        .send_text(r#"{"type":"welcome"}"#)
        .send_text(beat)
        .expect_text("all")
        .send_text(beat)
        .send_text("1")
        .send_fragments(1, &[&beat[..5], &beat[5..]], None)
        .send_text("2")
        .pause(secs(20))
        .send_text(beat)
        .pause(secs(20))
        .send_text(beat);
    let keys = json!({"session": [{"expect": {"/type": "welcome"}}], "subscribe_messages": ["all"],
        "control": [{"match": {"/type": "heartbeat"}}], "idle_timeout": 30,
        "idle_resets_on": "data", "batch_size": 1});
    let (_, told) = talk([script.clone()], keys.clone()).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".to_owned(), "2".to_owned()], Ended::Idle));
    assert_eq!((told.took.as_secs(), told.page_sizes()), (30, vec![1, 1]));
    assert_eq!(told.counters.skipped, skipped(&[]));
    let keys = with(keys, json!({"idle_resets_on": "any"}));
    let (_, told) = talk([script.clone()], keys.clone()).await;
    assert_eq!(told.took.as_secs(), 70, "any byte counts here");
    let keys = with(keys, json!({"stale_timeout": 25, "reconnect": true, "max_messages": 4}));
    let (peer, told) = talk([script], keys).await;
    assert_eq!((told.texts().len(), peer.connections().len()), (4, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_without_end_is_left() {
    let rules = json!([{"match": {"text": "ping"}, "reply": "pong"}]);
    let script = Script::accept().repeat(1000, |_| "ping".to_owned());
    let (peer, told) = talk([script.clone()], json!({"control": rules})).await;
    assert_eq!(told.error().kind(), ErrorKind::Protocol);
    assert!(told.error().to_string().contains("more than 100 answers in a second"));
    assert_eq!(peer.connections()[0].texts().len(), 100);
    // With a limit of its own the server may ask more often; a hundred answers may wait.
    let limit = json!({"count": 500, "per": 1});
    let script = Script::accept().repeat(600, |_| "ping".to_owned()).expect_data(600);
    let script = script.send_frame(Frame::text("1"));
    let keys = json!({"control": rules, "send_limit": limit, "max_messages": 1});
    let (_, told) = talk([script], keys).await;
    assert_eq!((told.texts(), told.took.as_secs()), (vec!["1".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_wait_for_the_flush_of_its_record() {
    let keys = |after: &str| {
        let rule = json!({"match": {"/id": {"exists": true}}, "action": "keep", "after": after,
            "reply": {"json": {"ack": "{/id}"}}});
        json!({"control": [rule], "batch_size": 1})
    };
    let script = || Script::accept().send_text(r#"{"id":1}"#).send_text(r#"{"id":2}"#);
    let ack = |id: u32| json!({"ack": id});

    let (peer, source) = in_memory([script()], keys("receive"));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(5)).await;
    page_within(&mut *reader, secs(5)).await;
    no_page_for(&mut *reader, secs(5)).await;
    assert_eq!(peer.json_messages(0), [ack(1), ack(2)]);
    stop(&mut *reader).await;

    let (peer, source) = in_memory([script()], keys("flush"));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(5)).await;
    let first = reader.position().expect("the place behind the first record");
    page_within(&mut *reader, secs(5)).await;
    let second = reader.position().expect("the place behind the second record");
    no_page_for(&mut *reader, secs(5)).await;
    assert!(peer.json_messages(0).is_empty());
    for (upto, acks) in [(first, vec![ack(1)]), (second, vec![ack(1), ack(2)])] {
        reader.committed(&upto).await.unwrap();
        no_page_for(&mut *reader, secs(5)).await;
        assert_eq!(peer.json_messages(0), acks);
    }
    stop(&mut *reader).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_the_last_record_leaves_before_our_close() {
    let rule = json!({"match": {"/id": {"exists": true}}, "action": "keep",
        "reply": {"json": {"ack": "{/id}"}}});
    let keys = json!({"control": [rule], "max_messages": 2});
    let script = Script::accept().send_text(r#"{"id":1}"#).send_text(r#"{"id":2}"#);
    let (peer, told) = talk([script], keys).await;
    assert_eq!(told.ended(), Ended::MaxRecords);
    let seen = peer.finish().await.swap_remove(0);
    assert_eq!(seen.json_messages(), [json!({"ack": 1}), json!({"ack": 2})]);
}
