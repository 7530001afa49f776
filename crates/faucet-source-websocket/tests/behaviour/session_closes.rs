//! Rules for Closes and refused upgrades, planned reconnects, and the last messages of a run.

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::Script;
use serde_json::{Value, json};

use crate::support::*;

fn rules(rules: Value) -> Value {
    json!({"close_rules": rules, "reconnect": true, "reconnect_backoff": 1, "max_messages": 3})
}

/// Brings a record and closes.
fn closes(code: u16, reason: &str) -> Script {
    up().close(code, reason)
}

#[tokio::test(start_paused = true)]
async fn a_rule_decides_what_a_close_does() {
    let table = json!([
        {"codes": [4004, "4010-4014"], "contains": "key", "action": "fail"},
        {"codes": [4004], "action": "end"},
        {"contains": "say \"bye\"", "action": "end"},
        {"codes": ["3000-3499"], "action": "reconnect", "delay": 60},
        {"status": 400, "action": "end"},
    ]);
    for (code, reason, end) in [
        (4004, "bad key", Some(Err(ErrorKind::Closed))),
        (4014, "a key", Some(Err(ErrorKind::Closed))),
        (4004, "expired", Some(Ok(Ended::Closed))),
        (1011, "I say \"bye\"", Some(Ok(Ended::Closed))),
        (4015, "a key", None),
        (1012, "restart", None),
        // This code is one of refused credentials in the general table.
        (3000, "come back later", None),
    ] {
        // A refusal behind the last record would be the error of the run.
        let scripts = [closes(code, reason), closes(code, reason), up()];
        let (peer, told) = talk(scripts, rules(table.clone())).await;
        let connects = if end.is_some() { 1 } else { 3 };
        let end = end.unwrap_or(Ok(Ended::MaxRecords));
        let told_end = told.end.as_ref().map(|end| *end).map_err(faucet_core::Error::kind);
        assert_eq!((told_end, peer.connections().len()), (end, connects), "{code} {reason}");
        if let Err(error) = &told.end {
            let words = format!("closed by the server: {code} application, \"{reason}\"");
            assert!(error.to_string().ends_with(&words), "{error}");
        }
        let waits: Vec<u64> = gaps(&accepted(&peer)).iter().map(|wait| wait.as_secs()).collect();
        // The general table waits longer behind some codes.
        let wait = match code {
            3000 => 60,
            1012 => 5,
            _ => 1,
        };
        assert!(waits.iter().all(|found| *found == wait), "{waits:?}");
        assert_eq!(peer.connections()[0].close_code(), Some(code), "the Close is echoed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_refuses_is_a_refused_login() {
    let refuses =
        json!([{"codes": [4004], "action": "refuse"}, {"status": 418, "action": "refuse"}]);
    let closes = || Script::accept().close(4004, "who are you?");
    // A first upgrade that is refused is final. Later, fresh values are tried once.
    for (scripts, connects) in [
        (vec![closes()], 2),
        (vec![Script::reject(418)], 1),
        (vec![once_up(), closes(), closes()], 3),
        (vec![once_up(), Script::reject(418), Script::reject(418)], 3),
    ] {
        let (peer, told) = talk(scripts, rules(refuses.clone())).await;
        let error = told.error();
        assert_eq!(
            (error.kind(), peer.connections().len()),
            (ErrorKind::Auth, connects),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("check the credentials"), "{error:?}");
    }
    // A code may say by itself that the credentials are refused.
    for (code, kind) in
        [(4401, ErrorKind::Auth), (3003, ErrorKind::Auth), (4000, ErrorKind::Closed)]
    {
        let fails = rules(json!([{"codes": [code], "action": "fail"}]));
        let (_, told) = talk([Script::accept().close(code, "no")], fails).await;
        assert_eq!(told.error().kind(), kind, "{code}");
        let (_, told) = talk([Script::accept().close(code, "no")], json!({})).await;
        assert_eq!(told.error().kind(), kind, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_may_connect_again_as_often_as_it_happens() {
    // Credentials and unknown codes end the run without a rule, however often the server says so.
    let scripts = || [up().close(1012, ""), Script::accept().close(3000, "later")];
    for (table, connects) in
        [(json!([]), 3), (json!([{"codes": [3000], "action": "reconnect"}]), 8)]
    {
        let keys = with(rules(table), json!({"max_reconnect_attempts": 6}));
        let (peer, told) = talk(scripts(), keys).await;
        assert!(told.end.is_err());
        assert_eq!(peer.connections().len(), connects);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_decides_about_an_answer_to_the_upgrade() {
    let refused = |status, body: &str| Script::reject(status).body(body);
    let table = json!([
        {"status": 400, "contains": "CursorTooOld", "action": "restart"},
        {"status": 400, "action": "end"},
        {"contains": "\"maintenance\"", "action": "reconnect", "delay": 300},
        {"status": 503, "action": "fail"},
        {"codes": [4000], "action": "fail"},
    ]);
    for (script, end, wait) in [
        (refused(400, "{\"error\":\"CursorTooOld\"}"), Ok(Ended::MaxRecords), Some(1)),
        (refused(400, "no"), Ok(Ended::Closed), None),
        (refused(403, "in \"maintenance\""), Ok(Ended::MaxRecords), Some(300)),
        (refused(503, "busy"), Err(ErrorKind::Connect), None),
        (refused(404, "nothing here"), Err(ErrorKind::Protocol), None),
    ] {
        // The rules hold for the first connect, too.
        let scripts = [script.clone(), script, up()];
        let (peer, told) =
            talk(scripts, with(rules(table.clone()), json!({"max_messages": 1}))).await;
        let told_end = told.end.as_ref().map(|end| *end).map_err(faucet_core::Error::kind);
        assert_eq!(told_end, end);
        let waits: Vec<u64> = gaps(&accepted(&peer)).iter().map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, wait.map_or(vec![], |wait| vec![wait; 2]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_left_for_a_planned_reconnect() {
    let keys = json!({"rotate_after": "100 min", "reconnect": true, "reconnect_backoff": 60,
        "max_messages": 4});
    let (peer, told) = talk([up()], keys).await;
    assert_eq!((told.ended(), told.reconnects()), (Ended::MaxRecords, 3));
    let waits = gaps(&accepted(&peer));
    assert!(waits.iter().all(|wait| (5700..=6001).contains(&wait.as_secs())), "{waits:?}");
    assert!(waits[0] != waits[1] || waits[1] != waits[2], "at a random moment: {waits:?}");
    assert!(told.gaps().iter().all(|(_, gap)| gap.attempts == 1));
    let code = peer.connections()[0].close_code().unwrap();
    assert!((3000..4000).contains(&code), "{code}");
}

#[tokio::test(start_paused = true)]
async fn the_last_messages_leave_before_our_close() {
    let goodbye = json!([
        {"json": {"op": "unsubscribe", "id": "{id}"}},
        {"json": {"op": "logout", "session": "{session}"}},
        "bye",
    ]);
    let rule = json!({"match": {"/session": {"exists": true}}, "take": {"session": "/session"}});
    let session = json!([{"expect": {"/id": {"exists": true}}, "take": {"id": "/id"}}]);
    for (script, expected) in [
        (
            Script::accept().send_text(r#"{"id":7}"#).send_text(r#"{"session":"s"}"#),
            vec![r#"{"id":7,"op":"unsubscribe"}"#, r#"{"op":"logout","session":"s"}"#, "bye"],
        ),
        // No message took the name.
        (Script::accept().send_text(r#"{"id":7}"#), vec![r#"{"id":7,"op":"unsubscribe"}"#, "bye"]),
        // The session is not complete: there is nothing to say goodbye to.
        (Script::accept(), vec![]),
    ] {
        let keys =
            json!({"goodbye": goodbye, "session": session, "control": [rule], "batch_size": 1});
        let (peer, source) = in_memory([script.send_text("1")], keys);
        let mut reader = open(&source).await;
        assert_eq!(texts(&page_within(&mut *reader, secs(5)).await), ["1"]);
        stop(&mut *reader).await;
        let seen = peer.finish().await.swap_remove(0);
        assert_eq!(seen.texts(), expected);
        assert_eq!(seen.close_code(), Some(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_messages_are_those_of_a_run_and_not_of_a_connection() {
    let keys = |more| with(json!({"goodbye": ["bye"], "reconnect": true}), more);
    let rules = json!([{"match": {"/end": true}, "action": "end"},
        {"match": {"/again": true}, "action": "reconnect"}]);
    let script = Script::accept().send_text("1").send_text(r#"{"end":true}"#);
    let (peer, told) = talk([script], keys(json!({"control": rules}))).await;
    assert_eq!((told.ended(), told.texts()), (Ended::Closed, vec!["1".to_owned()]));
    assert_eq!(peer.finish().await[0].texts(), ["bye"]);
    // Planned reconnects, of both kinds.
    for more in [
        json!({"control": rules, "max_messages": 2}),
        json!({"rotate_after": 10, "max_messages": 2}),
        json!({"rotate_after": 10, "handover": "overlap", "max_messages": 2}),
    ] {
        let first = Script::accept().send_text("1");
        let asked = more.get("control").is_some();
        let first = if asked { first.send_text(r#"{"again":true}"#) } else { first };
        let (peer, _) = talk([first, Script::accept().send_text("2")], keys(more.clone())).await;
        let said: Vec<_> = peer.finish().await.iter().map(faucet_testkit::Seen::texts).collect();
        assert_eq!(said, [vec![], vec!["bye".to_owned()]], "{more}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_keeps_the_session_of_a_feed_that_can_be_resumed() {
    let resume = json!({"cursor": "/id"});
    let keys = json!({"goodbye": ["bye"], "resume": resume, "query": {"from": "{cursor?}"},
        "max_messages": 1});
    let (peer, _) = talk([Script::accept().send_text(r#"{"id":1}"#)], keys).await;
    let seen = peer.finish().await.swap_remove(0);
    assert_eq!(seen.texts(), ["bye"]);
    let code = seen.close_code().unwrap();
    assert!((3000..4000).contains(&code), "{code}");
}
