//! Signals end a run in time whatever it is doing, or ask how it is.

use std::process::Stdio;
use std::time::{Duration, Instant};

use faucet_testkit::{Gate, Script, ScriptedServer, Seen, opcode, refused_address};
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

/// A command that `sh` prepares and becomes.
fn through_sh(prepare: &str, args: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("sh");
    let become_it = format!("{prepare}; exec \"$0\" \"$@\"");
    command.args(["-c", &become_it, env!("CARGO_BIN_EXE_faucet")]).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// A feed that sends one record, and another once the gate is open.
async fn two_records(gate: &Gate) -> ScriptedServer {
    let script = Script::accept().send_text("1").wait(gate).send_text("2");
    ScriptedServer::start([script]).await
}

#[tokio::test]
async fn quit_and_hang_up_are_polite_ends_too() {
    for signal in ["QUIT", "HUP"] {
        let server = two_records(&Gate::new()).await;
        let files = Files::new();
        let file = files.pipeline(&server.url(), json!({"unbounded": true, "batch_timeout": 0.01}));
        let name = files.name("report.json");
        // The test process may ignore HUP, and its children inherit that.
        let mut command = tokio::process::Command::new("env");
        command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_faucet")]);
        command.args(["run", &file, "--report", &name]).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let running = Running::start(&mut command);
        files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
        interrupted(running, signal).await.succeeded();
        assert_eq!(report(&files)["ended"], "shutdown", "{signal}");
        assert_eq!(server.finish().await[0].close_code(), Some(1000));
    }
}

#[tokio::test]
async fn a_hang_up_that_was_ignored_at_the_start_stays_ignored() {
    let gate = Gate::new();
    let server = two_records(&gate).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true, "batch_timeout": 0.01}));
    let name = files.name("report.json");
    // As `nohup` does.
    let args = ["run", &file, "--report", &name];
    let running = Running::start(&mut through_sh("trap '' HUP", &args));
    files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
    running.signal("HUP");
    gate.open();
    files.until("out.jsonl", PATIENCE, |text| text == "1\n2\n").await;
    interrupted(running, "TERM").await.succeeded();
}

#[tokio::test]
async fn usr1_asks_how_a_run_is_and_ends_nothing() {
    let gate = Gate::new();
    let server = two_records(&gate).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true, "batch_timeout": 0.01}));
    let mut running = Running::start(&mut run(&files, &file));
    files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
    for (asked, records) in [(1, "1 record"), (2, "2 records")] {
        running.signal("USR1");
        let told = format!("running · {records}");
        running.stderr.until("the state", |text| text.contains(&told)).await;
        files.until("report.json", PATIENCE, |text| text.ends_with("}\n")).await;
        let report = report(&files);
        assert_eq!((&report["ended"], &report["records"]), (&json!("running"), &json!(asked)));
        std::fs::remove_file(files.path("report.json")).unwrap();
        gate.open();
        files.until("out.jsonl", PATIENCE, |text| text == "1\n2\n").await;
    }
    interrupted(running, "TERM").await.succeeded();
    assert_eq!(report(&files)["ended"], "shutdown");
}

#[tokio::test]
async fn usr1_lets_the_sinks_look_at_their_files() {
    let gate = Gate::new();
    let server = two_records(&gate).await;
    let files = Files::new();
    let source = json!({"type": "websocket", "url": server.url(), "unbounded": true,
        "batch_timeout": 0.01});
    let sink = json!({"type": "jsonl", "path": files.name("out.jsonl")});
    let pipeline = json!({"source": source, "sink": sink, "flush": {"interval": 3600}});
    let file = files.write("pipeline.json", pipeline.to_string());
    let mut running = Running::start(&mut run(&files, &file));
    files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
    std::fs::remove_file(files.path("out.jsonl")).unwrap();
    running.signal("USR1");
    // No flush has vouched for the record before.
    files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
    running
        .stderr
        .until("a warning", |text| text.contains("out.jsonl: the file was deleted"))
        .await;
    gate.open();
    files.until("out.jsonl", PATIENCE, |text| text == "1\n2\n").await;
    interrupted(running, "TERM").await.succeeded();
}

#[tokio::test]
async fn a_service_manager_is_told_how_the_run_is() {
    let gate = Gate::new();
    let server = two_records(&gate).await;
    let files = Files::new();
    let socket = tokio::net::UnixDatagram::bind(files.path("notify")).unwrap();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let mut command = run(&files, &file);
    command.env("NOTIFY_SOCKET", files.path("notify")).env("WATCHDOG_USEC", "100000");
    let running = Running::start(&mut command);
    let said = async |wanted: &str| {
        let mut all = String::new();
        while !all.contains(wanted) {
            let mut room = [0; 4096];
            let n = soon(wanted, socket.recv(&mut room)).await.unwrap();
            all.push_str(std::str::from_utf8(&room[..n]).unwrap());
        }
    };
    said("READY=1").await;
    said("WATCHDOG=1").await;
    said("STATUS=up · 1 record").await;
    said("WATCHDOG=1").await;
    running.signal("TERM");
    said("STOPPING=1").await;
    running.ended().await.succeeded();
}

/// A run whose log nobody reads: far more lines than pipe and queue hold, then a record; and once the gate is
/// open another record.
async fn unread(gate: &Gate, files: &Files) -> (std::process::Child, ScriptedServer) {
    let loud = |n: u64| format!("no JSON {n} {}", "x".repeat(200));
    let script = Script::accept().repeat(5000, loud).send_text("1").wait(gate).send_text("2");
    let server = ScriptedServer::start([script]).await;
    let keys = json!({"unbounded": true, "batch_timeout": 0.01, "on_parse_error": "skip"});
    let file = files.pipeline(&server.url(), keys);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_faucet"));
    // Each skipped message is a line at this level.
    command.args(["run", &file, "--report", &files.name("report.json"), "--log-level", "debug"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    files.until("out.jsonl", PATIENCE, |text| text == "1\n").await;
    (child, server)
}

/// Sends TERM and waits for the end.
async fn terminated(mut child: std::process::Child) -> std::process::ExitStatus {
    let sent = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(sent.unwrap().success());
    let ended = tokio::task::spawn_blocking(move || child.wait());
    soon("the end", ended).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_log_that_nobody_reads_costs_lines_and_nothing_else() {
    let (gate, files) = (Gate::new(), Files::new());
    let (mut child, _server) = unread(&gate, &files).await;
    let mut stderr = child.stderr.take().unwrap();
    // The reader comes back.
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut text).unwrap();
        text
    });
    gate.open();
    files.until("out.jsonl", PATIENCE, |text| text == "1\n2\n").await;
    assert!(terminated(child).await.success());
    let text = reading.join().unwrap();
    let lost = text.lines().find(|line| line.contains("lines are missing before here"));
    assert!(lost.is_some() && text.contains("ended: shutdown"), "{} lines", text.lines().count());
    let report = report(&files);
    assert_eq!((&report["delivered"], &report["records"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_no_end_up() {
    let files = Files::new();
    let (mut child, _server) = unread(&Gate::new(), &files).await;
    let unread = child.stderr.take();
    let sent = Instant::now();
    assert!(terminated(child).await.success());
    assert!(sent.elapsed() < IN_TIME, "{:?}", sent.elapsed());
    assert_eq!(report(&files)["ended"], "shutdown");
    drop(unread);
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
