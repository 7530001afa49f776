//! Messages and matches in all their forms, at every key that takes one.

use faucet_core::ErrorKind;
use faucet_testkit::{Frame, Script, opcode};
use serde_json::{Value, json};

use crate::support::*;

/// A message as it is written, and as it is sent.
fn messages() -> Vec<(Value, &'static [u8])> {
    vec![
        (json!("as {it} {/stands}"), b"as {it} {/stands}"),
        (json!({"type": "text", "data": "as {it}"}), b"as {it}"),
        (json!({"type": "binary", "data": "AAEC"}), b"\0\x01\x02"),
        (json!({"op": "{it}", "list": [1, null]}), br#"{"list":[1,null],"op":"{it}"}"#),
        (json!(["{it}", 1.5]), br#"["{it}",1.5]"#),
        (json!({"json": {"op": "{it}"}}), br#"{"op":"x\"y"}"#),
        (json!({"json": ["sub", "{it}"], "prefix": "42"}), br#"42["sub","x\"y"]"#),
        (json!({"text": "SUB {it} {}"}), b"SUB x\"y {}"),
    ]
}

/// The message that a source sends first.
async fn first_sent(keys: Value) -> (u8, Vec<u8>) {
    let keys = with(keys, json!({"values": {"it": {"literal": "x\"y"}}, "max_messages": 1}));
    let script = Script::accept().send_text("0").expect_data(1).send_text("1");
    let (peer, told) = talk([script], keys).await;
    assert_eq!(told.texts().len(), 1);
    let (kind, sent) = peer.finish().await[0].messages().swap_remove(0);
    (kind, sent.to_vec())
}

#[tokio::test(start_paused = true)]
async fn each_form_of_a_message_is_sent_as_it_is_meant() {
    let drops = json!([{"match": {"text": "0"}}]);
    for (message, expected) in messages() {
        for keys in [
            json!({"subscribe_messages": [message], "control": drops}),
            json!({"session": [{"send": message}], "control": drops}),
            json!({"subscribe": {"message": message}, "topics": ["t"], "control": drops}),
            json!({"heartbeat": {"message": message, "interval": 5}, "control": drops}),
            json!({"control": [{"match": {"text": "0"}, "reply": message}]}),
        ] {
            let (kind, sent) = first_sent(keys.clone()).await;
            assert_eq!(
                sent.escape_ascii().to_string(),
                expected.escape_ascii().to_string(),
                "{keys}"
            );
            assert_eq!(kind == opcode::BINARY, expected.starts_with(b"\0"));
        }
    }
    let all: Vec<Value> = messages().into_iter().map(|(message, _)| message).collect();
    let keys = json!({"goodbye": all, "values": {"it": {"literal": "x\"y"}}, "max_messages": 1});
    let (peer, _) = talk([up()], keys).await;
    let sent = peer.finish().await[0].messages();
    let sent: Vec<&[u8]> = sent.iter().map(|(_, sent)| &sent[..]).collect();
    assert_eq!(sent, messages().iter().map(|(_, expected)| *expected).collect::<Vec<_>>());
}

/// A match, a message that it is about, and one that it is not about.
fn matches() -> Vec<(Value, Frame, Frame)> {
    let (text, binary) = (|text: &str| Frame::text(text.to_owned()), Frame::binary("pong"));
    vec![
        (json!({"text": "pong"}), text("pong"), text("pongs")),
        (json!({"prefix": "0", "/sid": 1}), text("0{\"sid\":1}"), text("{\"sid\":1}")),
        (json!({"binary": true}), binary, text("pong")),
        (json!({"/a/-1": {"not": ["x"]}}), text("{\"a\":[\"x\",null]}"), text("{\"a\":[1,\"x\"]}")),
        (
            json!({"/a/b": {"suffix": "z"}}),
            text("{\"a\":\"{\\\"b\\\":\\\"yz\\\"}\"}"),
            text("{\"a\":{}}"),
        ),
        (
            json!([{"/n": {"min": 2, "max": 3}}, {"text": "x"}]),
            text("{\"n\":2.5}"),
            text("{\"n\":3.5}"),
        ),
    ]
}

/// The texts that become records.
async fn records(frames: &[&Frame], keys: Value) -> Vec<String> {
    let script =
        frames.iter().fold(Script::accept(), |script, frame| script.send_frame((*frame).clone()));
    let keys = with(keys, json!({"message_format": "raw_string"}));
    let (_, told) = talk([script.close(1000, "")], keys).await;
    assert!(told.end.is_ok(), "{:?}", told.end);
    told.texts()
}

fn text_of(frame: &Frame) -> String {
    // Behind the two bytes of the header of a short frame.
    String::from_utf8(frame.to_bytes()[2..].to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_place_of_a_match_tells_messages_apart() {
    for (written, yes, no) in matches() {
        let data = [text_of(&no)];
        for keys in [
            json!({"session": [{"expect": written}]}),
            json!({"subscribe": {"message": "s", "ack": written}, "topics": ["t"]}),
            json!({"subscribe": {"message": "s", "ack": {"text": "none"}, "fail": written,
                "on_fail": "skip"}, "topics": ["t"]}),
            json!({"control": [{"match": written}]}),
            json!({"heartbeat": {"message": "b", "interval": 5, "reply": written}}),
        ] {
            let keys = with(keys, json!({"max_messages": 2}));
            assert_eq!(records(&[&no, &yes], keys.clone()).await, data, "{keys}");
        }
        let script = Script::accept().send_frame(no).send_frame(yes);
        let keys = json!({"session": [{"expect": {"text": "none"}, "fail": written}],
            "message_format": "raw_string"});
        let (_, told) = talk([script], keys).await;
        assert_eq!((told.texts(), told.error().kind()), (data.to_vec(), ErrorKind::Auth));
    }
}
