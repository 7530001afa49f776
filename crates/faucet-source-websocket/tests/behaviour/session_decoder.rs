//! A decoder of messages in a packing of their own.

use std::io::Write;
use std::time::Duration;

use faucet_common_websocket::session::hooks::{
    DecodeFailed, DecodedMessages, DecodedRecord, InboundMessage, MessageDecoder,
};
use faucet_core::{Ended, ErrorKind, Scope};
use faucet_testkit::{Script, ScriptedPeer};
use serde_json::{Value, json};

use crate::support::*;

/// Reads parts that `|` separates; the first letter of each tells what it is.
#[derive(Default)]
struct Packing {
    /// How many messages the connection has brought.
    messages: u32,
}

impl MessageDecoder for Packing {
    fn decode(
        &mut self,
        message: InboundMessage<'_>,
        decoded: &mut DecodedMessages,
    ) -> Result<(), DecodeFailed> {
        self.messages += 1;
        let text = message.text().ok_or_else(|| DecodeFailed::new("no text"))?;
        let mut at = 0;
        for part in text.split('|') {
            let (letter, rest) = part.split_at(1);
            let inside = at + 1..at + part.len();
            at += part.len() + 1;
            let about = format!(r#"{{"n":{rest},"of":{}}}"#, self.messages);
            match letter {
                // A number, which is the record too.
                "n" => decoded.record(about, DecodedRecord::Slice(inside)),
                "b" => {
                    let record = [b"\xff", rest.as_bytes()].concat();
                    decoded.record(about, DecodedRecord::Binary(&record));
                }
                "c" => decoded.control(rest),
                "m" => decoded.message(rest),
                "r" => decoded.as_received(),
                "o" => decoded.record(about, DecodedRecord::Slice(0..2)),
                "x" => return Err(DecodeFailed::new(format_args!("what is {rest}?"))),
                "p" => panic!("no {rest}"),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A run with the decoder, from its start to its end.
async fn decode(
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (std::sync::Arc<ScriptedPeer>, Told) {
    let (peer, source) = in_memory(scripts, keys);
    let told = run_paused(&source.with_decoder(Packing::default)).await;
    (peer, told)
}

fn says(messages: &[&str]) -> Script {
    let script = messages.iter().fold(Script::accept(), |script, text| script.send_binary(text));
    script.close(1000, "")
}

fn text_keys(more: Value) -> Value {
    with(json!({"message_format": "raw_string"}), more)
}

#[tokio::test(start_paused = true)]
async fn rules_and_unwrap_read_whatever_the_decoder_finds() {
    let keys = json!({
        "control": [{"match": {"/op": "hello"}, "reply": {"json": {"op": "hi", "to": "{/from}"}}},
            {"match": {"/n": 3}}],
        "unwrap": "/data",
        "split_arrays": true,
    });
    let script = Script::accept()
        .send_binary(r#"c{"op":"hello","from":7}|n1|n2|n3|z"#)
        .send_binary(r#"m{"data":{"p":1.50}}|m[{"a":1},{"b":2}]|c{"op":"unknown"}"#)
        .send_text("r")
        .send_binary("n4|m5")
        .expect_text(r#"{"op":"hi","to":7}"#)
        .close(1000, "");
    let (peer, told) = decode([script], text_keys(keys)).await;
    let expected = ["1", "2", r#"{"p":1.50}"#, r#"{"a":1}"#, r#"{"b":2}"#, "r", "4", "5"];
    assert_eq!((told.texts(), peer.failures()), (expected.map(str::to_owned).to_vec(), vec![]));
    assert_eq!(told.counters.skipped.get("unmatched"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_decoded_is_one_as_on_parse_error_says() {
    let messages = ["n1|n2", "n3|x4", "n5", "p6", "\u{0}n7"];
    let (_, told) = decode([says(&messages)], text_keys(json!({}))).await;
    let error = told.error();
    assert_eq!((told.texts().join(" ").as_str(), error.kind()), ("1 2", ErrorKind::Decode));
    let words = "message 3 is not decoded: the decoder failed: what is 4?";
    assert!(error.to_string().contains(words), "{error}");
    assert!(error.hint().unwrap().contains("on_parse_error: skip"), "{error:?}");

    for format in ["json", "raw_string", "binary"] {
        let keys = json!({"on_parse_error": "skip", "message_format": format});
        let (_, told) = decode([says(&messages)], keys).await;
        assert_eq!(told.texts().join(" "), "1 2 5", "{format}");
        assert_eq!(told.counters.skipped.get("parse_error"), Some(&2), "{format}");
    }

    let (_, source) = in_memory([says(&messages)], json!({"on_parse_error": "divert"}));
    let source = source.with_decoder(Packing::default);
    let told = run_with(&source, &Scope::default().with_dead_letter()).await;
    let rejected: Vec<_> = told.pages.into_iter().flat_map(|mut p| p.take_rejected()).collect();
    let rejected: Vec<String> = rejected.into_iter().map(|one| one.reason).collect();
    assert_eq!(rejected.len(), 2, "{rejected:?}");
    assert!(rejected[1].contains("the decoder failed: panicked: no 6"), "{rejected:?}");
}

#[tokio::test(start_paused = true)]
async fn a_decoder_that_breaks_a_rule_fails_its_message_and_no_other() {
    for format in ["json", "raw_string", "binary"] {
        // The second slice begins before the end of the first.
        let messages = ["n1", "n2|o0", "r|n3", "n4"];
        let keys = json!({"on_parse_error": "skip", "message_format": format});
        let (_, told) = decode([says(&messages)], keys).await;
        assert_eq!(told.texts(), ["1", "4"], "{format}");
        assert_eq!(told.counters.skipped.get("parse_error"), Some(&2), "{format}");
    }
    let keys = json!({"values": {"key": {"secret": "s3cret-word"}}, "query": {"k": "{key}"}});
    let message = format!("xs3cret-word\u{7}{}", "y".repeat(1000));
    let (_, told) = decode([says(&[&message])], keys).await;
    let error = told.error().to_string();
    assert!(error.contains(r"what is ***\u{7}yyy") && error.ends_with("y…"), "{error}");
    assert!(error.len() < 500, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_decoder_that_cannot_be_made_ends_the_run() {
    let (_, source) = in_memory([says(&["n1"])], json!({"reconnect": true}));
    let source = source.with_decoder(|| -> Packing { panic!("no tables") });
    let told = run_paused(&source).await;
    assert_eq!(told.error().kind(), ErrorKind::Panic);
    assert!(told.error().to_string().contains("a hook panicked: no tables"), "{}", told.error());
}

#[tokio::test(start_paused = true)]
async fn a_decoded_position_is_where_the_next_connection_goes_on() {
    let keys = json!({
        "reconnect": true,
        "query": {"after": "{cursor?}"},
        "resume": {"cursor": "/n", "order": "increasing"},
        "sequence": {"last": "/n", "scope": "feed"},
        "message_format": "binary",
    });
    let scripts = [
        Script::accept().send_binary("b1|b2").cut(),
        Script::accept().send_binary("b5").close(1000, ""),
    ];
    let (peer, told) = decode(scripts, with(keys, json!({"max_messages": 3}))).await;
    assert_eq!(
        told.pages
            .iter()
            .flat_map(|page| page.iter())
            .map(|record| record.as_bytes().to_vec())
            .collect::<Vec<_>>(),
        [b"\xff1", b"\xff2", b"\xff5"]
    );
    assert_eq!(peer.connections()[1].path(), "/?after=2");
    let gaps = told.gaps();
    assert_eq!((gaps.len(), gaps[0].0, gaps[0].1.missing), (1, 2, Some(2)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn each_connection_has_a_decoder_of_its_own() {
    let keys = json!({
        "reconnect": true,
        "max_messages": 2,
        // The second message of a connection is dropped.
        "control": [{"match": {"/of": 2}}],
    });
    let scripts = [says(&["n1", "n2"]), says(&["n3", "n4"])];
    let (_, told) = decode(scripts, keys).await;
    assert_eq!(told.texts(), ["1", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_decoder_makes_no_more_than_max_message_bytes() {
    let keys = json!({"max_message_bytes": 40, "on_parse_error": "skip"});
    let big = format!("m\"{}\"|n1", "x".repeat(20));
    let huge = ["m\"xxxxxxxxxxx\""; 2].join("|");
    let (_, told) = decode([says(&[&big, &huge, "n2"])], keys).await;
    // Both hold 28 bytes and more; the first has no more than 40 with its description.
    assert_eq!(told.texts().last().unwrap(), "2");
    let (_, told) = decode([says(&["n1|n2|n3|n4|n5"])], json!({"max_message_bytes": 40})).await;
    assert!(told.error().to_string().contains("larger than max_message_bytes"), "{}", told.error());
}

#[tokio::test(start_paused = true)]
async fn compressed_messages_are_decompressed_first() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"n1|n2").unwrap();
    let script = Script::accept().send_binary(gzip.finish().unwrap()).close(1000, "");
    let (_, told) = decode([script], json!({"decompress": "gzip"})).await;
    assert_eq!(told.texts(), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_source_without_a_conversation_sends_its_messages_once() {
    let keys = json!({"subscribe_messages": ["sub"], "max_messages": 1});
    let script = Script::accept().expect_text("sub").send_binary("n1").stall();
    let (peer, told) = decode([script], keys).await;
    assert_eq!(
        (told.ended(), peer.connections()[0].texts()),
        (Ended::MaxRecords, vec!["sub".to_owned()])
    );
    assert!(told.took < Duration::from_secs(5));
}
