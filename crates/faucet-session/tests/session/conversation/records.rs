//! Records inside of messages.

use faucet_core::MessageKind;

use crate::support::{Said, Talk, play};

#[test]
fn the_value_at_a_place_is_the_record() {
    play(
        r#"{"unwrap": "/data", "control": [{"match": {"/type": "beat"}}], "resume": {"cursor": "/id"}, "query": {"c": "{cursor?}"}}"#,
        r#"
        connect
        complete
        < {"id":1,"data":{"p": 1.50}}
        & {"type":"beat","data":1}
        & {"id":2,"data":"{\"p\":2e1}"}
        & {"id":3}
        & text
        = {"p": 1.50}
        cursor 1
        = {"p":2e1}
        cursor 2
        = {"id":3}
        cursor 3
        = text
        "#,
    );
}

#[test]
fn arrays_are_messages_or_records() {
    play(
        r#"{"split_arrays": true, "control": [{"match": {"/t": "beat"}}]}"#,
        r#"
        connect
        complete
        < [{"t":"beat"},{"a":1}, 7]
        & {"t":"beat"}
        & []
        & [1,
        = {"a":1}
        = 7
        = [1,
        "#,
    );
    play(
        r#"{"unwrap": "/d", "explode": true, "resume": {"cursor": "/id"}, "query": {"c": "{cursor?}"}}"#,
        r#"
        connect
        complete
        < {"id":1,"d":[1, [2] ,"x"]}
        & {"id":2,"d":[]}
        & {"id":3,"d":"[4,5]"}
        & {"id":4,"d":6}
        = 1
        = [2]
        = "x"
        cursor 1
        cursor 2
        = 4
        = 5
        cursor 3
        = 6
        cursor 4
        "#,
    );
}

#[test]
fn several_texts_in_a_message() {
    play(
        r#"{"framing": "lines", "control": [{"match": {"/ping": 1}, "reply": {"json": {"pong": 1}}}]}"#,
        "connect\ncomplete\n< {\"a\":1}\n= {\"a\":1}",
    );
    let mut talk = Talk::new(
        r#"{"framing": "record_separator", "control": [{"match": {"/ping": 1}, "reply": {"json": {"pong": 1}}}], "subscribe_messages": ["hi", {"json": {"v": 1}}]}"#,
        0,
    )
    .unwrap();
    talk.connects(&[]);
    assert_eq!(talk.log(), ["> hi\\x1e", "> {\"v\":1}\\x1e", "complete"]);
    let batch = talk.hears(&[Said::text("{\"a\":1}\x1e{\"ping\":1}\x1e\x1e {\"b\":2}\x1e")]);
    assert_eq!(talk.log(), ["> {\"pong\":1}\\x1e", "= {\"a\":1}", "=  {\"b\":2}"]);
    assert!(batch.made.is_none() && batch.control == 1, "the records stand in the received bytes");
}

#[test]
fn data_begins_with_a_prefix() {
    play(
        r#"{"data_prefix": "42", "unwrap": "/1", "control": [
            {"match": {"prefix": "0", "/sid": {"exists": true}}, "take": {"sid": "/sid"}, "reply": {"text": "40{sid}"}},
            {"match": {"text": "2"}, "reply": "3"},
            {"match": {"prefix": "42", "/0": "beat"}},
            {"match": {"text": "whole"}, "action": "keep"}
        ], "resume": {"cursor": "/1/id"}, "query": {"c": "{cursor?}"}}"#,
        r#"
        connect
        complete
        < 0{"sid":"abc"}
        > 40abc
        < 2
        > 3
        < 42["trade",{"id":7}]
        & 42["beat",1]
        & 41
        & whole
        & {"id":8}
        = {"id":7}
        cursor 7
        = whole
        unmatched 2
        "#,
    );
}

fn gzip(text: &[u8]) -> Vec<u8> {
    // The member is stored, so that no encoder is needed: header, one block, checksum and length.
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    let len = text.len() as u16;
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&(!len).to_le_bytes());
    out.extend_from_slice(text);
    let sum = text.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    });
    out.extend_from_slice(&(!sum).to_le_bytes());
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out
}

