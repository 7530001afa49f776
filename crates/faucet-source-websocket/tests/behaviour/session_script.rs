//! The script after a connect: its steps, their order, and the data that comes meanwhile.

use std::time::Duration;

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Frame, Script};
use serde_json::{Value, json};

use crate::support::*;

/// Waits for a greeting, answers it, and waits for a yes.
fn login() -> Value {
    json!([
        {"expect": {"/type": "welcome"}, "take": {"challenge": "/challenge", "user": "/user"}},
        {"send": {"json": {"op": "login", "answer": "{challenge}", "for": "user {user}"}}},
        {"expect": {"/event": "login", "/ok": true}},
    ])
}

/// The server of [`login`], up to its yes.
fn greeted() -> Script {
    Script::accept()
        .send_text(r#"{"type":"welcome","challenge":12345678901234567890.50,"user":"{\"x}"}"#)
        .next_json(json!({"/op": "login"}))
}

const YES: &str = r#"{"event":"login","ok":true}"#;

#[tokio::test(start_paused = true)]
async fn the_script_runs_in_order_before_the_first_subscription() {
    let script = greeted().send_text(YES).expect_text("all").send_text("1");
    let keys = json!({"session": login(), "subscribe_messages": ["all"], "max_messages": 1});
    let (peer, told) = talk([script], keys).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".to_owned()], Ended::MaxRecords));
    // A taken number keeps its digits, and a text of the server is never read as a template.
    let login = r#"{"answer":12345678901234567890.50,"for":"user {\"x}","op":"login"}"#;
    assert_eq!(peer.finish().await[0].texts(), [login, "all"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_server_says_is_read_as_a_template() {
    let session = json!([
        {"expect": {"/type": "welcome"}, "take": {"word": "/word"}},
        {"send": {"json": {"whole": "{word}", "part": "<{word}>", "{word}": 1}}},
        {"send": {"text": "SAY {word} {made}"}},
        {"expect": {"/echo": "{word}"}},
    ]);
    let word = "{key} {/type} {seq} {word} {cursor?}";
    let welcome = json!({"type": "welcome", "word": word}).to_string();
    let script = Script::accept()
        .send_text(welcome)
        .expect_data(2)
        // A match compares with the text as it is, too.
        .send_text(json!({"echo": "another"}).to_string())
        .send_text(json!({"echo": word}).to_string())
        .send_text("1");
    let keys = json!({
        "values": {"key": {"secret": "s3cret-key"}, "made": "({word})"},
        "session": session, "max_messages": 2,
    });
    let (peer, told) = talk([script], keys).await;
    assert_eq!(told.texts(), [r#"{"echo":"another"}"#, "1"]);
    let texts = peer.finish().await[0].texts();
    let json: Value = serde_json::from_str(&texts[0]).unwrap();
    assert_eq!(json, json!({"whole": word, "part": format!("<{word}>"), "{word}": 1}));
    assert_eq!(texts[1], format!("SAY {word} ({word})"));
}

#[tokio::test(start_paused = true)]
async fn a_value_with_control_characters_stands_in_json_only() {
    let session = |send: Value| json!([{"expect": {"/type": "welcome"}, "take": {"word": "/word"}}, {"send": send}]);
    let welcome = json!({"type": "welcome", "word": "a\r\nSEND /admin"}).to_string();
    let script = || Script::accept().send_text(&*welcome).expect_data(1).send_text("1");
    let keys = json!({"session": session(json!({"json": ["{word}"]})), "max_messages": 1});
    let (peer, _) = talk([script()], keys).await;
    assert_eq!(peer.finish().await[0].texts(), [r#"["a\r\nSEND /admin"]"#]);
    let keys = json!({"session": session(json!({"text": "SUB {word}"})), "max_messages": 1});
    let (peer, told) = talk([script()], keys).await;
    let error = told.error().to_string();
    assert!(error.contains("session[1]: ") && !error.contains("admin"), "{error}");
    assert!(peer.connections()[0].texts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn data_that_comes_while_an_answer_is_awaited_is_kept_in_order() {
    for early in [false, true] {
        let mut script = Script::accept();
        if early {
            script = script.early();
        }
        let script = script
            .send_text("1")
            .send_text(r#"{"type":"welcome","challenge":1,"user":2}"#)
            .send_text("2")
            .send_frame(Frame::binary(&b"3"[..]))
            .next_json(json!({"/op": "login"}))
            .send_text("4")
            .send_text(YES)
            // A message that was awaited before is data now.
            .send_text(YES)
            .expect_text("all")
            .send_text("5");
        let keys = json!({"session": login(), "subscribe_messages": ["all"], "max_messages": 6});
        let (peer, told) = talk([script], keys).await;
        assert_eq!(told.texts(), ["1", "2", "3", "4", YES, "5"], "{early}");
        assert_eq!(told.counters.skipped, skipped(&[]));
        peer.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_awaited_message_can_be_a_record_too() {
    for (is, records) in [("control", vec!["1"]), ("record", vec![YES, "1"])] {
        let session = json!([{"expect": {"/event": "login"}, "expect_is": is}]);
        // No control rule is asked about a message that a step awaits.
        let control = json!([{"match": {"/event": "login"}, "action": "fail"}]);
        let keys = json!({"session": session, "control": control, "max_messages": records.len()});
        let (_, told) = talk([Script::accept().send_text(YES).send_text("1")], keys).await;
        assert_eq!((told.texts(), told.ended()), (records_of(&records), Ended::MaxRecords));
    }
}

fn records_of(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn as_many_messages_are_awaited_as_count_says() {
    for count in [1, 3] {
        let mut script = Script::accept();
        for n in 1..=count {
            script = script.send_text(json!({"ack": n}).to_string()).send_text(n.to_string());
        }
        let script = script.expect_text("all").send_text("0");
        let session = json!([{"expect": {"/ack": {"exists": true}}, "count": count}]);
        let keys = json!({"session": session, "subscribe_messages": ["all"],
            "max_messages": count + 1});
        let (peer, told) = talk([script], keys).await;
        let data: Vec<String> = (1..=count).chain([0]).map(|n| n.to_string()).collect();
        assert_eq!(told.texts(), data);
        assert_eq!(peer.finish().await[0].texts(), ["all"]);
    }
}

/// The error of a run whose server never says yes, how long each connection lasted, and the waits
/// between.
async fn never_answered(keys: Value) -> (faucet_core::Error, Vec<Option<u16>>, Vec<Duration>) {
    let script = Script::accept().send_text("1");
    let keys = with(
        keys,
        json!({"reconnect": true, "max_reconnect_attempts": 3,
        "reconnect_backoff": 1, "reconnect_max_backoff": 30}),
    );
    let (peer, told) = talk([script], keys).await;
    let codes = peer.connections().iter().map(faucet_testkit::Seen::close_code).collect();
    (told.end.unwrap_err(), codes, gaps(&accepted(&peer)))
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_a_lost_connection_and_attempts_go_on_growing() {
    for (keys, words, lasts) in [
        (
            json!({"session": [{"expect": {"/ok": true}, "timeout": 15}]}),
            "session[0]: no answer for 15s (timeout) (attempt 3/3)",
            15,
        ),
        (
            json!({"session": [{"expect": {"/ok": true}}]}),
            "session[0]: no answer for 10s (timeout) (attempt 3/3)",
            10,
        ),
        (
            json!({"session": [{"expect": {"/ok": true}, "timeout": 60}], "session_timeout": 12}),
            "the session was not complete after 12s (session_timeout) (attempt 3/3)",
            12,
        ),
        (
            json!({"session": [{"expect": {"/ok": true}, "timeout": 60}]}),
            "the session was not complete after 30s (session_timeout) (attempt 3/3)",
            30,
        ),
    ] {
        let (error, codes, waits) = never_answered(keys).await;
        assert!(error.to_string().ends_with(words), "{error}");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        // Neither the upgrades nor the records nor ten seconds of connection are a good connection.
        let waits: Vec<u64> = waits.iter().map(|wait| (wait.as_secs_f64() + 0.05) as u64).collect();
        assert_eq!(waits, [lasts + 1, lasts + 2, lasts + 4]);
        assert_eq!(codes, [Some(3008); 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_come_with_the_end_of_a_good_connection_are_progress() {
    let script = Script::accept().early().send_text(YES).send_text("1").hang_up();
    let keys = json!({"session": [{"expect": {"/event": "login"}}], "max_messages": 5,
        "max_reconnect_attempts": 1});
    let (peer, told) = talk([script], reconnecting(keys)).await;
    assert_eq!((told.ended(), peer.connections().len()), (Ended::MaxRecords, 5));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_there_ends_the_connection_and_is_not_shown() {
    let session = json!([{"expect": {"/type": "welcome"}, "take": {"id": "/session/id"}}]);
    for welcome in [
        r#"{"type":"welcome","session":"hidden"}"#,
        r#"{"type":"welcome","session":{"id":null,"x":"hidden"}}"#,
    ] {
        let scripts = [
            Script::accept().send_text(welcome),
            Script::accept().send_text(r#"{"type":"welcome","session":{"id":7}}"#).send_text("1"),
        ];
        let logs = Logs::collect();
        let keys = reconnecting(json!({"session": session, "max_messages": 1}));
        let (peer, told) = talk(scripts, keys).await;
        assert_eq!((told.texts(), peer.connections().len()), (vec!["1".to_owned()], 2));
        let logged = logs.lines().join("\n");
        let words = "session[0]: the message has no value at /session/id";
        assert!(logged.contains(words) && !logged.contains("hidden"), "{logged}");
    }
}
