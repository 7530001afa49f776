//! permessage-deflate, off and on.

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Deflater, Frame, Script, opcode};
use serde_json::{Value, json};

use crate::support::*;

const OFFER: &str = "permessage-deflate; client_max_window_bits";

fn deflate(keys: Value) -> Value {
    with(json!({"compression": "deflate"}), keys)
}

fn agreed() -> Script {
    Script::accept().extensions("permessage-deflate")
}

/// A compressed text message in one frame.
fn packed(deflater: &mut Deflater, text: &str) -> Frame {
    Frame::text(deflater.compress(text)).compressed()
}

#[tokio::test(start_paused = true)]
async fn compression_is_offered_where_it_is_asked_for_and_the_server_may_leave_it() {
    for (keys, offered) in [(json!({}), None), (deflate(json!({})), Some(OFFER))] {
        for answer in [Script::accept(), Script::accept().extensions("")] {
            let keys = with(keys.clone(), json!({"subscribe_messages": ["s"]}));
            let (peer, source) = in_memory([answer.send_text("1").close(1000, "")], keys);
            assert_eq!(run_paused(&source).await.texts(), ["1"]);
            let seen = peer.finish().await.swap_remove(0);
            assert_eq!(seen.header("Sec-WebSocket-Extensions"), offered);
            assert!(seen.frames.iter().all(|frame| !frame.compressed), "{:?}", seen.frames);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_both_directions_are_compressed_with_every_choice_of_the_server() {
    let subscription = "{\"subscribe\":[\"a\",\"b\"]} ".repeat(10);
    for choice in [
        "",
        "; server_no_context_takeover",
        "; client_no_context_takeover",
        "; server_no_context_takeover; client_no_context_takeover",
        "; client_max_window_bits=8",
        "; client_max_window_bits=9; server_max_window_bits=15",
        "; client_max_window_bits=12; client_no_context_takeover",
    ] {
        let mut deflater = Deflater::new();
        let mut script = Script::accept().extensions(&format!("permessage-deflate{choice}"));
        script = script.expect_text(&subscription).expect_text(&subscription);
        let sent: Vec<String> = (0..20).map(|n| format!("{{\"n\":{n},\"price\":1.5}}")).collect();
        for text in &sent {
            if choice.contains("server_no_context_takeover") {
                deflater = Deflater::new();
            }
            // Pauses, so that the source rests between messages.
            script = script.send_frame(packed(&mut deflater, text)).pause(ms(100));
        }
        let keys = deflate(json!({"subscribe_messages": [subscription, subscription]}));
        let (peer, source) = in_memory([script.close(1000, "")], keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts(), told.ended()), (sent, Ended::Closed), "{choice}");
        let seen = peer.finish().await.swap_remove(0);
        let compressed = seen.frames.iter().filter(|frame| frame.compressed).count();
        assert_eq!((compressed, seen.texts().len()), (2, 2), "{choice}");
    }
}

#[tokio::test(start_paused = true)]
async fn compressed_and_plain_messages_stay_in_order_around_control_frames() {
    let mut deflater = Deflater::new();
    let mut frames = Vec::new();
    for n in 0..100 {
        match n % 4 {
            0 => frames.push(Frame::text(n.to_string())),
            1 => frames.push(packed(&mut deflater, &n.to_string())),
            2 => {
                let payload = deflater.compress(n.to_string());
                let (front, back) = payload.split_at(1);
                frames.push(Frame::text(front.to_vec()).compressed().not_final());
                frames.push(Frame::new(opcode::PING, "between"));
                frames.push(Frame::continuation("").not_final());
                frames.push(Frame::continuation(back.to_vec()));
            }
            _ => {
                frames.push(Frame::binary(deflater.compress(n.to_string())).compressed());
                frames.push(Frame::new(opcode::PING, "behind"));
            }
        }
    }
    for script in [
        agreed().send_raw(raw(&frames)).close(1000, ""),
        agreed().early().send_raw(raw(&frames)).send_close(1000, ""),
        agreed().dribble(ms(1)).send_raw(raw(&frames)).close(1000, ""),
    ] {
        let (peer, source) = in_memory([script], deflate(json!({})));
        let told = run_paused(&source).await;
        let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!((told.texts(), told.ended()), (expected, Ended::Closed));
        let seen = peer.finish().await.swap_remove(0);
        assert_eq!(seen.payloads(opcode::PONG).len(), 50);
    }
}

#[tokio::test(start_paused = true)]
async fn a_choice_that_rfc_7692_does_not_allow_is_fatal_and_named() {
    let header = "Sec-WebSocket-Extensions";
    for (choice, why) in [
        ("permessage-bzip2", "an extension that was not offered: permessage-bzip2"),
        ("permessage-deflate, x-y", "an extension that was not offered: x-y"),
        ("permessage-deflate, permessage-deflate", "has permessage-deflate more than once"),
        ("permessage-deflate; level=9", "permessage-deflate has no parameter level"),
        ("permessage-deflate; server_max_window_bits=7", "is 7, not a whole number from 8 to 15"),
        ("permessage-deflate; client_max_window_bits", "client_max_window_bits has no value"),
        ("permessage-deflate; s3cret=\x1b[31m", "of the answer is malformed"),
    ] {
        let keys = json!({"reconnect": true, "headers": {"X-Key": "s3cret"}});
        let script = Script::accept().extensions(choice);
        let (error, connects) = refused_by(script, deflate(keys)).await;
        let message = error.to_string();
        assert!(message.contains(why), "{message}");
        assert!(message.contains("not offered") || message.contains(header), "{message}");
        assert_eq!((error.kind(), connects), (ErrorKind::Protocol, 1), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_message_that_breaks_the_rules_ends_the_connection() {
    let hello = || Deflater::new().compress("\"Hello\"");
    let half = || hello()[..4].to_vec();
    let garbage = || [&hello()[..], b"\x55"].concat();
    let two = || Deflater::new().compress("1".repeat(99));
    let corrupt = Some("corrupt");
    for (frames, code, why, lost) in [
        (vec![Frame::continuation(hello()).compressed()], 1002, "reserved bits", None),
        (
            vec![
                Frame::text(half()).compressed().not_final(),
                Frame::continuation(hello()[4..].to_vec()).compressed(),
            ],
            1002,
            "reserved bits",
            Some("partial_frame"),
        ),
        (vec![Frame::new(opcode::PING, hello()).compressed()], 1002, "reserved bits", None),
        (vec![Frame::text(hello()).rsv(0b110)], 1002, "reserved bits", None),
        (vec![Frame::text("\"Hello\"").compressed()], 1007, "cannot be inflated", corrupt),
        (vec![Frame::text(half()).compressed()], 1007, "cannot be inflated", corrupt),
        (vec![Frame::text(garbage()).compressed()], 1007, "cannot be inflated", corrupt),
        (vec![Frame::text("").compressed()], 1007, "cannot be inflated", corrupt),
        (vec![Frame::text(two()[1..].to_vec()).compressed()], 1007, "cannot be inflated", corrupt),
        (
            vec![Frame::text(Deflater::new().compress(b"\xff")).compressed()],
            1007,
            "not UTF-8",
            Some("not_utf8"),
        ),
    ] {
        let script = agreed().send_text("1").send_raw(raw(&frames)).expect_close_code(code);
        let (peer, source) = in_memory([script], deflate(json!({})));
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1"]);
        let message = told.error().to_string();
        assert!(message.contains(": protocol violation: ") && message.contains(why), "{message}");
        assert_eq!(told.error().kind(), ErrorKind::Protocol);
        let hint = told.error().hint().unwrap();
        assert_eq!(hint.contains("compression: none"), lost == corrupt, "{hint}");
        let lost: Vec<_> = lost.map(|reason| (reason, 1)).into_iter().collect();
        assert_eq!(told.counters.skipped, skipped(&lost), "{message}");
        peer.finish().await;
    }
}

/// Frames of a message that inflates to `times` megabytes, in a thousandth of that.
fn bomb(times: usize) -> Frame {
    let mut megabyte = Deflater::new().compress(vec![b' '; 1 << 20]);
    // With its tail it is whole, so that it can be repeated.
    megabyte.extend_from_slice(&[0, 0, 0xff, 0xff]);
    let payload = megabyte.repeat(times);
    Frame::text(payload[..payload.len() - 4].to_vec()).compressed()
}

#[tokio::test(start_paused = true)]
async fn a_bomb_is_refused_at_the_limit_and_fatal() {
    let frame = bomb(1024);
    let size = frame.to_bytes().len();
    assert!((1 << 19..3 << 19).contains(&size), "{size}");
    let script = agreed().send_text("1").send_frame(frame).expect_close_code(1009);
    let keys = json!({"reconnect": true, "max_message_bytes": "4MiB"});
    let (peer, source) = in_memory([script], deflate(keys));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1"]);
    let error = told.error();
    let why = "a compressed message inflates to more than 4194304 bytes (max_message_bytes)";
    assert_eq!(error.to_string(), format!("WebSocket ws://feed.test/: {why}"));
    assert!(error.hint().unwrap().contains("raise max_message_bytes"), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(told.counters.skipped, skipped(&[("too_large", 1)]));
    assert_eq!(peer.finish().await.len(), 1, "the same feed would send it again");
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_small_on_the_wire_and_large_in_memory_come_one_by_one() {
    // All of them are in the first read, with the Close behind them.
    let frames = || [bomb(3), bomb(3), Frame::text("1"), bomb(3), Frame::text("2")];
    let script = || agreed().early().send_raw(raw(&frames())).send_close(1000, "");
    let keys = json!({"message_format": "raw_string", "max_message_bytes": "3MiB"});
    let (_, source) = in_memory([script()], deflate(keys.clone()));
    let told = run_paused(&source).await;
    let sizes: Vec<usize> = told.texts().iter().map(String::len).collect();
    assert_eq!((sizes, told.ended()), (vec![3 << 20, 3 << 20, 1, 3 << 20, 1], Ended::Closed));
    assert!(told.page_sizes()[0] < 3, "{:?}", told.page_sizes());

    // A run that stops hands over those that were received and not looked at.
    let (_, source) = in_memory([script()], deflate(with(keys, json!({"batch_size": 1}))));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(1)).await;
    assert_eq!(stop(&mut *reader).await.map(|page| page.len()), Some(4));
}
