//! From the 101 to the end: closes, drops, pings, subscriptions.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Frame, Script, ScriptedPeer, ScriptedServer, opcode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, duplex, split};

use crate::support::*;

/// Every code that a server may send, and how often it is answered with a new connection when
/// there never is a record: `MANY` as often as allowed.
const MANY: usize = 5;
const LEGAL: [(u16, usize, ErrorKind); 21] = [
    (1000, MANY, ErrorKind::Closed),
    (1001, MANY, ErrorKind::Closed),
    (1002, 2, ErrorKind::Protocol),
    (1003, 2, ErrorKind::Protocol),
    (1007, 2, ErrorKind::Protocol),
    (1008, 2, ErrorKind::Auth),
    (1009, 2, ErrorKind::Protocol),
    (1010, 2, ErrorKind::Protocol),
    (1011, MANY, ErrorKind::Closed),
    (1012, MANY, ErrorKind::Closed),
    (1013, MANY, ErrorKind::Closed),
    (1014, MANY, ErrorKind::Closed),
    (3000, 2, ErrorKind::Auth),
    (3001, 2, ErrorKind::Closed),
    (3003, 2, ErrorKind::Auth),
    (3008, 2, ErrorKind::Closed),
    (3999, 2, ErrorKind::Closed),
    (4000, 2, ErrorKind::Closed),
    (4004, 2, ErrorKind::Closed),
    (4321, 2, ErrorKind::Closed),
    (4999, 2, ErrorKind::Closed),
];
/// Codes that must not be on the wire.
const ILLEGAL: [u16; 9] = [0, 999, 1004, 1005, 1015, 1016, 2999, 5000, 65535];
/// Codes that may repeat for `reconnect_patience`.
const REPEATED: [u16; 16] =
    [3001, 3008, 3999, 4000, 4004, 4321, 4999, 0, 999, 1004, 1005, 1015, 1016, 2999, 5000, 65535];

#[tokio::test(start_paused = true)]
async fn a_clean_close_ends_the_run_well() {
    let two = Script::accept().send_text("1").send_text("2");
    for (script, echo) in [
        (two.clone().close(1000, ""), Some(1000)),
        (two.clone().close(1000, "so long"), Some(1000)),
        (two.close_no_code(), None),
    ] {
        let (peer, source) = in_memory([script], json!({}));
        let told = run_paused(&source).await;
        assert_eq!((told.texts().len(), told.ended()), (2, Ended::Closed));
        let seen = peer.finish().await.swap_remove(0);
        assert_eq!(seen.close().expect("the Close was answered").0, echo);
        assert!(told.took < ms(100), "the answer to a Close takes {:?}", told.took);
    }
}

