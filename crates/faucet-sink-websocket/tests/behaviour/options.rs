//! The option map, and what its defaults do.

use std::collections::HashMap;

use faucet_core::{Payload, Registry, Sink};
use faucet_sink_websocket::{WebsocketSink, WebsocketSinkFactory};
use faucet_testkit::{Script, ScriptedServer, opcode};

use crate::support::{Run, numbers, page, soon};

fn options(url: &str, more: &[(&str, &str)]) -> HashMap<String, String> {
    let all = [("websocket.url", url)].into_iter().chain(more.iter().copied());
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn made(url: &str, more: &[(&str, &str)]) -> WebsocketSink {
    WebsocketSinkFactory.create_initialized(&options(url, more)).unwrap()
}

/// The waits in milliseconds before the connects of a sink whose peer is gone for good.
async fn waits(more: &[(&str, &str)]) -> (Vec<u128>, String) {
    let (peer, memory) = crate::support::memory([Script::accept().hang_up().then_refuse()]);
    let sink = made("ws://sink.test/", more).with_dial(memory.clone());
    let mut run = Run::open(&sink).await;
    crate::support::gone(&peer).await;
    let error = run.write_page(numbers(1, 1)).await.unwrap_err();
    let asked = memory.asked();
    let waits = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    (waits, error.to_string())
}

#[tokio::test(start_paused = true)]
async fn the_waits_are_those_of_the_document_and_there_are_exactly_n_connects() {
    assert_eq!(waits(&[]).await.0, [1000, 2000, 4000]);
    let documented = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    assert_eq!(waits(&[("websocket.reconnect.max.attempts", "7")]).await.0, documented);
    let faster = [
        ("websocket.reconnect.delay.ms", "10"),
        ("websocket.reconnect.max.delay.ms", "25"),
        ("websocket.reconnect.max.attempts", "4"),
    ];
    assert_eq!(waits(&faster).await.0, [10, 20, 25, 25]);
    let (waits, error) = waits(&[("websocket.reconnect", "false")]).await;
    assert!(waits.is_empty() && error.contains("not connected and reconnect is disabled"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_not_given_follows_the_one_that_is() {
    assert_eq!(waits(&[("websocket.reconnect.delay.ms", "45000")]).await.0, [45_000; 3]);
    assert_eq!(waits(&[("websocket.reconnect.max.delay.ms", "200")]).await.0, [200; 3]);
    let both =
        [("websocket.reconnect.delay.ms", "500"), ("websocket.reconnect.max.delay.ms", "400")];
    let options = options("ws://h/", &both);
    let error = WebsocketSinkFactory.create_initialized(&options).unwrap_err().to_string();
    let below = "out of range, below websocket.reconnect.delay.ms";
    assert_eq!(error, format!("websocket.reconnect.max.delay.ms: {below}"));
}

#[tokio::test(start_paused = true)]
async fn minus_one_is_unlimited() {
    let refusals = (0..50).map(|_| Script::reject(503));
    let scripts =
        [Script::accept().hang_up()].into_iter().chain(refusals).chain([Script::accept()]);
    let (peer, memory) = crate::support::memory(scripts);
    let more = [("websocket.reconnect.max.attempts", "-1")];
    let mut run = Run::open(&made("ws://sink.test/", &more).with_dial(memory.clone())).await;
    crate::support::gone(&peer).await;
    run.write_page(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(memory.asked().len(), 52);
}

#[tokio::test]
async fn message_type_headers_subprotocol_and_typed_keys_reach_the_server() {
    let server = ScriptedServer::start([Script::accept().subprotocol("v1.json")]).await;
    let more = [
        ("websocket.message.type", "BINARY"),
        ("websocket.headers.Authorization", "Bearer t"),
        ("websocket.subprotocol", "v1.json"),
        ("websocket.connect_messages", "[\"hello\"]"),
        ("websocket.delivery", "AT_LEAST_ONCE"),
        ("websocket.compression", "deflate"),
        ("type", "sink"),
        ("extension", "websocket"),
    ];
    let mut run = Run::open(&made(&server.url(), &more)).await;
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    assert_eq!(seen[0].header("authorization"), Some("Bearer t"));
    assert_eq!(seen[0].header("sec-websocket-protocol"), Some("v1.json"));
    assert!(seen[0].header("sec-websocket-extensions").is_some());
    assert_eq!(seen[0].texts(), ["hello"]);
    assert_eq!(seen[0].payloads(opcode::BINARY), [&b"record 1"[..]]);
}

#[tokio::test]
async fn format_says_what_a_record_must_be() {
    let bytes = || Payload::Binary(bytes::Bytes::from_static(&[0xff]));
    let text = || Payload::Text("plain".into());
    for (format, payload, accepted) in [
        ("json", text(), false),
        ("text", text(), true),
        ("text", bytes(), false),
        ("bytes", bytes(), true),
    ] {
        let server = ScriptedServer::start([Script::accept()]).await;
        let more = [("format", format), ("websocket.message.type", "binary")];
        let mut run = Run::open(&made(&server.url(), &more)).await;
        assert_eq!(run.write(page([payload])).await.is_ok(), accepted, "{format}");
    }
}

#[tokio::test]
async fn connectivity_is_validated_and_text_is_the_default() {
    let server = ScriptedServer::start([Script::accept(), Script::accept()]).await;
    let sink = made(&server.url(), &[]);
    sink.validate_connectivity().await.unwrap();
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[1].texts(), ["record 1"]);
    let nobody = format!("ws://{}/", faucet_testkit::refused_address().await);
    let error = made(&nobody, &[]).validate_connectivity().await.unwrap_err();
    assert!(error.to_string().ends_with(": Connection refused"), "{error}");
}

#[test]
fn options_of_other_engines_say_what_to_use() {
    for (name, option) in [
        ("error.handling", "websocket.reconnect.max.attempts"),
        ("sink.delivery-guarantee", "websocket.delivery"),
        ("init.message", "websocket.connect_messages"),
        ("buffer.size", "websocket.max_write_buffer_bytes"),
        ("frame.type", "websocket.message.type"),
        ("endpoint", "websocket.url"),
        ("encode", "format"),
    ] {
        let options = options("ws://h/", &[(name, "5")]);
        let error = WebsocketSinkFactory.create_initialized(&options).unwrap_err();
        assert_eq!(error.to_string(), format!("{name}: use `{option}`"));
        assert_eq!(error.hint(), None);
    }
    let options = options("ws://h/", &[("sink.parallelism", "5")]);
    let error = WebsocketSinkFactory.create_initialized(&options).unwrap_err().to_string();
    assert_eq!(error, "sink.parallelism: leave it out: no option here does the same");
}

#[test]
fn what_is_wrong_is_reported_by_the_name_of_the_option() {
    for (name, value, why) in [
        ("websocket.mesage.type", "text", "did you mean `websocket.message.type`?"),
        (
            "websocket.message.type",
            "json",
            "websocket.message.type: not understood, expected text, binary or same",
        ),
        ("websocket.reconnect.max.attempts", "-3", "expected a whole number, or -1 for unlimited"),
        ("websocket.unbounded", "true", "websocket.unbounded: unknown key"),
        ("format", "csv", "format: not understood, expected json, text or bytes"),
        ("type", "source", "type: not understood, expected `sink`"),
        ("websocket.delivery", "exactly", "websocket.delivery: unknown value"),
        ("websocket.compression", "gzip", "websocket.compression: unknown value"),
    ] {
        let options = options("ws://h/", &[(name, value)]);
        let error = WebsocketSinkFactory.create_initialized(&options).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
    let mut registry = Registry::new();
    faucet_sink_websocket::register(&mut registry).unwrap();
    let sink = registry.sinks.build_from_options("websocket", &options("ws://h/x", &[])).unwrap();
    assert_eq!(sink.info().target, "ws://h/x");
}
