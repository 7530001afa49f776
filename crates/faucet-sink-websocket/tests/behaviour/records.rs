//! One record is one frame.

use bytes::Bytes;
use faucet_core::{ErrorKind, JsonText, MessageKind, Payload, Record, StreamPage, Timestamp};
use faucet_testkit::{Script, ScriptedServer, opcode};
use serde_json::json;

use crate::support::{Run, numbers, page, sink, soon};

fn json_payload(text: &'static str) -> Payload {
    Payload::Json(JsonText::new(Bytes::from_static(text.as_bytes())).unwrap())
}

#[tokio::test]
async fn json_text_and_bytes_pass_through_as_they_are() {
    let odd = "{ \"b\": 2.10,\n\"a\": 101027219534255757415994639 }";
    for (message_type, code) in [("text", opcode::TEXT), ("binary", opcode::BINARY)] {
        let server = ScriptedServer::start([Script::accept()]).await;
        let mut run = Run::open(&sink(&server.url(), json!({"message_type": message_type}))).await;
        let payloads = [
            json_payload(odd),
            Payload::Text("plain, \u{0} and ü".into()),
            Payload::Binary(Bytes::from_static(b"bytes that are text")),
        ];
        run.write(page(payloads)).await.unwrap();
        run.end().await.unwrap();
        let seen = soon(server.finish()).await;
        let got = seen[0].payloads(code);
        let expected = [odd.as_bytes(), "plain, \u{0} and ü".as_bytes(), b"bytes that are text"];
        assert_eq!(got, expected, "{message_type}");
        assert_eq!(run.counts().delivered, 3);
    }
}

#[tokio::test]
async fn each_record_is_sent_as_the_kind_that_its_message_was() {
    let record = |payload| Record::new(payload, Timestamp::from_unix_millis(0));
    let text = || Payload::Text("text".into());
    let bytes = || Payload::Binary(Bytes::from_static(b"bytes"));
    let odd = || Payload::Binary(Bytes::from_static(&[0xff]));
    let page = StreamPage::new(vec![
        record(json_payload("{}")),
        record(text()),
        record(bytes()),
        record(text()).with_message_kind(MessageKind::Binary),
        record(bytes()).with_message_kind(MessageKind::Text),
        record(odd()),
        record(odd()).with_message_kind(MessageKind::Text),
    ]);
    for keys in [json!({}), json!({"message_type": "same"})] {
        let server = ScriptedServer::start([Script::accept()]).await;
        let mut run = Run::open(&sink(&server.url(), keys)).await;
        run.write(page.clone()).await.unwrap();
        run.end().await.unwrap();
        let seen = soon(server.finish()).await;
        assert_eq!(seen[0].texts(), ["{}", "text", "bytes"]);
        assert_eq!(seen[0].payloads(opcode::BINARY), [&b"bytes"[..], b"text", b"\xff", b"\xff"]);
    }
}

#[tokio::test]
async fn binary_takes_any_bytes() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let mut run = Run::open(&sink(&server.url(), json!({"message_type": "binary"}))).await;
    run.write(page([Payload::Binary(Bytes::from_static(&[0xff, 0, 0xfe]))])).await.unwrap();
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    assert_eq!(seen[0].payloads(opcode::BINARY), [&[0xff, 0, 0xfe][..]]);
}

#[tokio::test]
async fn what_may_not_be_sent_is_named_and_nothing_of_its_page_is_sent() {
    let bytes = || Payload::Binary(Bytes::from_static(&[0xff, 0xfe]));
    let text = || Payload::Text("not json".into());
    for (keys, bad, kind, why) in [
        (
            json!({"message_type": "text"}),
            bytes(),
            ErrorKind::Sink,
            "record 7 of 2 bytes is not UTF-8, and message_type is text",
        ),
        (
            json!({"record_format": "text", "message_type": "binary"}),
            bytes(),
            ErrorKind::Sink,
            "record 7 of 2 bytes is not UTF-8, and record_format wants text",
        ),
        (
            json!({"record_format": "json"}),
            text(),
            ErrorKind::Sink,
            "record 7 of 8 bytes is not JSON, and record_format is json",
        ),
        (
            json!({"max_write_buffer_bytes": 7}),
            text(),
            ErrorKind::TooLarge,
            "record 7 of 8 bytes is larger than max_write_buffer_bytes (7)",
        ),
    ] {
        let server = ScriptedServer::start([Script::accept()]).await;
        let mut run = Run::open(&sink(&server.url(), keys)).await;
        run.write(page((0..5).map(|_| json_payload("[1]")))).await.unwrap();
        let error = run.write(page([json_payload("{}"), bad, json_payload("{}")])).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.hint().is_some());
        assert_eq!(error.written(), Some(0));
        run.end().await.unwrap();
        let seen = soon(server.finish()).await;
        assert_eq!(seen[0].texts().len() + seen[0].payloads(opcode::BINARY).len(), 5);
    }
}

#[tokio::test]
async fn text_that_is_json_passes_as_json() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let mut run = Run::open(&sink(&server.url(), json!({"record_format": "json"}))).await;
    run.write(page([Payload::Text("{\"a\": 1}".into())])).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[0].texts(), ["{\"a\": 1}"]);
}

#[tokio::test]
async fn connect_messages_come_first_on_every_connection() {
    let scripts = [Script::accept().expect_data(4).reset(), Script::accept()];
    let server = ScriptedServer::start(scripts).await;
    let keys = crate::support::at_least_once(json!({"connect_messages": [
        "hello", {"type": "binary", "data": "AAE="}]}));
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.write(numbers(1, 2)).await.unwrap();
    run.flush().await.unwrap();
    run.write(numbers(3, 3)).await.unwrap();
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    assert_eq!(seen.len(), 2);
    for connection in &seen {
        assert_eq!(connection.texts()[0], "hello");
        assert_eq!(connection.payloads(opcode::BINARY), [&[0, 1][..]]);
    }
}

#[tokio::test]
async fn a_page_and_its_ping_are_one_write() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let mut run = Run::open(&sink(
        &server.url(),
        json!({"delivery": "at_least_once",
        "max_unconfirmed_records": 1000}),
    ))
    .await;
    run.write(numbers(1, 500)).await.unwrap();
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    let pings = seen[0].payloads(opcode::PING);
    assert_eq!(seen[0].texts().len(), 500);
    // A Ping behind 1, 2, 4, … 64 records, behind each eighth of the window of 1,000, and behind the
    // last record.
    assert_eq!(pings.len(), 7 + (500_usize - 127).div_ceil(1000 / 8));
    let marks: Vec<u64> =
        pings.iter().map(|ping| u64::from_be_bytes(ping[16..24].try_into().unwrap())).collect();
    assert_eq!(marks.last(), Some(&500));
    assert!(marks.is_sorted(), "{marks:?}");
    assert!(pings.iter().all(|ping| ping[..8] == pings[0][..8]), "one token for the run");
}