#[tokio::test(start_paused = true)]
async fn without_reconnect_any_other_close_ends_it_with_code_and_reason() {
    let legal = LEGAL.iter().map(|(code, _, kind)| (*code, *kind)).filter(|(c, _)| *c != 1000);
    let illegal = ILLEGAL.iter().map(|code| (*code, ErrorKind::Protocol));
    for (code, kind) in legal.chain(illegal).chain([(1006, ErrorKind::Closed)]) {
        let script = Script::accept().send_text("1").send_text("2").close(code, "so long");
        let (_, source) = in_memory([script], json!({}));
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1", "2"], "{code}: what came before is handed over");
        let message = told.error().to_string();
        let violation = if ILLEGAL.contains(&code) { "protocol violation: " } else { "" };
        let begin = format!("WebSocket ws://feed.test/: {violation}closed by the server: {code} ");
        assert!(message.starts_with(&begin), "{message}");
        assert!(message.ends_with(", \"so long\""), "{message}");
        assert_eq!(told.error().kind(), kind, "{code}");
        assert!(told.error().hint().is_some(), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn closes_without_a_record_between_follow_the_retry_table() {
    let illegal = ILLEGAL.iter().map(|code| (*code, 2, ErrorKind::Protocol));
    for (code, connects, kind) in LEGAL.into_iter().chain(illegal) {
        let keys = json!({"reconnect": true, "max_reconnect_attempts": MANY - 1,
            "reconnect_patience": 0.5});
        let (peer, source) = in_memory([Script::accept().close(code, "so long")], keys);
        let told = run_paused(&source).await;
        assert_eq!(peer.connections().len(), connects, "{code}");
        let message = told.error().to_string();
        let end = match connects {
            MANY => " (attempt 4/4)",
            _ if REPEATED.contains(&code) => {
                "; 2 such ends within 1s without a record between (reconnect_patience: 500ms)"
            }
            _ => "; 2 such ends within 1s without a record between",
        };
        let key = if connects == MANY { "max_reconnect_attempts" } else { "reconnect_patience" };
        assert!(told.error().hint().unwrap().contains(key), "{:?}", told.error());
        assert!(message.contains(&code.to_string()) && message.ends_with(end), "{message}");
        assert_eq!(told.error().kind(), kind, "{code}");
        assert_eq!(told.reconnects(), connects as u64 - 1);
    }
}

#[tokio::test(start_paused = true)]
async fn with_reconnect_and_records_between_no_close_is_the_end() {
    for code in LEGAL.iter().map(|(code, ..)| *code).chain(ILLEGAL) {
        let keys = json!({"reconnect": true, "max_messages": 5, "max_reconnect_attempts": 1});
        let closing = Script::accept().send_text("1").close(code, "");
        // A refusal behind the last record would be the error of the run.
        let scripts = vec![closing; 4].into_iter().chain([Script::accept().send_text("1")]);
        let (peer, source) = in_memory(scripts, keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts().len(), told.ended()), (5, Ended::MaxRecords), "{code}");
        assert_eq!((peer.connections().len(), told.reconnects()), (5, 4), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn closes_are_echoed_and_illegal_ones_answered_with_1002() {
    let legal = LEGAL.iter().map(|(code, ..)| (*code, *code));
    let illegal = ILLEGAL.iter().map(|code| (*code, 1002));
    for (code, answer) in legal.chain(illegal).chain([(1006, 1002)]) {
        let (peer, source) = in_memory([Script::accept().close(code, "")], json!({}));
        run_paused(&source).await;
        assert_eq!(peer.finish().await[0].close_code(), Some(answer), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_different_refusals_in_a_row_are_both_named() {
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::accept().close(1008, "who are you?"),
        Script::reject(401),
    ];
    let (peer, source) = in_memory(scripts, json!({"reconnect": true}));
    let told = run_paused(&source).await;
    assert_eq!(
        told.error().to_string(),
        "Failed to connect to WebSocket ws://feed.test/: 401 Unauthorized; 2 such ends within 1s \
         without a record between; the one before: WebSocket ws://feed.test/: closed by the \
         server: 1008 policy violation, \"who are you?\""
    );
    assert_eq!(peer.connections().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_comes_behind_a_close_does_not_exist() {
    for (frames, expected) in [
        (vec![Frame::close(1000, ""), Frame::text("late")], Ok(Ended::Closed)),
        (vec![Frame::close(1000, "bye"), Frame::close(4000, "late")], Ok(Ended::Closed)),
        (vec![Frame::new(opcode::CLOSE, ""), Frame::close(4000, "late")], Ok(Ended::Closed)),
        (
            vec![Frame::close(4000, "a"), Frame::close(1000, "b"), Frame::text("late")],
            Err("WebSocket ws://feed.test/: closed by the server: 4000 application, \"a\""),
        ),
    ] {
        let script = Script::accept().early().send_text("1").send_raw(raw(&frames)).hang_up();
        let (_, source) = in_memory([script], json!({}));
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1"]);
        let end = told.end.map_err(|error| error.to_string());
        assert_eq!(end, expected.map_err(str::to_owned));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_without_a_close_is_a_drop() {
    let script = Script::accept().send_text("1").send_text("2").hang_up();
    let (_, source) = in_memory([script.clone()], json!({}));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1", "2"]);
    let error = told.error();
    assert_eq!(
        error.to_string(),
        "WebSocket ws://feed.test/: connection lost without a Close frame (1006)"
    );
    assert!(error.hint().unwrap().contains("reconnect: true"), "{error:?}");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Closed, true));

    let (_, source) = in_memory([script], json!({"reconnect": true, "max_messages": 5}));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1", "2", "1", "2", "1"]);
    assert_eq!(told.reconnects(), 2);
}

#[tokio::test]
async fn a_reset_connection_is_a_drop_and_loses_nothing() {
    // The Pong proves that the records have been read: a reset takes back what has not.
    let script = Script::accept().send_text("1").send_text("2").ping("?").expect_pong("?").reset();
    let server = ScriptedServer::start([script]).await;
    let told = run(&source(&server.url(), json!({}))).await;
    assert_eq!(told.texts(), ["1", "2"]);
    let message = told.error().to_string();
    assert!(message.contains("connection lost without a Close frame"), "{message}");
    assert_eq!(told.error().kind(), ErrorKind::Closed);

    let told = run(&source(&server.url(), reconnecting(json!({"max_messages": 5})))).await;
    assert_eq!(told.texts(), ["1", "2", "1", "2", "1"]);
    assert_eq!(told.reconnects(), 2);
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_discarded_and_counted() {
    let whole = Frame::text("\"a longer message of many words\"");
    let bytes = whole.to_bytes();
    let fragments = raw(&[
        Frame::text("\"a").not_final(),
        Frame::new(opcode::PING, ""),
        Frame::continuation("b").not_final(),
    ]);
    for (half, what) in [
        (bytes[..1].to_vec(), "half a header"),
        (bytes[..2].to_vec(), "a header alone"),
        (bytes[..bytes.len() - 1].to_vec(), "all but a byte"),
        (fragments, "two fragments"),
        (Frame::text(vec![b'x'; 200]).to_bytes()[..3].to_vec(), "half a long header"),
    ] {
        let scripts = [
            Script::accept().send_text("1").send_raw(half).hang_up(),
            Script::accept().send_text("2").close(1000, ""),
        ];
        let (_, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 2}));
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1", "2"], "{what}");
        assert_eq!(told.counters.skipped, skipped(&[("partial_frame", 1)]), "{what}");
    }
}

/// Cuts the first connection after this many bytes from the peer.
struct Cut {
    peer: Arc<ScriptedPeer>,
    after: Mutex<Option<u64>>,
}

#[async_trait]
impl Dial for Cut {
    async fn dial(&self, to: &Destination, _: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        let stream = self.peer.connect().map_err(|_| refused(to))?;
        let Some(after) = self.after.lock().unwrap().take() else { return Ok(Box::new(stream)) };
        let (near, ours) = duplex(1 << 16);
        let (mut from_near, mut to_near) = split(ours);
        let (from_far, mut to_far) = split(stream);
        tokio::spawn(async move { copy(&mut from_near, &mut to_far).await });
        tokio::spawn(async move {
            copy(&mut from_far.take(after), &mut to_near).await?;
            to_near.shutdown().await
        });
        Ok(Box::new(near))
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_after_any_byte_loses_no_whole_message() {
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        .len();
    let messages = [
        vec![Frame::text("1")],
        vec![Frame::new(opcode::PING, "?"), Frame::binary(format!("\"{:0>200}\"", 2))],
        vec![
            Frame::text("\"th").not_final(),
            Frame::new(opcode::PING, ""),
            Frame::continuation("ree\""),
        ],
        vec![Frame::text("4").wide_length()],
    ]
    .map(|frames| raw(&frames));
    let script = messages.iter().fold(Script::accept(), |s, bytes| s.send_raw(bytes.clone()));
    let all = ["1".to_owned(), format!("\"{:0>200}\"", 2), "\"three\"".into(), "4".into()];
    let ends: Vec<usize> = messages
        .iter()
        .scan(head, |end, bytes| {
            *end += bytes.len();
            Some(*end)
        })
        .collect();
    for after in 0..=ends[3] {
        let peer = Arc::new(ScriptedPeer::new([script.clone()]));
        let dial = Cut { peer: peer.clone(), after: Mutex::new(Some(after as u64)) };
        let whole = ends.iter().filter(|end| **end <= after).count();
        let keys = json!({"reconnect": true, "max_messages": whole + 4});
        let told = run_paused(&source("ws://feed.test/", keys).with_dial(Arc::new(dial))).await;
        let expected: Vec<String> = all[..whole].iter().chain(&all).cloned().collect();
        assert_eq!(told.texts(), expected, "cut after {after} bytes");
        assert_eq!((peer.connections().len(), told.ended()), (2, Ended::MaxRecords));
        let partial: u64 = told.counters.skipped.values().sum();
        // A Ping in front of a message is no part of it, whole or not.
        let in_ping = (ends[0]..=ends[0] + 3).contains(&after);
        let between = after <= head || ends.contains(&after) || in_ping;
        assert_eq!(partial, u64::from(!between), "cut after {after} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_with_their_payload_also_inside_a_message() {
    let longest = [0xff; 125];
    let script = Script::accept()
        .ping(longest)
        .expect_pong(longest)
        .ping("")
        .expect_pong("")
        .send_fragments(opcode::TEXT, &["\"a", "b", "c\""], Some(b"mid\0"))
        .expect_pong("mid\0")
        .send_text("2")
        .close(1000, "");
    let (peer, source) = in_memory([script], json!({}));
    assert_eq!(run_paused(&source).await.texts(), ["\"abc\"", "2"]);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn data_flows_behind_a_flood_of_pings() {
    let flood = Frame::new(opcode::PING, "again").to_bytes().repeat(100_000);
    let script = Script::accept()
        .send_text("1")
        .send_raw(flood)
        .ping("last")
        .send_text("2")
        .expect_pong("last")
        .close(1000, "");
    let (peer, source) = in_memory([script], json!({}));
    assert_eq!(run_paused(&source).await.texts(), ["1", "2"]);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn every_connect_subscribes_in_order() {
    let script = Script::accept()
        .expect_text("a")
        .expect_binary([0, 255])
        .expect_text("c")
        .send_text("1")
        .hang_up();
    let keys = json!({"reconnect": true, "max_messages": 3,
        "subscribe_messages": ["a", {"type": "binary", "data": "AP8="},
            {"type": "text", "data": "c"}]});
    let (peer, source) = in_memory([script], keys);
    let told = run_paused(&source).await;
    assert_eq!((told.texts().len(), told.reconnects()), (3, 2));
    for seen in peer.finish().await {
        assert_eq!(seen.texts(), ["a", "c"]);
        assert_eq!(seen.payloads(opcode::BINARY), [&[0, 255][..]]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_subscription_is_sent_while_records_come_in() {
    let large = "x".repeat(1 << 20);
    let script = Script::accept()
        .send_text("1")
        .expect_text(large.clone())
        .expect_text("b")
        .send_text("2")
        .close(1000, "");
    let (peer, source) = in_memory([script], json!({"subscribe_messages": [large, "b"]}));
    assert_eq!(run_paused(&source).await.texts(), ["1", "2"]);
    peer.finish().await;
}

#[tokio::test]
async fn max_messages_is_exact_inside_a_burst_and_closes_with_1000() {
    for (max, batch, pages) in
        [(100, 30, vec![30, 30, 30, 10]), (100, 50, vec![50, 50]), (1, 1000, vec![1])]
    {
        let script = Script::accept().repeat(10_000, |i| i.to_string());
        let server = ScriptedServer::start([script]).await;
        let keys = json!({"max_messages": max, "batch_size": batch});
        let told = run(&source(&server.url(), keys)).await;
        assert_eq!(told.page_sizes(), pages);
        let expected: Vec<String> = (0..max).map(|i: u32| i.to_string()).collect();
        assert_eq!((told.texts(), told.ended()), (expected, Ended::MaxRecords));
        let seen = server.until(|all| all[0].end.is_some()).await.swap_remove(0);
        assert_eq!(seen.close_code(), Some(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn words_of_the_peer_are_escaped_in_errors_and_logs() {
    let logs = Logs::collect();
    let reason = "\x1b[31mred\r\nINFO forged";
    let (_, source) = in_memory([Script::accept().close(4000, reason)], json!({"reconnect": true}));
    let told = run_paused(&source).await;
    let shown = format!("{:?}", told.error());
    assert!(shown.contains("\\u{1b}[31mred\\r\\nINFO forged"), "{shown}");
    let lines = logs.lines();
    assert!(lines.iter().any(|line| line.contains("red")), "{lines:?}");
    for text in lines.iter().chain([&shown]) {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_records_between_two_gaps_are_one_page_when_asked_for() {
    let script = Script::accept().send_text("1").send_text("2").pause(secs(5)).hang_up();
    let keys = json!({"batch_size": 0, "reconnect": true, "max_messages": 5});
    let (_, source) = in_memory([script], keys);
    let told = run_paused(&source).await;
    assert_eq!(told.page_sizes(), [2, 2, 1]);
}

#[tokio::test]
async fn two_runs_of_a_source_do_not_share_anything() {
    let server = ScriptedServer::start([Script::accept().send_text("1").close(1000, "")]).await;
    let source = source(&server.url(), json!({}));
    let (one, other) = tokio::join!(run(&source), run(&source));
    assert_eq!((one.texts(), other.texts()), (vec!["1".to_owned()], vec!["1".to_owned()]));
    assert_eq!(server.finish().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_instead_of_the_answer_to_our_close_is_the_error_of_the_run() {
    for (code, refused) in [(1000, false), (1001, false), (1008, true), (3000, true), (4401, true)]
    {
        for keys in [json!({"max_messages": 1}), json!({"idle_timeout": 5})] {
            let script = Script::accept()
                .no_close_echo()
                .send_text("1")
                .expect_close()
                .send_close(code, "not you")
                .hang_up();
            let (_, source) = in_memory([script], keys.clone());
            let mut reader = open(&source).await;
            page_within(&mut *reader, secs(1)).await;
            assert!(is_end(&reader.next_page().await.unwrap()), "{code} {keys}");
            let closed = reader.close().await.map_err(|error| error.to_string());
            let message = "WebSocket ws://feed.test/: closed by the server: ";
            let failed = closed.as_ref().is_err_and(|error| error.starts_with(message));
            assert_eq!((failed, closed.is_err()), (refused, refused), "{code} {keys}: {closed:?}");
        }
    }
}