#[test]
fn compressed_messages_are_read_and_answered() {
    let mut talk = Talk::new(
        r#"{"decompress": "gzip", "session": [{"expect": {"/ok": 1}, "take": {"id": "/id"}}], "unwrap": "/d",
            "control": [{"match": {"/ping": {"exists": true}, "binary": true}, "reply": {"json": {"pong": "{/ping}", "id": "{id}"}}}]}"#,
        0,
    )
    .unwrap();
    talk.connects(&[]);
    talk.hears(&[Said::binary(gzip(br#"{"ok":1,"id":5}"#))]);
    assert_eq!(talk.log(), ["complete"]);
    let batch = talk.hears(&[
        Said::binary(gzip(br#"{"ping":1492420473027001234567}"#)),
        Said::binary(gzip(br#"{"d":{"a":1}}"#)),
        Said::text(r#"{"d":"2"}"#),
        Said::text(r#"{"ping":1}"#),
        Said::binary(*b"not gzip"),
    ]);
    assert_eq!(
        talk.log(),
        [
            r#"> {"id":5,"pong":1492420473027001234567}"#,
            r#"=b {"a":1}"#,
            "= 2",
            r#"= {"ping":1}"#,
            "=b not gzip"
        ]
    );
    assert_eq!(batch.made.as_deref(), Some(&b"{\"a\":1}\n2\n{\"ping\":1}\nnot gzip\n"[..]));
    assert_eq!((batch.control, batch.unmatched, batch.is_json), (1, 0, false));
}

#[test]
fn a_compressed_stream_that_breaks_ends_the_connection() {
    let mut talk = Talk::new(r#"{"decompress": "zlib_stream"}"#, 0).unwrap();
    talk.connects(&[]);
    assert_eq!(talk.log(), ["complete"]);
    talk.hears(&[Said::binary(*b"no stream"), Said::binary(*b"more"), Said::text("text")]);
    let log = talk.log();
    assert!(log[0].starts_with("end decompress: ") && log[1..] == ["= text"], "{log:?}");
}

#[test]
fn messages_have_numbers() {
    play(
        r#"{"sequence": {"last": "/d/-1/n", "first": "/d/0/n", "per": ["/p"], "reset": {"/t": "snap"}}, "control": [{"match": {"/t": "beat"}}], "unwrap": "/d"}"#,
        r#"
        connect
        complete
        < {"p":"a","d":[{"n":1},{"n":3}]}
        & {"p":"a","t":"beat","d":[{"n":"4"}]}
        & {"t":"snap","d":[{"n":1492420473027001234567}]}
        & {"p":"a","d":[{"n":1.5}]}
        number 1..3 of "\"a\"/"
        = [{"n":1},{"n":3}]
        number 4..4 of "\"a\"/"
        number 1492420473027001234567..1492420473027001234567 of "/" resets
        = [{"n":1492420473027001234567}]
        = [{"n":1.5}]
        "#,
    );
    play(
        r#"{"sequence": {"last": "/seq", "previous": "/prev"}, "data_prefix": "42"}"#,
        "connect\ncomplete\n< 42{\"seq\":7,\"prev\":5}\nnumber 7..7 of \"\" after 5\n= {\"seq\":7,\"prev\":5}",
    );
}

#[test]
fn messages_that_nobody_looks_at_stay_as_they_are() {
    let mut talk = Talk::new(r#"{"silence_timeout": 60, "session": [{"send": "x"}]}"#, 0).unwrap();
    talk.connects(&[]);
    let batch = talk.hears(&[Said::text("a"), Said::binary([0xff])]);
    assert!(batch.is_whole && batch.made.is_none());
    assert_eq!(talk.log(), ["> x", "complete", "= a", "=b \\xff"]);
}

#[test]
fn records_are_known_to_be_json_where_they_were_checked() {
    let config = r#"{"checks_json": true, "control": [{"match": {"/a": 1}}]}"#;
    let mut talk = Talk::new(config, 0).unwrap();
    talk.connects(&[]);
    for (said, is_json) in [(r#"{"b":1}"#, true), ("{\"b\":", false)] {
        let batch = talk.hears(&[Said::text(r#"{"a":1}"#), Said::text(said)]);
        assert_eq!((batch.is_json, batch.control, batch.is_whole), (is_json, 1, false), "{said}");
    }
    // A binary message is a record of its kind.
    talk.log();
    talk.hears(&[Said { kind: MessageKind::Binary, payload: b"{}".to_vec() }]);
    assert_eq!(talk.log(), ["=b {}"]);
}
