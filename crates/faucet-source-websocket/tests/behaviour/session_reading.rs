//! From the bytes of a message to the records in it.

use std::io::Write;

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::Script;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compress, Compression, FlushCompress};
use serde_json::{Value, json};
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, InBuffer, OutBuffer};

use crate::support::*;

const ONE: &str = r#"{"n":1,"price":1.50}"#;
const TWO: &str = r#"{"n":2,"price":1.50}"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// One stream of zlib, with a flush behind each text.
fn zlib_stream(texts: &[&str]) -> Vec<Vec<u8>> {
    let mut compress = Compress::new(Compression::best(), true);
    let one = |text: &&str| {
        let mut out = Vec::with_capacity(4096);
        compress.compress_vec(text.as_bytes(), &mut out, FlushCompress::Sync).unwrap();
        out
    };
    texts.iter().map(one).collect()
}

fn zstd_part(context: &mut CCtx<'_>, text: &str, end: ZSTD_EndDirective) -> Vec<u8> {
    let mut out = vec![0; 4096];
    let mut room = OutBuffer::around(&mut out[..]);
    let left = context.compress_stream2(&mut room, &mut InBuffer::around(text.as_bytes()), end);
    assert_eq!(left, Ok(0));
    let length = room.pos();
    out.truncate(length);
    out
}

/// One frame of zstd, with a dictionary or without.
fn zstd(text: &str, dictionary: &[u8]) -> Vec<u8> {
    let mut context = CCtx::create();
    context.load_dictionary(dictionary).unwrap();
    zstd_part(&mut context, text, ZSTD_EndDirective::ZSTD_e_end)
}

/// One stream of zstd, with a flush behind each text.
fn zstd_stream(texts: &[&str]) -> Vec<Vec<u8>> {
    let mut context = CCtx::create();
    let flush = ZSTD_EndDirective::ZSTD_e_flush;
    texts.iter().map(|text| zstd_part(&mut context, text, flush)).collect()
}

/// Sends these as binary messages.
fn sends(messages: &[Vec<u8>]) -> Script {
    messages.iter().fold(Script::accept(), |script, message| script.send_binary(message))
}

#[tokio::test(start_paused = true)]
async fn messages_are_decompressed_as_it_says() {
    for (word, messages) in [
        ("none", vec![ONE.as_bytes().to_vec(), TWO.as_bytes().to_vec()]),
        ("gzip", vec![gzip(ONE), gzip(TWO)]),
        ("zlib", vec![zlib(ONE), zlib(TWO)]),
        ("deflate", vec![deflate(ONE), deflate(TWO)]),
        ("zstd", vec![zstd(ONE, b""), zstd(TWO, b"")]),
        ("auto", vec![gzip(ONE), zstd(TWO, b"")]),
        ("auto", vec![zlib(ONE), TWO.as_bytes().to_vec()]),
        ("zlib_stream", zlib_stream(&[ONE, TWO])),
        ("zstd_stream", zstd_stream(&[ONE, TWO])),
    ] {
        // Text messages stay as they are, and every connection begins anew.
        let script = sends(&messages).send_text("3").close(1012, "");
        let keys = json!({"decompress": word, "reconnect": true, "max_messages": 6});
        let (_, told) = talk([script], keys).await;
        assert_eq!(told.texts(), [ONE, TWO, "3", ONE, TWO, "3"], "{word}");
        assert_eq!(told.ended(), Ended::MaxRecords);
    }
    // A text of a stream may come in several messages.
    let texts = zlib_stream(&[ONE, TWO]);
    let parts: Vec<Vec<u8>> =
        texts.iter().flat_map(|text| text.chunks(7)).map(<[u8]>::to_vec).collect();
    assert!(parts.len() > 4);
    let keys = json!({"decompress": "zlib_stream", "max_messages": 2});
    let (_, told) = talk([sends(&parts)], keys).await;
    assert_eq!(told.texts(), [ONE, TWO]);
}

