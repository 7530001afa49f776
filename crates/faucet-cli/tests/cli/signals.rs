//! Ctrl-C and SIGTERM end a run in time whatever it is doing.

use std::time::{Duration, Instant};

use faucet_testkit::{Script, ScriptedServer, Seen, opcode, refused_address};
use serde_json::json;
use tokio::net::unix::pipe::{OpenOptions, Receiver};

use crate::reports::report;
use crate::support::*;

/// Two seconds, and what a busy machine needs to notice.
const IN_TIME: Duration = Duration::from_millis(2500);
const SIGNALS: [&str; 2] = ["INT", "TERM"];

/// Sends a signal and waits for the end, which must come in time.
async fn interrupted(running: Running, signal: &str) -> Ran {
    let sent = Instant::now();
    running.signal(signal);
    let ran = running.ended().await;
    let took = sent.elapsed();
    assert!(took < IN_TIME, "{signal}: {took:?}, {ran:#?}");
    ran
}

fn run(files: &Files, file: &str) -> tokio::process::Command {
    faucet(["run", file, "--report", &files.name("report.json")])
}

#[tokio::test]
async fn while_connecting() {
    for signal in SIGNALS {
        let server = ScriptedServer::start([Script::silent()]).await;
        let files = Files::new();
        let file = files.pipeline(&server.url(), json!({"unbounded": true, "connect_timeout": 60}));
        let running = Running::start(&mut run(&files, &file));
        soon("a connect", server.until(|seen| !seen.is_empty())).await;
        let ran = interrupted(running, signal).await;
        assert!(ran.succeeded().stderr.contains("ended: shutdown · 0 records"), "{}", ran.stderr);
        assert_eq!(report(&files)["ended"], "shutdown");
    }
}

#[tokio::test]
async fn while_waiting_to_reconnect() {
    for signal in SIGNALS {
        let files = Files::new();
        let keys = json!({"unbounded": true, "reconnect": true, "reconnect_backoff": 60});
        let file = files.pipeline(&format!("ws://{}/", refused_address().await), keys);
        let mut running = Running::start(&mut run(&files, &file));
        running.stderr.until("a refusal", |text| text.contains("reconnecting")).await;
        interrupted(running, signal).await.succeeded();
        assert_eq!(report(&files)["ended"], "shutdown");
    }
}

#[tokio::test]
async fn in_the_middle_of_a_page() {
    for signal in SIGNALS {
        let numbers = Script::accept().send_text("1").send_text("2").send_text("3");
        let stalls = numbers.ping("all sent").expect_pong("all sent").stall();
        let server = ScriptedServer::start([stalls]).await;
        let files = Files::new();
        let keys = json!({"unbounded": true, "batch_size": 2, "batch_timeout": 60});
        let file = files.pipeline(&server.url(), keys);
        let running = Running::start(&mut run(&files, &file));
        let pong = |seen: &[Seen]| {
            seen.first().is_some_and(|seen| !seen.payloads(opcode::PONG).is_empty())
        };
        soon("the pong", server.until(pong)).await;
        // A source reads before the sinks are open: the first page shows that they are.
        files.until("out.jsonl", PATIENCE, |text| text == "1\n2\n").await;
        let ran = interrupted(running, signal).await;
        let told = &ran.succeeded().stderr;
        assert_eq!(files.read("out.jsonl"), "1\n2\n3\n", "{told}");
        let report = report(&files);
        assert_eq!((&report["ended"], &report["delivered"]), (&json!("shutdown"), &json!(3)));
    }
}

#[tokio::test]
async fn a_feed_that_listens_is_told_goodbye() {
    let server = ScriptedServer::start([Script::accept().send_text("1")]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true, "batch_timeout": "10ms"}));
    let running = Running::start(&mut run(&files, &file));
    files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
    interrupted(running, "INT").await.succeeded();
    assert_eq!(server.finish().await[0].close_code(), Some(1000));
}

#[tokio::test]
async fn with_a_websocket_that_confirms_nothing() {
    let script = Script::accept().send_text("1").send_text("2").send_text("3").stall();
    let feed = ScriptedServer::start([script]).await;
    let peer = ScriptedServer::start([Script::accept().no_pongs()]).await;
    let files = Files::new();
    let sink = json!({"type": "websocket", "url": peer.url(), "delivery": "at_least_once"});
    let keys = json!({"unbounded": true, "batch_timeout": 0.01});
    let file = files.pipeline_to(&feed.url(), keys, sink);
    let running = Running::start(&mut run(&files, &file));
    peer.until(|seen| seen.first().is_some_and(|c| c.texts().len() == 3)).await;
    let ran = interrupted(running, "INT").await;
    let report = report(&files);
    assert_eq!((&report["ended"], &report["unconfirmed"]), (&json!("shutdown"), &json!(3)));
    let words = "ERROR sink: 3 records were sent, but the peer is not known to have read them";
    let told = &ran.succeeded().stderr;
    assert!(told.contains(words) && told.contains("3 unconfirmed"), "{told}");
}

