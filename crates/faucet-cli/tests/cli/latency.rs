//! A quiet feed: its records do not wait for a page to be full.

use std::time::Duration;

use faucet_testkit::{Gate, Script, ScriptedServer};
use serde_json::json;

use crate::support::*;

/// A second for the page and two for a busy machine.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn each_record_of_a_slow_feed_is_in_the_file_within_about_a_second() {
    let gates = [Gate::new(), Gate::new()];
    let script = Script::accept()
        .send_text("1")
        .wait(&gates[0])
        .send_text("2")
        .send_text("3")
        .wait(&gates[1])
        .send_text("4");
    let server = ScriptedServer::start([script]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"max_messages": 5}));
    let running = Running::start(&mut faucet(["run", &file]));
    soon("a connection", gates[0].reached()).await;
    files.until("out.jsonl", SOON, |text| text == "1\n").await;
    gates[0].open();
    files.until("out.jsonl", SOON, |text| text == "1\n2\n3\n").await;
    gates[1].open();
    files.until("out.jsonl", SOON, |text| text == "1\n2\n3\n4\n").await;
    drop(running);
}

#[tokio::test]
async fn a_terminal_shows_a_message_at_once() {
    let gate = Gate::new();
    let script = Script::accept().send_text("1").wait(&gate).send_text("2").close(1000, "");
    let server = ScriptedServer::start([script]).await;
    let mut tap = Running::start(&mut faucet(["tap", &server.url()]));
    let stdout = tap.stdout.as_mut().unwrap();
    assert_eq!(stdout.until("the first message", |text| text.ends_with('\n')).await, "1\n");
    gate.open();
    assert_eq!(tap.ended().await.succeeded().stdout, "1\n2\n");
}