#[tokio::test(start_paused = true)]
async fn compressed_messages_are_control_and_answers_too() {
    let script = sends(&[gzip(r#"{"type":"welcome"}"#), gzip(r#"{"ping":7}"#), gzip(ONE)]);
    let keys = json!({"decompress": "gzip", "session": [{"expect": {"/type": "welcome"}}],
        "control": [{"match": {"/ping": {"exists": true}}, "reply": {"json": {"pong": "{/ping}"}}}],
        "max_messages": 1});
    let (peer, told) = talk([script], keys).await;
    assert_eq!(told.texts(), [ONE]);
    assert_eq!(peer.finish().await[0].texts(), [r#"{"pong":7}"#]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_decompressed_is_bad_data_and_ends_a_stream() {
    let bad = b"\x1f\x8b not gzip".to_vec();
    let keys = json!({"decompress": "gzip", "on_parse_error": "skip", "max_messages": 1});
    let (_, told) = talk([sends(&[bad.clone(), gzip(ONE)])], keys).await;
    assert_eq!(told.texts(), [ONE]);
    assert_eq!(told.counters.skipped, skipped(&[("parse_error", 1)]));
    let (peer, told) = talk([sends(&[bad])], json!({"decompress": "zlib_stream"})).await;
    assert_eq!(told.error().kind(), ErrorKind::Protocol);
    assert!(told.error().to_string().contains("decompress: "), "{:?}", told.error());
    assert_eq!(peer.connections()[0].close_code(), Some(1008));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_message_holds_for_its_text() {
    let large = format!("\"{}\"", "x".repeat(10_000));
    for (word, message) in
        [("gzip", gzip(&large)), ("zstd_stream", zstd_stream(&[&large]).remove(0))]
    {
        assert!(message.len() < 1000);
        let keys = json!({"decompress": word, "max_message_bytes": 10_001, "reconnect": true});
        let (peer, told) = talk([sends(std::slice::from_ref(&message))], keys).await;
        assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::TooLarge, 1));
        let keys = json!({"decompress": word, "max_message_bytes": 10_002, "max_messages": 1});
        let (_, told) = talk([sends(&[message])], keys).await;
        assert_eq!(told.texts(), [&*large]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zstd_dictionary_comes_from_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed.dict");
    // Bytes that are no trained dictionary are mere content.
    let dictionary = [ONE, TWO].concat().into_bytes();
    std::fs::write(&path, &dictionary).unwrap();
    let messages = [zstd(ONE, &dictionary), zstd(TWO, &dictionary)];
    assert!(messages[0].len() < zstd(ONE, b"").len());
    let keys = json!({"decompress": "zstd", "decompress_dictionary": path, "max_messages": 2});
    let (_, told) = talk([sends(&messages)], keys.clone()).await;
    assert_eq!(told.texts(), [ONE, TWO]);
    let (_, told) = talk([sends(&messages)], json!({"decompress": "zstd"})).await;
    assert_eq!(told.error().kind(), ErrorKind::Decode);
    std::fs::remove_file(&path).unwrap();
    let (peer, told) = talk([sends(&messages)], keys).await;
    assert!(told.error().to_string().contains("decompress_dictionary: the file "));
    assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Config, 0));
}

/// The records of these text messages.
async fn records(messages: &[&str], keys: Value) -> Vec<String> {
    let script = messages.iter().fold(Script::accept(), |script, text| script.send_text(*text));
    let (_, told) = talk([script.close(1000, "")], keys).await;
    assert_eq!(told.ended(), Ended::Closed);
    told.texts()
}

#[tokio::test(start_paused = true)]
async fn a_message_may_hold_several_texts() {
    let lines = "{\"a\":1}\r\n\n {\"a\" : 2}\n3";
    for (keys, messages, expected) in [
        (
            json!({"framing": "lines"}),
            vec![lines, "4\n"],
            vec![r#"{"a":1}"#, r#" {"a" : 2}"#, "3", "4"],
        ),
        (json!({"framing": "record_separator"}), vec!["1\x1e\x1e2\x1e", "3"], vec!["1", "2", "3"]),
        (json!({"framing": "message"}), vec!["[1]"], vec!["[1]"]),
        (json!({"framing": "message", "message_format": "raw_string"}), vec![lines], vec![lines]),
    ] {
        assert_eq!(records(&messages, keys.clone()).await, expected, "{keys}");
    }
    // The separator ends what is sent, too.
    let keys = json!({"framing": "record_separator", "subscribe_messages": ["{}", {"type": "binary",
        "data": "AQ=="}], "max_messages": 1});
    let (peer, _) = talk([Script::accept().expect_data(2).send_text("1\x1e")], keys).await;
    let sent: Vec<_> =
        peer.finish().await[0].messages().into_iter().map(|(_, sent)| sent).collect();
    assert_eq!(sent, [&b"{}\x1e"[..], &b"\x01"[..]]);
}

#[tokio::test(start_paused = true)]
async fn data_begins_with_its_prefix_and_anything_else_is_control_at_most() {
    let script = Script::accept()
        .send_text("0{\"sid\":\"s-1\"}")
        .expect_data(1)
        .send_text("42[\"trade\",{\"n\":1}]")
        .send_text("2")
        .expect_data(1)
        .send_text("6")
        .send_text("{\"n\":2}")
        .send_text("42[\"trade\",{\"n\":3}]");
    let keys = json!({
        "session": [
            {"expect": {"prefix": "0", "/sid": {"exists": true}}, "take": {"sid": "/sid"}},
            {"send": {"json": ["hello", "{sid}"], "prefix": "40"}},
        ],
        "control": [{"match": {"text": "2"}, "reply": "3"}],
        "data_prefix": "42", "unwrap": "/1", "max_messages": 2,
    });
    let (peer, told) = talk([script], keys).await;
    assert_eq!(told.texts(), [r#"{"n":1}"#, r#"{"n":3}"#]);
    assert_eq!(told.counters.skipped, skipped(&[("unmatched", 2)]));
    assert_eq!(peer.finish().await[0].texts(), ["40[\"hello\",\"s-1\"]", "3"]);
}

#[tokio::test(start_paused = true)]
async fn an_array_at_the_top_may_be_several_messages() {
    let message = r#"[{"n":1},{"type":"beat"}, {"n" : 2}, 3]"#;
    let control = json!([{"match": {"/type": "beat"}}]);
    for (keys, expected) in [
        (json!({"split_arrays": true}), vec![r#"{"n":1}"#, r#"{"n" : 2}"#, "3"]),
        (json!({"split_arrays": false}), vec![message]),
        // Elements of `explode` are no messages: no rule sees them.
        (json!({"explode": true}), vec![r#"{"n":1}"#, r#"{"type":"beat"}"#, r#"{"n" : 2}"#, "3"]),
    ] {
        let keys = with(keys, json!({"control": control}));
        assert_eq!(
            records(&[message, "[]"], keys.clone()).await[..expected.len()],
            expected,
            "{keys}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_may_stand_inside_of_a_message() {
    let message = r#"{"event":"x", "data" : {"n": 1.50, "list":[1, {"a" : "b"}]}}"#;
    let quoted = r#"{"data":"{\"n\": 1.50,\"t\":\"\\u00fc\"}"}"#;
    for (keys, messages, expected) in [
        (
            json!({"unwrap": "/data"}),
            vec![message],
            vec![r#"{"n": 1.50, "list":[1, {"a" : "b"}]}"#],
        ),
        // Text that holds JSON is that JSON; other text is a record as it stands.
        (json!({"unwrap": "/data"}), vec![quoted], vec![r#"{"n": 1.50,"t":"\u00fc"}"#]),
        (json!({"unwrap": "/data/n"}), vec![quoted, message], vec!["1.50", "1.50"]),
        (json!({"unwrap": "/none"}), vec!["1", message], vec!["1", message]),
        (
            json!({"unwrap": "/data/list", "explode": true}),
            vec![message],
            vec!["1", r#"{"a" : "b"}"#],
        ),
        (
            json!({"unwrap": "/data", "explode": true}),
            vec![quoted],
            vec![r#"{"n": 1.50,"t":"\u00fc"}"#],
        ),
        (json!({"explode": true}), vec!["[1,[2]]", "3"], vec!["1", "[2]", "3"]),
    ] {
        assert_eq!(records(&messages, keys.clone()).await, expected, "{keys}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_steps_of_reading_follow_one_another() {
    let text = "42[{\"d\":[1,2]},{\"op\":\"beat\"}]\n42[{\"d\":\"[3]\"}]\n9";
    let script = sends(&[gzip(text)]).close(1000, "");
    let keys = json!({"decompress": "gzip", "framing": "lines", "data_prefix": "42",
        "split_arrays": true, "control": [{"match": {"/op": "beat"}}], "unwrap": "/d",
        "explode": true, "envelope": true});
    let (_, told) = talk([script], keys).await;
    assert_eq!(told.texts(), ["1", "2", "3"]);
    assert_eq!(told.counters.skipped, skipped(&[("unmatched", 1)]));
    let record = told.pages[0].iter().next().unwrap().to_record().to_value().unwrap();
    assert_eq!(record["data"], json!(1));
}