/// A feed of records that a pipe cannot hold.
async fn flood() -> ScriptedServer {
    let script = Script::accept().repeat(u64::MAX, |i| format!("\"{}{i}\"", "x".repeat(1 << 20)));
    ScriptedServer::start([script]).await
}

/// Waits until something is in a pipe that nobody empties: its writer, with more than fits, is then
/// blocked.
async fn blocked(pipe: &Receiver) {
    soon("a full pipe", pipe.readable()).await.unwrap();
}

/// A shutdown is what was asked for; what it cost is counted and told.
#[track_caller]
fn told_what_was_lost(files: &Files, ran: &Ran) {
    let report = report(files);
    assert_eq!((&report["ended"], &report["delivered"]), (&json!("shutdown"), &json!(0)));
    let lost = report["skipped"]["not_written"].as_u64().unwrap();
    let words = format!("ERROR sink: not done in time; not written: {lost} records that had");
    assert!(lost > 0 && ran.succeeded().stderr.contains(&words), "{ran:#?} {report}");
}

#[tokio::test]
async fn with_a_stdout_that_nobody_reads() {
    for signal in SIGNALS {
        let server = flood().await;
        let files = Files::new();
        let sink = json!({"type": "stdout"});
        let file = files.pipeline_to(&server.url(), json!({"unbounded": true}), sink);
        for (mut command, counts) in
            [(run(&files, &file), true), (faucet(["tap", &server.url()]), false)]
        {
            let mut running = Running::start_unheard(&mut command);
            let stdout = running.take_stdout().into_owned_fd().unwrap();
            let stdout = Receiver::from_owned_fd(stdout).unwrap();
            blocked(&stdout).await;
            let ran = interrupted(running, signal).await;
            ran.succeeded();
            if counts {
                told_what_was_lost(&files, &ran);
            }
        }
    }
}

fn fifo(files: &Files) -> String {
    let path = files.name("out.jsonl");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[tokio::test]
async fn with_a_pipe_that_is_open_and_full() {
    let server = flood().await;
    let files = Files::new();
    let reader = OpenOptions::new().open_receiver(fifo(&files)).unwrap();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let running = Running::start(&mut run(&files, &file));
    blocked(&reader).await;
    told_what_was_lost(&files, &interrupted(running, "TERM").await);
    assert_eq!(server.connections()[0].close_code(), Some(1000));
}

#[tokio::test]
async fn with_a_pipe_that_nobody_opens() {
    let server = flood().await;
    let files = Files::new();
    fifo(&files);
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let running = Running::start(&mut run(&files, &file));
    // The feed is dialled while the sink opens.
    soon("a connect", server.until(|seen| !seen.is_empty())).await;
    interrupted(running, "INT").await.succeeded();
    assert_eq!(report(&files)["ended"], "shutdown");
}

#[tokio::test]
async fn the_second_signal_ends_at_once() {
    for (first, second) in [("INT", "INT"), ("TERM", "INT")] {
        let server = flood().await;
        let files = Files::new();
        let reader = OpenOptions::new().open_receiver(fifo(&files)).unwrap();
        let file = files.pipeline(&server.url(), json!({"unbounded": true}));
        let running = Running::start(&mut run(&files, &file));
        blocked(&reader).await;
        running.signal(first);
        let goodbye = |seen: &[Seen]| seen[0].close_code() == Some(1000);
        soon("the first to be heard", server.until(goodbye)).await;
        let sent = Instant::now();
        running.signal(second);
        assert_eq!(running.ended().await.code, Some(130));
        assert!(sent.elapsed() < Duration::from_secs(1), "{:?}", sent.elapsed());
    }
}

#[tokio::test]
async fn the_other_commands_end_as_well() {
    let silent = ScriptedServer::start([Script::silent()]).await;
    let files = Files::new();
    let file = files.pipeline(&silent.url(), json!({"unbounded": true}));
    // A check without an answer must not look like one that passed.
    let commands = [(["tap", &silent.url()], 0), (["check", &file], 130)];
    for (index, (args, code)) in commands.iter().enumerate() {
        let running = Running::start(&mut faucet(args));
        soon("a connect", silent.until(|seen| seen.len() > index)).await;
        assert_eq!(interrupted(running, "INT").await.code, Some(*code), "{args:?}");
    }
    for args in [["feed", "--listen=127.0.0.1:0"], ["demo", "--rate=1"]] {
        let output = files.name("demo.jsonl");
        let mut command = faucet(args);
        if args[0] == "demo" {
            command.args(["--output", &output]);
        }
        let mut running = Running::start(&mut command);
        let ready = |text: &str| text.contains("serving on") || text.contains("connected");
        running.stderr.until("to be ready", ready).await;
        interrupted(running, "TERM").await.succeeded();
    }
}
