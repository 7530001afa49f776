//! The scripted peer holds a conversation.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::time::Duration;

use faucet_testkit::{Deflater, Frame, Reply, Script, ScriptedPeer, Seen, opcode};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

async fn connect(peer: &ScriptedPeer) -> WebSocketStream<DuplexStream> {
    client_async("ws://localhost/", peer.connect().unwrap()).await.unwrap().0
}

/// The data messages of the peer up to its Close.
async fn rest(client: &mut WebSocketStream<DuplexStream>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(Ok(message)) = client.next().await {
        if message.is_text() || message.is_binary() {
            texts.push(String::from_utf8_lossy(&message.into_data()).into_owned());
        }
    }
    texts
}

/// Sends all messages at once, and returns what the peer says up to its Close.
async fn talk(script: Script, messages: &[&str]) -> (Vec<String>, Seen) {
    let peer = ScriptedPeer::new([script]);
    let mut client = connect(&peer).await;
    for message in messages {
        client.feed(Message::text(*message)).await.unwrap();
    }
    client.flush().await.unwrap();
    let texts = rest(&mut client).await;
    (texts, peer.finish().await.swap_remove(0))
}

/// The failure of a script whose client sends these messages and leaves.
async fn failure(script: Script, messages: &[&str]) -> String {
    let peer = ScriptedPeer::new([script]);
    let mut client = connect(&peer).await;
    for message in messages {
        client.feed(Message::text(*message)).await.unwrap();
    }
    client.flush().await.unwrap();
    drop(client);
    let connections = peer.until(|all| all[0].end.is_some()).await;
    connections[0].failure().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn matches_see_whole_messages_however_they_are_sent() {
    let mut deflater = Deflater::new();
    let matches = || json!({"/op": "login"});
    let frames = [
        vec![Frame::text(r#"{"op""#).not_final(), Frame::continuation(r#":"login"}"#)],
        vec![Frame::binary(r#"{"op":"login"}"#)],
        vec![Frame::text(deflater.compress(r#"{"op":"login"}"#)).compressed()],
    ];
    for frames in frames {
        let script = Script::accept()
            .extensions("permessage-deflate")
            .next_json(matches())
            .reply_json(json!("{/op}"))
            .hang_up();
        let peer = ScriptedPeer::new([script]);
        let mut client = peer.connect().unwrap();
        client.write_all(REQUEST.as_bytes()).await.unwrap();
        for frame in frames {
            client.write_all(&frame.masked().to_bytes()).await.unwrap();
        }
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(b"\x81\x07\"login\""), "{answer:?}");
        drop(client);
        peer.finish().await;
        assert_eq!(peer.json_messages(0), [json!({"op": "login"})]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_match_is_passed_over() {
    let script = Script::accept()
        .expect_json(json!({"/op": "b"}))
        .reply_json(json!({"first": "{/n}"}))
        .expect_json(json!({"binary": false}))
        .reply_with(|message| Frame::text([b"second: ", message].concat()))
        .close(1000, "");
    let messages = [r#"{"op":"a"}"#, "ping", r#"{"op":"b","n":1e2}"#, "rest"];
    let (texts, seen) = talk(script, &messages).await;
    assert_eq!(texts, [r#"{"first":1e2}"#, "second: rest"]);
    assert_eq!(seen.texts(), messages);
}

#[tokio::test(start_paused = true)]
async fn replies_belong_to_whatever_was_expected_last() {
    let script = Script::accept()
        .expect_text("[1]")
        .reply_json(json!("{/0}"))
        .expect_data(1)
        .reply_binary(json!("{/0}"))
        .expect_ping()
        .reply(Reply::packed_json(json!("<{/0}>"), |json| Frame::binary([b"z", json].concat())))
        .reply(Reply::none())
        .close(1000, "");
    let peer = ScriptedPeer::new([script]);
    let mut client = connect(&peer).await;
    for message in [Message::text("[1]"), Message::text("[2]"), Message::Ping("p".into())] {
        client.feed(message).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("1"));
    let data = client.by_ref().filter(|m| std::future::ready(m.as_ref().unwrap().is_binary()));
    let data: Vec<_> = data.map(|m| m.unwrap().into_data()).collect().await;
    assert_eq!(data, ["2", "z\"<2>\""]);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn rules_answer_at_once_and_their_messages_meet_no_step() {
    let ping = |n: u64| format!(r#"{{"op":"ping","n":{n}}}"#);
    let script = Script::accept()
        .next_json(json!({"/op": "login"}))
        // The pings before and behind the login are both answered by the rule.
        .whenever(json!({"/op": "ping"}), json!({"pong": "{/n}"}))
        .whenever(json!({"/n": {"exists": true}}), Frame::text("not the first rule"))
        .reply_json(json!({"hello": "{/op}"}))
        .next_json(json!({"/op": "subscribe"}))
        .reply_json(json!({"done": "{/op}"}))
        .close(1000, "");
    let messages = [r#"{"op":"login"}"#, &ping(1), &ping(2), r#"{"op":"subscribe"}"#, &ping(3)];
    let peer = ScriptedPeer::new([script]);
    let mut client = connect(&peer).await;
    for message in messages {
        client.send(Message::text(message)).await.unwrap();
    }
    let mut texts = rest(&mut client).await;
    let seen = peer.finish().await.swap_remove(0);
    assert_eq!(seen.failure(), None);
    // Where the rules' answers stand among the replies depends on how much came in one read.
    texts.sort();
    assert_eq!(
        texts,
        [
            r#"{"done":"subscribe"}"#,
            r#"{"hello":"login"}"#,
            r#"{"pong":1}"#,
            r#"{"pong":2}"#,
            r#"{"pong":3}"#
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn rules_go_on_behind_the_script_and_end_with_the_close() {
    let script = Script::accept().whenever(json!({"text": "ping"}), Frame::text("pong"));
    let peer = ScriptedPeer::new([script.clone(), script.send_close(1001, "").expect_text("x")]);
    let mut client = connect(&peer).await;
    for _ in 0..2 {
        client.send(Message::text("ping")).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("pong"));
    }
    drop(client);

    let mut client = peer.connect().unwrap();
    let ping = Frame::text("ping").masked().to_bytes();
    client.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = [0; 500];
    let mut length = 0;
    while !answer[..length].ends_with(&Frame::close(1001, "").to_bytes()) {
        length += client.read(&mut answer[length..]).await.unwrap();
    }
    client.write_all(&ping).await.unwrap();
    client.write_all(&Frame::text("x").masked().to_bytes()).await.unwrap();
    client.write_all(&Frame::close(1001, "").masked().to_bytes()).await.unwrap();
    let mut behind = Vec::new();
    client.read_to_end(&mut behind).await.unwrap();
    assert_eq!(behind, b"");
    drop(client);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_a_rule_lands_in_no_frame_that_is_being_written() {
    let script = Script::accept()
        .whenever(json!({"text": "ping"}), Frame::text("pong"))
        .dribble(Duration::from_millis(1))
        .send_text("slow")
        .expect_text("enough")
        .close(1000, "");
    let (texts, _) = talk(script, &["ping", "ping", "enough"]).await;
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| *text == "pong").count(), 2, "{texts:?}");
    assert!(texts.contains(&"slow".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn unordered_messages_are_answered_as_they_come() {
    let pairs = [
        (json!({"/c": "a"}), Reply::json(json!(["{/c}", 1]))),
        (json!({"/c": ["a", "b"]}), Reply::json(json!(["{/c}", 2]))),
        (json!({"/c": "d"}), Reply::none()),
    ];
    let script = Script::accept()
        .unordered(pairs)
        .expect_text("end")
        .reply(Frame::text("end"))
        .close(1000, "");
    let messages = [r#"{"c":"d"}"#, "noise", r#"{"c":"a"}"#, r#"{"c":"a"}"#, "end"];
    let (texts, _) = talk(script, &messages).await;
    assert_eq!(texts, [r#"["a",1]"#, r#"["a",2]"#, "end"]);
}

#[tokio::test(start_paused = true)]
async fn values_are_remembered_across_connections_and_replaced() {
    let first = Script::accept()
        .expect_data(1)
        .remember("cursor", "/cursor")
        .remember("list", "/list")
        .reply_json(json!(["{cursor}", "at {cursor} of {list}"]))
        .expect_data(1)
        .remember("cursor", "/cursor")
        .close(1000, "");
    let second = Script::accept().reply_json(json!(["{cursor}", "{list}"])).close(1000, "");
    let peer = ScriptedPeer::new([first, second]);
    let mut client = connect(&peer).await;
    client.send(Message::text(r#"{"cursor":1.0,"list":["a"]}"#)).await.unwrap();
    client.send(Message::text(r#"{"cursor":"c\"2"}"#)).await.unwrap();
    assert_eq!(rest(&mut client).await, [r#"[1.0,"at 1.0 of [\"a\"]"]"#]);
    let mut client = connect(&peer).await;
    assert_eq!(rest(&mut client).await, [r#"["c\"2",["a"]]"#]);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn held_replies_keep_their_message_and_leave_in_any_order() {
    let mut script = Script::accept();
    for name in ["a", "b", "c"] {
        script = script.expect_data(1).hold_reply(name, json!({"id": "{/id}"}));
    }
    let script = script.release("c").release("a").release("b").close(1000, "");
    let (texts, _) = talk(script, &[r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#]).await;
    assert_eq!(texts, [r#"{"id":3}"#, r#"{"id":1}"#, r#"{"id":2}"#]);
}

#[tokio::test(start_paused = true)]
async fn failures_say_what_was_expected_and_what_came() {
    let login = || json!({"/op": "login"});
    for (script, messages, expected) in [
        (
            Script::accept().next_json(login()),
            &[r#"{"op":"x"}"#, r#"{"op":"login"}"#][..],
            "the next message does not match: /op: expected \"login\", got \"x\"; \
             the message is {\"op\":\"x\"}",
        ),
        (
            Script::accept().next_json(login()),
            &[],
            "expected NextJson({\"/op\":\"login\"}), the client left",
        ),
        (
            Script::accept().expect_json(login()),
            &["ping"],
            "expected Json({\"/op\":\"login\"}), the client left, one other message came: ping",
        ),
        (
            Script::accept().expect_data(1).expect_json(login()),
            &["one", "two", "three"],
            "expected Json({\"/op\":\"login\"}), the client left, 2 other messages came, last: three",
        ),
        (
            Script::accept().unordered([(login(), json!(1)), (json!({"/op": "b"}), json!(2))]),
            &[r#"{"op":"login"}"#, r#"{"op":"c"}"#],
            "expected Unordered({\"/op\":\"b\"}), the client left, \
             one other message came: {\"op\":\"c\"}",
        ),
        (
            Script::accept().expect_data(1).reply_json(json!({"id": "{/id}"})),
            &["{}"],
            "reply {\"id\":\"{/id}\"}: `{/id}` is missing in the message {}",
        ),
        (
            Script::accept().reply_json(json!({"id": "{/id}"})),
            &[],
            "reply {\"id\":\"{/id}\"}: `{/id}` needs a message that an earlier step expects",
        ),
        (
            Script::accept().reply_with(|_| Frame::text("")),
            &[],
            "reply a frame made of the message: it needs a message that an earlier step expects",
        ),
        (
            Script::accept().reply_json(json!("{cursor}")),
            &[],
            "reply \"{cursor}\": `{cursor}` needs `.remember(\"cursor\", …)` in a step before",
        ),
        (
            Script::accept().hold_reply("a", json!("{/id}")),
            &[],
            "hold the reply \"a\": \"{/id}\": `{/id}` needs a message that an earlier step expects",
        ),
        (
            Script::accept().remember("id", "/id"),
            &[],
            "remember \"id\": it needs a message that an earlier step expects",
        ),
        (
            Script::accept().expect_data(1).remember("id", "/id"),
            &["[]"],
            "remember \"id\": its place is missing in the message []",
        ),
        (
            Script::accept().whenever(login(), json!("{/id}")),
            &[r#"{"op":"login"}"#],
            "the answer to {\"/op\":\"login\"}: `{/id}` is missing in the message {\"op\":\"login\"}",
        ),
        (
            Script::accept().unordered([(login(), json!("{/id}"))]),
            &[r#"{"op":"login"}"#],
            "the answer to {\"/op\":\"login\"}: `{/id}` is missing in the message {\"op\":\"login\"}",
        ),
    ] {
        assert_eq!(failure(script, messages).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_early_has_met_the_steps_whose_messages_came() {
    let script = Script::accept()
        .ping("read on")
        .expect_pong("never sent by this client")
        .whenever(json!({"text": "ping"}), Frame::text("pong"))
        .unordered([(json!({"/a": 1}), json!(1)), (json!({"/a": 2}), json!(2))])
        .next_json(json!({"/a": 3}));
    let messages = [r#"{"a":2}"#, "ping", r#"{"a":1}"#, "ping"];
    let missing = failure(script, &messages).await;
    assert!(missing.starts_with("expected Pong("), "{missing}");

    let peer = ScriptedPeer::new([Script::accept()
        .wait(&faucet_testkit::Gate::new())
        .whenever(json!({"text": "ping"}), Frame::text("pong"))
        .unordered([(json!({"/a": 1}), json!(1)), (json!({"/a": 2}), json!(2))])
        .next_json(json!({"/a": 3}))]);
    for (last, expected) in [
        (r#"{"a":3}"#, None),
        (r#"{"a":4}"#, Some("the next message does not match: /a: expected 3, got 4")),
    ] {
        let mut client = connect(&peer).await;
        for message in messages.into_iter().chain([last]) {
            client.send(Message::text(message)).await.unwrap();
        }
        drop(client);
        let all = peer.until(|all| all.iter().all(|seen| seen.end.is_some())).await;
        let failure = all.last().unwrap().failure();
        assert_eq!(failure.is_some(), expected.is_some(), "{failure:?}");
        assert!(failure.unwrap_or_default().starts_with(expected.unwrap_or_default()));
    }

    // Before the upgrade no message can have come.
    let peer = ScriptedPeer::new([Script::accept().unordered([(json!({"/a": 1}), json!(1))])]);
    drop(peer.connect().unwrap());
    let all = peer.until(|all| all[0].end.is_some()).await;
    assert_eq!(all[0].failure(), Some("expected Unordered({\"/a\":1}), the client left"));
}

/// The text of a panic.
async fn panic_of(future: impl Future) -> String {
    let caught = std::panic::AssertUnwindSafe(future).catch_unwind().await;
    let panic = caught.err().expect("the future panics");
    *panic.downcast::<String>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_script_that_waits_for_ever_shows_what_it_has_passed_over() {
    let peer = ScriptedPeer::new([Script::accept().expect_json(json!({"/op": "login"}))]);
    let mut client = connect(&peer).await;
    client.send(Message::text("hello")).await.unwrap();
    let panic = panic_of(peer.finish()).await;
    let step = "connection 0: step 1: expect Json({\"/op\":\"login\"})";
    let passed = "one other message came: hello";
    assert!(panic.ends_with(&format!("{step}, {passed}")), "{panic}");
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_not_json_are_shown() {
    let peer = ScriptedPeer::new([Script::accept().expect_data(2)]);
    let mut client = connect(&peer).await;
    client.send(Message::text("1")).await.unwrap();
    client.send(Message::text("pong")).await.unwrap();
    let seen = peer.finish().await.swap_remove(0);
    assert_eq!(seen.messages(), [(opcode::TEXT, "1".into()), (opcode::TEXT, "pong".into())]);
    let panic = panic_of(async { seen.json_messages() }).await;
    assert!(panic.starts_with("the client's message 1 is not JSON (expected value"), "{panic}");
    assert!(panic.ends_with("): pong"), "{panic}");
    let panic = panic_of(async { peer.json_messages(1) }).await;
    assert_eq!(panic, "there is no connection 1; 1 were accepted");
}

#[test]
#[should_panic(expected = "no step before `release(\"a\")` holds a reply of this name")]
fn a_reply_is_released_once() {
    let script = Script::accept().hold_reply("a", Frame::text("x")).release("a");
    drop(script.release("a"));
}

#[test]
#[should_panic(expected = "\"1st\" is no name: letters, digits and `_`, and no digit first")]
fn a_name_that_no_reply_could_use_is_refused() {
    drop(Script::accept().remember("1st", "/id"));
}

#[test]
#[should_panic(expected = "\"id\" is no JSON pointer: a JSON pointer begins with `/`")]
fn a_place_that_is_no_pointer_is_refused() {
    drop(Script::accept().remember("id", "id"));
}
