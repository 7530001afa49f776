//! Nothing is written, and the connection is read all the same.

use std::time::Duration;

use faucet_testkit::{Gate, Script, ScriptedServer, opcode};
use serde_json::json;

use crate::support::{Run, in_memory, numbers, sink, soon};

#[tokio::test]
async fn pings_are_answered_while_nothing_is_written() {
    let gate = Gate::new();
    let script = Script::accept().ping("are you there").expect_pong("are you there").wait(&gate);
    let server = ScriptedServer::start([script]).await;
    let mut run = Run::open(&sink(&server.url(), json!({}))).await;
    soon(server.until(|seen| seen.first().is_some_and(|c| !c.payloads(opcode::PONG).is_empty())))
        .await;
    gate.open();
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[0].texts(), ["record 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_close_is_noticed_at_once_and_the_next_write_connects_after_the_wait() {
    let scripts = [Script::accept().close(1001, "restart"), Script::accept()];
    let (peer, memory, sink) = in_memory(scripts, json!({}));
    let mut run = Run::open(&sink).await;
    // The answer to the Close ends the first connection without anything being written.
    peer.until(|seen| seen.first().is_some_and(|c| c.end.is_some())).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(memory.asked().len(), 1, "nobody wants the connection");
    let begun = tokio::time::Instant::now();
    run.write(numbers(1, 2)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(10), "the wait counts from the loss");
    run.end().await.unwrap();
    assert_eq!(peer.finish().await[1].texts(), ["record 1", "record 2"]);
    assert_eq!((run.own("reconnects"), run.counts().delivered), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_slow_to_hang_up_is_not_dialed_before_there_is_something_to_send() {
    let close = Script::accept().no_close_echo().send_close(1001, "").pause(Duration::from_secs(5));
    let (_, memory, sink) = in_memory([close, Script::accept()], json!({}));
    let mut run = Run::open(&sink).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(memory.asked().len(), 1);
    run.write(numbers(1, 1)).await.unwrap();
    assert_eq!(memory.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn keepalive_pings_go_out_and_a_dead_peer_is_left() {
    let scripts = [Script::accept().expect_ping().no_pongs(), Script::accept()];
    let (peer, _, sink) = in_memory(scripts, json!({"ping_interval": 2, "pong_timeout": 1}));
    let mut run = Run::open(&sink).await;
    let seen = peer.until(|seen| seen.first().is_some_and(|c| c.end.is_some())).await;
    assert_eq!(seen[0].close_code(), Some(3008));
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(peer.finish().await[1].texts(), ["record 1"]);
}

#[tokio::test]
async fn what_the_peer_sends_is_counted_and_dropped() {
    let script =
        Script::accept().repeat(5000, |n| format!("unasked {n}")).ping("p").expect_pong("p");
    let server = ScriptedServer::start([script]).await;
    let mut run = Run::open(&sink(&server.url(), json!({}))).await;
    soon(server.until(|seen| seen.first().is_some_and(|c| !c.payloads(opcode::PONG).is_empty())))
        .await;
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(run.skipped("unexpected_inbound"), 5000);
}
