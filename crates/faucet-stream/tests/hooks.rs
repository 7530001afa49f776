//! The examples of hooks, against servers that mind what they get.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ciborium::Value;
use ciborium::value::Integer;
use faucet_stream::{ErrorKind, JsonlSinkConfig, Report, SinkConfig, WebsocketSource, run_until};
use faucet_testkit::{Script, ScriptedServer};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;

#[expect(dead_code, reason = "an example has a main of its own")]
#[path = "../examples/challenge.rs"]
mod challenge;
#[expect(dead_code, reason = "an example has a main of its own")]
#[path = "../examples/firehose.rs"]
mod firehose;

/// A message of the firehose.
fn message(header: &[(&str, Value)], body: &[(&str, Value)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for map in [header, body] {
        let map = map.iter().map(|(key, value)| (Value::Text((*key).to_owned()), value.clone()));
        ciborium::into_writer(&Value::Map(map.collect()), &mut bytes).unwrap();
    }
    bytes
}

fn number(number: i64) -> Value {
    Value::Integer(Integer::from(number))
}

/// An event with a link, as those of real relays have.
fn commit(seq: i64) -> Vec<u8> {
    let link = Value::Tag(42, Box::new(Value::Bytes(vec![0, 1, 2])));
    let header = [("op", number(1)), ("t", "#commit".into())];
    message(&header, &[("seq", number(seq)), ("commit", link), ("repo", "did:plc:x".into())])
}

fn error(name: &str) -> Vec<u8> {
    message(&[("op", number(-1))], &[("error", name.into())])
}

fn info() -> Vec<u8> {
    message(&[("op", number(1)), ("t", "#info".into())], &[("name", "OutdatedCursor".into())])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_firehose_goes_on_behind_its_last_event() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.jsonl");
    let path = path.to_str().unwrap();
    let events = |all: &[i64]| {
        all.iter().fold(Script::accept(), |script, seq| script.send_binary(commit(*seq)))
    };
    let server = ScriptedServer::start([
        events(&[1, 2]).send_binary(info()).send_binary(error("ConsumerTooSlow")).expect_close(),
        events(&[3]).send_binary(error("Odd")).expect_close(),
        events(&[4]).send_binary(error("Odd")).expect_close(),
    ])
    .await;
    for _ in 0..2 {
        let source = firehose::firehose(&server.url()).unwrap();
        let failed = firehose::record(source, path, std::future::pending()).await.unwrap_err();
        // The rule for other errors is the third one.
        assert!(failed.to_string().contains("control[2] ends the run"), "{failed}");
    }
    let asked: Vec<String> =
        server.connections().iter().map(|seen| seen.path().to_owned()).collect();
    assert_eq!(asked, ["/", "/?cursor=2", "/?cursor=3"]);
    let expected: Vec<Vec<u8>> = (1..=4).map(commit).collect();
    let written = fs::read_to_string(path).unwrap();
    let found: Vec<Vec<u8>> = written
        .lines()
        .map(|line| BASE64_STANDARD.decode(serde_json::from_str::<String>(line).unwrap()).unwrap())
        .collect();
    assert_eq!(found, expected);
}

/// A run of the source of the other example.
async fn run(source: WebsocketSource) -> (Report, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.jsonl");
    let sink = JsonlSinkConfig::new(path.to_str().unwrap()).build().unwrap();
    let report = run_until(source, sink, std::future::pending()).await;
    (report, fs::read_to_string(&path).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_logs_in_and_the_configuration_subscribes() {
    let asks = |nonce: &str| {
        let challenge = json!({"type": "challenge", "nonce": nonce}).to_string();
        Script::accept().send_text(challenge).next_json(json!({"/type": "login"}))
    };
    let server = ScriptedServer::start([
        asks("n-1")
            .send_text(r#"{"type":"welcome"}"#)
            .next_json(json!({"/type": "subscribe", "/topics/0": "trades"}))
            .send_text(r#"{"type":"subscribed"}"#)
            .send_text(r#"{"data":{"price":1.50}}"#)
            .close(1012, "restart"),
        asks("n-2")
            .reply_json(json!({"type": "denied", "why": "no credit for {/signature}"}))
            .expect_close(),
        asks("n-3")
            .reply_json(json!({"type": "denied", "why": "no credit for {/signature}"}))
            .expect_close(),
    ])
    .await;
    let source = challenge::trades(&server.url(), challenge::Wallet::new().unwrap()).unwrap();
    let (report, written) = run(source).await;
    assert_eq!(written, "{\"price\":1.50}\n");
    let failed = report.into_result().unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Auth);
    assert!(failed.to_string().contains("\"no credit for ***\""), "{failed}");
    for (connection, nonce) in ["n-1", "n-2", "n-3"].into_iter().enumerate() {
        let login = &server.json_messages(connection)[0];
        let bytes = |name: &str| BASE64_STANDARD.decode(login[name].as_str().unwrap()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, bytes("address"));
        key.verify(nonce.as_bytes(), &bytes("signature")).unwrap();
    }
}
