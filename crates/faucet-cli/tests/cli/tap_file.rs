//! `faucet tap --pipeline`: a source as a pipeline file has it.

use faucet_testkit::{Script, ScriptedServer};
use serde_json::{Value, json};

use crate::support::*;

fn script() -> Script {
    Script::accept()
        .expect_text("sub")
        .send_text(r#"{"data":{"n":1}}"#)
        .send_text("no JSON")
        .send_text(r#"{"data":{"n":2}}"#)
        .send_text(r#"{"data":{"n":3}}"#)
        .expect_close_code(1000)
}

fn keys() -> Value {
    json!({
        "headers": {"X-Key": "k"},
        "subscribe_messages": ["sub"],
        "unwrap": "/data",
        "on_parse_error": "skip",
        "unbounded": true,
    })
}

#[tokio::test]
async fn records_are_shown_as_the_source_reads_them_and_nothing_is_written() {
    let server = ScriptedServer::start([script()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), keys());
    let ran = faucet_ran(["tap", "--pipeline", &file, "-n", "2", "--stats"]).await;
    assert_eq!(ran.succeeded().stdout, "{\"n\":1}\n{\"n\":2}\n");
    assert!(ran.stderr.contains("connected"), "{ran:#?}");
    assert!(ran.stderr.contains("received 2 messages"), "{ran:#?}");
    assert!(!files.path("out.jsonl").exists());
    assert_eq!(server.finish().await[0].header("X-Key"), Some("k"));
}

#[tokio::test]
async fn options_of_the_output_hold_for_records_too() {
    let server = ScriptedServer::start([script()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), keys());
    let recording = files.name("feed.jsonl");
    let set = "source.envelope=true";
    let options = ["--filter", "/data/n=3", "-n", "1", "--record", &recording, "--set", set];
    let ran = faucet_ran(["tap", "--pipeline", &file].iter().chain(&options)).await;
    let shown: Value = ran.succeeded().stdout.parse().unwrap();
    assert_eq!((&shown["data"]["n"], shown["url"].is_string()), (&json!(3), true), "{shown}");
    assert_eq!(files.read("feed.jsonl").lines().count(), 3);
}

#[tokio::test]
async fn one_of_several_sources_is_named() {
    let server = ScriptedServer::start([script()]).await;
    let files = Files::new();
    let mut source = keys();
    source["type"] = "websocket".into();
    source["url"] = server.url().into();
    let other = json!({"type": "jsonl", "path": files.write("b.jsonl", "{\"b\":1}\n")});
    let sink = json!({"type": "jsonl", "path": files.name("out.jsonl"), "from": ["a", "b"]});
    let file = json!({"sources": {"a": source, "b": other}, "sinks": {"all": sink}});
    let file = files.write("pipeline.json", file.to_string());
    let tap = ["tap", "--pipeline", &file];
    faucet_ran(tap).await.failed_with(2, &["several sources: name one of a, b"]);
    let ran = faucet_ran(tap.iter().chain(&["--source", "c"])).await;
    ran.failed_with(2, &["--source: the file has no such source; it has a, b"]);
    let ran = faucet_ran(tap.iter().chain(&["--source", "b"])).await;
    assert_eq!(ran.succeeded().stdout, "{\"b\":1}\n");
    let ran = faucet_ran(tap.iter().chain(&["--source", "a", "-n", "1"])).await;
    assert_eq!(ran.succeeded().stdout, "{\"n\":1}\n");
}

#[tokio::test]
async fn messages_that_the_source_diverts_are_told_and_not_shown() {
    let feed = Script::accept().send_text("no JSON").send_text("1").close(1000, "");
    let server = ScriptedServer::start([feed]).await;
    let files = Files::new();
    let source = json!({
        "type": "websocket", "url": server.url(), "unbounded": true, "on_parse_error": "divert",
        "dead_letter": "bad",
    });
    let out = |name: &str| json!({"type": "jsonl", "path": files.name(name)});
    let mut sinks = json!({"all": out("out.jsonl"), "bad": out("bad.jsonl")});
    sinks["all"]["from"] = "feed".into();
    let file = json!({"sources": {"feed": source}, "sinks": sinks});
    let file = files.write("pipeline.json", file.to_string());
    let ran = faucet_ran(["tap", "--pipeline", &file]).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    assert!(ran.stderr.contains("not what the source takes them for"), "{ran:#?}");
}

#[tokio::test]
async fn errors_keep_the_words_of_the_file() {
    let server = ScriptedServer::start([Script::accept().expect_text("sub").cut()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), keys());
    let ran = faucet_ran(["tap", "--pipeline", &file]).await;
    ran.failed_with(4, &["(1006)", "hint: set reconnect: true"]);
}
