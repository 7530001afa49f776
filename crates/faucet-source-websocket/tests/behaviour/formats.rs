//! The formats that messages are taken as.

use faucet_core::{Ended, ErrorKind, MessageKind, Payload, Scope, Source, Timestamp};
use faucet_testkit::{Frame, Script};
use serde_json::json;

use crate::support::*;

/// Messages that are no JSON, with the beginning of the reason.
fn not_json() -> Vec<(Frame, String)> {
    let text = |text: &str| Frame::text(text.to_owned());
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    [
        (text(""), "EOF while parsing at byte 0: \"\""),
        (text(" \n"), "EOF while parsing at byte 2: \" \\n\""),
        (text("{\"a\":1"), "EOF while parsing at byte 6"),
        (text("{} x"), "trailing characters at byte 3"),
        (text("[NaN]"), "expected a JSON value at byte 1"),
        (text("\u{feff}{}"), "expected a JSON value at byte 0"),
        (text("\"a\nb\""), "control character in a string at byte 2"),
        (text("\"a\0b\""), "control character in a string at byte 2"),
        (text(r#""\ud800""#), "lone surrogate in a string at byte 7"),
        (text(&deep(128)), "recursion limit exceeded at byte 127"),
        (text(&deep(100_000)), "recursion limit exceeded at byte 127"),
        (Frame::binary(&b"\x1f\x8b\x08\0"[..]), "invalid UTF-8 at byte 1"),
        (text("\"\x1b[31m"), "control character in a string at byte 1: \"\\\"\\u{1b}[31m\""),
    ]
    .map(|(frame, why)| (frame, why.to_owned()))
    .into()
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_json_ends_the_run_after_what_came_before() {
    for (frame, why) in not_json() {
        let script = Script::accept().send_text("1").send_frame(frame).send_text("3");
        let (peer, source) = in_memory([script], json!({"reconnect": true}));
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1"]);
        let message = told.error().to_string();
        let begin = format!("message 2 is not JSON: {why}");
        assert!(message.starts_with(&begin), "{message}");
        assert!(!format!("{:?}", told.error()).chars().any(char::is_control), "{message}");
        assert_eq!(told.error().kind(), ErrorKind::Decode);
        let connections = peer.until(|all| all[0].end.is_some()).await;
        assert_eq!(connections.len(), 1, "never retried");
        assert!(connections[0].close().is_some(), "but with a close handshake");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_not_json_can_be_skipped_and_are_counted() {
    let bad = not_json();
    let mut script = Script::accept().send_text("1");
    for (frame, _) in &bad {
        script = script.send_frame(frame.clone());
    }
    let script = script.send_text("2").close(1000, "");
    let (_, source) = in_memory([script], json!({"on_parse_error": "skip"}));
    let told = run_paused(&source).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".into(), "2".into()], Ended::Closed));
    assert_eq!(told.counters.skipped, skipped(&[("parse_error", bad.len() as u64)]));
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_not_json_can_be_diverted_as_they_came_in() {
    let bad = not_json();
    let mut script = Script::accept().send_text("1");
    for (frame, _) in &bad {
        script = script.send_frame(frame.clone());
    }
    let script = script.send_text("2").close(1000, "");
    let (_, source) = in_memory([script], json!({"on_parse_error": "divert"}));
    assert!(source.info().diverts);
    let told = run_with(&source, &Scope::default().with_dead_letter()).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".into(), "2".into()], Ended::Closed));
    assert_eq!(told.counters.skipped, skipped(&[]));
    let rejected: Vec<_> = told.pages.into_iter().flat_map(|mut p| p.take_rejected()).collect();
    assert_eq!(rejected.len(), bad.len());
    for ((rejected, (frame, why)), number) in rejected.into_iter().zip(bad).zip(2..) {
        let begin = format!("message {number} is not JSON: {why}");
        assert!(rejected.reason.starts_with(&begin), "{}", rejected.reason);
        let kind = match rejected.record.payload() {
            Payload::Text(_) => MessageKind::Text,
            Payload::Binary(_) => MessageKind::Binary,
            other => panic!("{other:?}"),
        };
        assert_eq!(rejected.record.message_kind(), Some(kind));
        let sent = frame.to_bytes();
        assert!(sent.ends_with(rejected.record.payload().as_bytes()));
    }
}

#[tokio::test(start_paused = true)]
async fn to_divert_needs_a_dead_letter_before_anything_is_connected() {
    let (peer, source) = in_memory([Script::accept()], json!({"on_parse_error": "divert"}));
    let error = source.open(&Scope::default()).await.err().unwrap();
    let paths: Vec<String> = error.problems().iter().map(|p| p.path.to_string()).collect();
    assert_eq!((error.kind(), paths), (ErrorKind::Config, vec!["dead_letter".to_owned()]));
    assert!(error.hint().unwrap().contains("on_parse_error: divert"), "{error:?}");
    assert!(peer.connections().is_empty());
    let (_, source) = in_memory([Script::accept()], json!({}));
    assert!(!source.info().diverts);
}

#[tokio::test(start_paused = true)]
async fn a_record_remembers_the_kind_of_its_message() {
    for format in ["json", "raw_string", "binary"] {
        let script = Script::accept().send_text("1").send_binary("2").close(1000, "");
        let (_, source) = in_memory([script], json!({"message_format": format}));
        let told = run_paused(&source).await;
        let kinds: Vec<_> = told.pages.iter().flatten().map(|r| r.message_kind()).collect();
        assert_eq!(kinds, [Some(MessageKind::Text), Some(MessageKind::Binary)], "{format}");
    }
}

#[tokio::test(start_paused = true)]
async fn json_is_handed_over_byte_for_byte() {
    let deepest = "[".repeat(127) + &"]".repeat(127);
    let texts = [
        r#"{"tradeId":101027219534257557415994639,"ts":1629384000000}"#,
        r#"{"b":2.10,"a":1e400,"c":-0,"d":0.1000000000000000055511151231257827}"#,
        r#"{"z":1,"a":2,"z":3}"#,
        "  [ 1 , 2 ]  ",
        r#""\u0000 \/ \ud83d\ude00""#,
        "null",
        "true",
        "-1.5E+3",
        "[321,[\"5541.2\",\"0.1\"],\"ticker\",\"XBT/USD\"]",
        deepest.as_str(),
    ];
    let mut script = Script::accept();
    for text in texts {
        script = script.send_text(text).send_binary(text);
    }
    let (_, source) = in_memory([script.close(1000, "")], json!({}));
    let told = run_paused(&source).await;
    let expected: Vec<&str> = texts.iter().flat_map(|text| [*text, *text]).collect();
    assert_eq!(told.texts(), expected);
    let records = told.pages.iter().flat_map(|page| page.iter());
    for (record, text) in records.zip(expected) {
        assert_eq!(record.to_record().to_json(), text.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_formats_take_what_is_no_json() {
    for (format, frame, rendered) in [
        ("raw_string", Frame::text(""), "\"\""),
        ("raw_string", Frame::text("{\"a\""), "\"{\\\"a\\\"\""),
        ("raw_string", Frame::text("a\0\x1b[31m\n"), "\"a\\u0000\\u001b[31m\\n\""),
        ("raw_string", Frame::binary("π"), "\"π\""),
        ("binary", Frame::binary(&b"\x1f\x8b\x08\0"[..]), "\"H4sIAA==\""),
        ("binary", Frame::text("abc"), "\"YWJj\""),
        ("binary", Frame::binary(""), "\"\""),
    ] {
        let script = Script::accept().send_frame(frame).close(1000, "");
        let (_, source) = in_memory([script], json!({"message_format": format}));
        let told = run_paused(&source).await;
        let record = told.pages[0].iter().next().unwrap().to_record();
        assert_eq!(String::from_utf8(record.to_json()).unwrap(), rendered, "{format}");
    }
    let script = Script::accept().send_binary(b"a\xff").send_text("b").close(1000, "");
    let keys = json!({"message_format": "raw_string", "on_parse_error": "skip"});
    let (_, source) = in_memory([script], keys);
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["b"]);
    assert_eq!(told.counters.skipped, skipped(&[("parse_error", 1)]));
}

#[tokio::test(start_paused = true)]
async fn an_envelope_tells_when_and_from_where() {
    let before = Timestamp::now();
    let script = Script::accept().send_text("{\"n\": 2.10}").close(1000, "");
    let (_, source) = in_memory([script], json!({"envelope": true}));
    let told = run_paused(&source).await;
    let after = Timestamp::now();
    let record = told.pages[0].iter().next().unwrap().to_record();
    assert!((before..=after).contains(&record.received_at()));
    let millis = record.received_at().as_unix_millis();
    assert_eq!(
        String::from_utf8(record.to_json()).unwrap(),
        format!(
            "{{\"data\":{{\"n\": 2.10}},\"received_at\":{millis},\"url\":\"ws://feed.test/\"}}"
        )
    );
    assert_eq!(record.payload().as_bytes(), b"{\"n\": 2.10}", "the payload stays what it is");
}

#[tokio::test(start_paused = true)]
async fn a_message_is_kept_out_of_errors_where_that_is_asked_for() {
    let logs = Logs::collect();
    for (excerpts, ending) in [(true, ": \"s3cret\""), (false, "at byte 0")] {
        for policy in ["fail", "skip"] {
            let script = Script::accept().send_text("s3cret").close(1000, "");
            let keys = json!({"error_excerpts": excerpts, "on_parse_error": policy});
            let (_, source) = in_memory([script], keys);
            let told = run_paused(&source).await;
            if policy == "fail" {
                let message = told.error().to_string();
                assert!(message.ends_with(ending), "{message}");
            }
        }
        let shown = logs.lines().iter().any(|line| line.contains("s3cret"));
        assert!(shown || !excerpts);
    }
    // Only the run with excerpts has logged it.
    assert_eq!(logs.lines().iter().filter(|line| line.contains("s3cret")).count(), 1);
}
