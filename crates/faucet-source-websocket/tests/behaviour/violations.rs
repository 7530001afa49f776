//! A peer that breaks the protocol, and messages over the limits.

use faucet_core::{Ended, ErrorKind, MessageKind};
use faucet_testkit::{Frame, Script, opcode};
use serde_json::json;

use crate::support::*;

/// The faults of a peer, and the code of our answer.
fn violations() -> Vec<(Vec<Frame>, u16, &'static str)> {
    let text = || Frame::text("1");
    let ping = |payload: Vec<u8>| Frame::new(opcode::PING, payload);
    let close = |payload: &'static [u8]| Frame::new(opcode::CLOSE, payload);
    vec![
        (vec![text().rsv(0b100)], 1002, "RSV1"),
        (vec![text().rsv(0b010)], 1002, "RSV2"),
        (vec![text().rsv(0b001)], 1002, "RSV3"),
        (vec![text().masked()], 1002, "a masked frame"),
        (vec![Frame::new(3, "1")], 1002, "a reserved data opcode"),
        (vec![Frame::new(11, "1")], 1002, "a reserved control opcode"),
        (vec![ping(vec![0; 126])], 1002, "a long control frame"),
        (vec![ping(vec![]).not_final()], 1002, "a fragmented control frame"),
        (vec![Frame::continuation("1")], 1002, "a continuation of nothing"),
        (vec![text().not_final(), text()], 1002, "a new message inside a fragmented one"),
        (vec![close(b"\x03")], 1002, "a Close of one byte"),
        (vec![Frame::new(opcode::CLOSE, vec![3; 126])], 1002, "a long Close"),
        (vec![close(b"\x03\xe8\xff")], 1007, "a reason that is not UTF-8"),
        (vec![Frame::text(&b"\"\xff\""[..])], 1007, "text that is not UTF-8"),
        (vec![Frame::text(&b"\"\xe2\x82"[..])], 1007, "text that ends inside a character"),
        (
            vec![Frame::text(&b"\"\xc3"[..]).not_final(), Frame::continuation(&b"\x28\""[..])],
            1007,
            "text that is not UTF-8 across fragments",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_breaks_the_protocol_is_told_so_until_the_patience_is_over() {
    for (frames, code, what) in violations() {
        let bad = Script::accept().send_raw(raw(&frames)).expect_close_code(code);
        let keys = json!({"reconnect": true, "reconnect_patience": 0.5});
        let (peer, source) = in_memory([bad.clone()], keys);
        let told = run_paused(&source).await;
        let message = told.error().to_string();
        assert!(message.contains(": protocol violation: "), "{what}: {message}");
        let end = "; 2 such ends within 1s without a record between (reconnect_patience: 500ms)";
        assert!(message.ends_with(end), "{message}");
        assert_eq!(told.error().kind(), ErrorKind::Protocol);
        assert!(told.texts().is_empty(), "{what}");
        assert_eq!(peer.finish().await.len(), 2, "{what}");

        let (peer, source) = in_memory([bad], json!({}));
        let told = run_paused(&source).await;
        assert!(told.error().to_string().contains(": protocol violation: "), "{what}");
        assert_eq!(peer.finish().await.len(), 1, "without reconnect once is enough");
    }
}

#[tokio::test(start_paused = true)]
async fn a_violation_after_a_record_costs_a_reconnect_only() {
    for (frames, code, what) in violations() {
        let bad = Script::accept().send_text("1").send_raw(raw(&frames)).expect_close_code(code);
        let (peer, source) = in_memory([bad], json!({"reconnect": true, "max_messages": 4}));
        let told = run_paused(&source).await;
        assert_eq!((told.texts().len(), told.ended()), (4, Ended::MaxRecords), "{what}");
        let connections = peer.connections();
        assert_eq!(connections.len(), 4, "{what}");
        for seen in &connections[..3] {
            assert_eq!(seen.close_code(), Some(code), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_violation_is_answered_as_soon_as_its_header_is_there() {
    let long = |frame: Frame| frame.claiming(60 << 20);
    for (frames, what) in [
        (vec![long(Frame::text("").masked())], "a masked frame"),
        (vec![long(Frame::text("").rsv(0b100))], "reserved bits"),
        (vec![long(Frame::new(5, ""))], "a reserved opcode"),
        (vec![long(Frame::continuation(""))], "a continuation of nothing"),
        (vec![Frame::text("a").not_final(), long(Frame::text(""))], "a message inside another"),
        (vec![long(Frame::new(opcode::PING, ""))], "a long Ping"),
    ] {
        // The peer sends no payload: a client that waits for the payload never answers.
        let script = Script::accept().send_raw(raw(&frames)).expect_close_code(1002);
        let (peer, source) = in_memory([script], json!({}));
        let told = run_paused(&source).await;
        assert!(told.error().to_string().contains(": protocol violation: "), "{what}");
        assert!(told.took < secs(2), "{what}: {:?}", told.took);
        peer.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf8_is_counted() {
    let scripts = [
        Script::accept().send_text("1").send_frame(Frame::text(&b"\xff"[..])),
        Script::accept().send_text("2"),
    ];
    let (_, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 2}));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1", "2"]);
    assert_eq!(told.counters.skipped, skipped(&[("not_utf8", 1)]));
}

#[tokio::test(start_paused = true)]
async fn unusual_but_legal_frames_are_messages() {
    for frames in [
        vec![Frame::text("\"a€\"").wide_length()],
        vec![Frame::text(&b"\"a\xe2"[..]).not_final(), Frame::continuation(&b"\x82\xac\""[..])],
        vec![
            Frame::text("").not_final(),
            Frame::continuation("\"a").not_final(),
            Frame::new(opcode::PING, ""),
            Frame::continuation("").not_final(),
            Frame::continuation("€\""),
        ],
    ] {
        let script = Script::accept().send_raw(raw(&frames)).close(1000, "");
        let (_, source) = in_memory([script], json!({}));
        assert_eq!(run_paused(&source).await.texts(), ["\"a€\""]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_answered_with_1009_and_fatal() {
    let x = |n: usize| "x".repeat(n);
    for (frames, size) in [
        (vec![Frame::text(x(1001))], "1001"),
        (vec![Frame::text(x(600)).not_final(), Frame::continuation(x(600))], "1200"),
        (vec![Frame::text("x").claiming(1 << 62)], "4611686018427387904"),
        (vec![Frame::binary("x").claiming(1 << 63 | 7)], "9223372036854775815"),
    ] {
        let script = Script::accept().send_text("1").send_raw(raw(&frames)).expect_close_code(1009);
        let keys = json!({"reconnect": true, "max_message_bytes": 1000});
        let (peer, source) = in_memory([script], keys);
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1"]);
        let error = told.error();
        assert_eq!(
            error.to_string(),
            format!(
                "WebSocket ws://feed.test/: a message of {size} bytes is over the limit of 1000 \
                 bytes (max_message_bytes)"
            )
        );
        assert!(error.hint().unwrap().contains("raise max_message_bytes"), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(told.counters.skipped, skipped(&[("too_large", 1)]));
        assert_eq!(peer.finish().await.len(), 1, "the same feed would send it again");
    }
    let halves = [Frame::text(x(500)).not_final(), Frame::continuation(x(500))];
    let script = Script::accept().send_text(x(1000)).send_raw(raw(&halves)).close(1000, "");
    let keys = json!({"max_message_bytes": 1000, "message_format": "raw_string"});
    let (_, source) = in_memory([script], keys);
    assert_eq!(run_paused(&source).await.texts(), [x(1000), x(1000)], "just within the limit");
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf8_can_be_skipped_or_taken_as_binary() {
    let broken = || Frame::text(&b"\"\xff\""[..]);
    let halves = [Frame::text(&b"\xe2"[..]).not_final(), Frame::continuation(&b"\x28"[..])];
    let frames = [vec![Frame::text("1"), broken()], halves.to_vec(), vec![Frame::text("2")]];
    let script = Script::accept().send_raw(raw(&frames.concat())).close(1000, "");
    let raw_string = json!({"message_format": "raw_string", "invalid_utf8": "skip"});
    let binary = json!({"message_format": "binary", "invalid_utf8": "binary"});
    for (keys, sizes, skipped) in [(raw_string, vec![1, 1], 2), (binary, vec![1, 3, 2, 1], 0)] {
        let (peer, source) = in_memory([script.clone()], keys);
        let told = run_paused(&source).await;
        let records: Vec<_> = told.pages.iter().flat_map(|page| page.iter()).collect();
        let found: Vec<_> = records.iter().map(|record| record.as_bytes().len()).collect();
        assert_eq!((found, told.ended()), (sizes, Ended::Closed));
        assert_eq!(told.counters.skipped.get("not_utf8").copied().unwrap_or_default(), skipped);
        let kinds = records.iter().filter(|r| r.message_kind() == Some(MessageKind::Binary));
        assert_eq!(kinds.count(), 2 - skipped as usize, "broken text is taken as binary");
        assert_eq!(peer.finish().await.len(), 1, "the connection goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn broken_text_that_is_taken_as_binary_must_be_what_the_format_says() {
    let frames = [Frame::text("1"), Frame::text(&b"\"caf\xe9\""[..]), Frame::text("2")];
    let script = Script::accept().send_raw(raw(&frames)).close(1000, "");
    for (format, refused) in [
        ("json", Some("message 2 is not JSON: invalid UTF-8 at byte 4")),
        ("raw_string", Some("binary message 2 is not UTF-8: ")),
        ("binary", None),
    ] {
        let keys = json!({"message_format": format, "invalid_utf8": "binary"});
        let (_, source) = in_memory([script.clone()], keys.clone());
        let told = run_paused(&source).await;
        let records = told.pages.iter().map(|page| page.len()).sum::<usize>();
        match (refused, &told.end) {
            (None, Ok(Ended::Closed)) => assert_eq!(records, 3),
            (Some(words), Err(error)) => {
                assert_eq!((records, error.kind()), (1, ErrorKind::Decode), "{format}");
                assert!(error.to_string().starts_with(words), "{error}");
                let hint = error.hint().unwrap();
                assert!(hint.contains("message_format: binary takes any bytes"), "{hint}");
            }
            (_, end) => panic!("{format}: {end:?}"),
        }
        let keys = with(keys, json!({"on_parse_error": "skip"}));
        let (_, source) = in_memory([script.clone()], keys);
        let told = run_paused(&source).await;
        let counted: &[_] = if refused.is_some() { &[("parse_error", 1)] } else { &[] };
        assert_eq!((told.ended(), told.counters.skipped), (Ended::Closed, skipped(counted)));
    }
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf8_names_the_key_that_goes_on_without_it() {
    let script = Script::accept().send_frame(Frame::text(&b"\xff"[..]));
    let (_, source) = in_memory([script], json!({}));
    let told = run_paused(&source).await;
    let hint = told.error().hint().unwrap();
    for words in ["invalid_utf8: skip", "invalid_utf8: binary", "message_format: binary"] {
        assert!(hint.contains(words), "{hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_endless_fragments_is_answered_with_1008_and_fatal() {
    let fragments = |n: usize| {
        let mut bytes = Frame::text("\"").not_final().to_bytes().to_vec();
        bytes.extend(Frame::continuation("").not_final().to_bytes().repeat(n - 2));
        bytes
    };
    let most = Script::accept()
        .send_raw(fragments(131_071))
        .send_frame(Frame::continuation("\""))
        .close(1000, "");
    let (_, source) = in_memory([most], json!({}));
    assert_eq!(run_paused(&source).await.texts(), ["\"\""]);

    let endless =
        Script::accept().send_text("1").send_raw(fragments(1_000_000)).expect_close_code(1008);
    let (peer, source) = in_memory([endless], json!({"reconnect": true}));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1"]);
    assert!(told.error().to_string().ends_with("a message of more than 131072 fragments"));
    assert_eq!(told.error().kind(), ErrorKind::TooLarge);
    assert_eq!(peer.finish().await.len(), 1);
}
