//! Terminal, log, files, server and disk are taken away from a run that goes on. The short form of
//! `scripts/takeaway`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::net::SocketAddr;
use std::process::Stdio;

use faucet_testkit::{Gate, Script, ScriptedServer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::pty::Pty;
use crate::reports::report;
use crate::serve::{SINK, SOURCE, ask, events, sample, samples, told_address, until};
use crate::support::*;

/// A script's records: `{"n":FIRST}` and so on.
fn numbers(script: Script, first: u64, count: u64) -> Script {
    script.repeat(count, move |n| format!("{{\"n\":{}}}", first + n))
}

/// The numbers in lines.
fn found(lines: &str) -> Vec<u64> {
    let number = |line: &str| -> u64 {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        record["n"].as_u64().unwrap()
    };
    lines.lines().map(number).collect()
}

fn keys() -> Value {
    json!({
        "unbounded": true, "reconnect": true, "reconnect_backoff": 0.01, "batch_timeout": 0.01,
        "on_parse_error": "skip",
    })
}

/// The command behind some words that prepare it, with a server and a report.
fn recorder(before: &[&str], files: &Files, file: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_faucet");
    let words: Vec<&str> = before.iter().copied().chain([program]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["run", file, "--serve", "127.0.0.1:0", "--log-level", "debug"]);
    command.args(["--report", &files.name("report.json"), "--set", "flush.interval=0.05"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Reads what a run says up to its address, and no further.
async fn address(mut from: impl AsyncRead + Unpin) -> SocketAddr {
    let reading = async {
        let (mut said, mut byte) = (String::new(), [0]);
        loop {
            assert_eq!(from.read(&mut byte).await.unwrap(), 1, "it ended with {said:?}");
            said.push(char::from(byte[0]));
            if let Some(address) = told_address(&said) {
                return address;
            }
        }
    };
    soon("the address", reading).await
}

fn signal(child: &Child, name: &str) {
    let id = child.id().expect("it goes on").to_string();
    let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.unwrap().success());
}

async fn ended(mut child: Child) -> Option<i32> {
    soon("the end", child.wait()).await.unwrap().code()
}

/// Waits until so many records are delivered, and returns the metrics.
async fn delivered(address: SocketAddr, count: u64) -> String {
    let line = format!("faucet_delivered_records_total{{pipeline=\"pipeline\",{SINK}}} {count}\n");
    until(address, "/metrics", |answer| answer.body.contains(&line)).await.body
}

#[tokio::test]
async fn a_terminal_that_is_closed_ends_a_run_well_and_never_one_of_nohup() {
    let ignoring = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\"", "setsid", "-c"];
    let heeding = ["env", "--default-signal=HUP", "setsid", "-c"];
    for (before, goes_on) in [(&heeding[..], false), (&ignoring[..], true)] {
        let gate = Gate::new();
        let script = numbers(numbers(Script::accept(), 0, 50).wait(&gate), 50, 50).stall();
        let server = ScriptedServer::start([script]).await;
        let files = Files::new();
        let file = files.pipeline(&server.url(), keys());
        let pty = Pty::new(80);
        let mut command = recorder(before, &files, &file);
        let child = command.stdin(pty.end()).stdout(pty.end()).stderr(pty.end()).spawn().unwrap();
        // The command keeps its ends otherwise.
        drop(command);
        let address = address(pty.screen()).await;
        delivered(address, 50).await;
        drop(pty);
        if goes_on {
            gate.open();
            delivered(address, 100).await;
            signal(&child, "TERM");
        }
        assert_eq!(ended(child).await, Some(0), "{before:?}");
        let (report, count) = (report(&files), if goes_on { 100 } else { 50 });
        assert_eq!((&report["ended"], &report["delivered"]), (&json!("shutdown"), &json!(count)));
        assert_eq!(found(&files.read("out.jsonl")), (0..count).collect::<Vec<_>>());
    }
}

/// The numbers of a run in its metrics, its served report, its written report and its page.
struct Told {
    metrics: BTreeMap<String, f64>,
    served: Value,
    asked: Value,
    page: Value,
}

/// These numbers of a component, and the metrics that have them.
const NUMBERS: [(&str, &str); 4] = [
    ("records", "records_total"),
    ("bytes", "payload_bytes_total"),
    ("delivered", "delivered_records_total"),
    ("unconfirmed", "unconfirmed_records_total"),
];

impl Told {
    fn of_page(&self, id: &str) -> &Value {
        let components = self.page["components"].as_array().unwrap();
        components.iter().find(|of| of["id"] == id).unwrap()
    }

    /// Checks that all places agree about so many delivered and skipped records, and returns the bytes.
    #[track_caller]
    fn agrees(&self, records: u64, skipped: u64) -> f64 {
        for (id, labels, numbers) in
            [("source", SOURCE, &NUMBERS[..2]), ("sink", SINK, &NUMBERS[..])]
        {
            for (name, metric) in numbers {
                let expected = sample(&self.metrics, metric, labels);
                assert_eq!(self.of_page(id)["counts"][name].as_f64(), expected, "{id} {name}");
                for report in [&self.served, &self.asked] {
                    // A report may leave a 0 out.
                    let found = report["components"][id][name].as_f64().unwrap_or_default();
                    assert_eq!(Some(found), expected, "{id} {name}: {report}");
                }
            }
        }
        let skipped = json!({"parse_error": skipped});
        let metric =
            sample(&self.metrics, "skipped_total", &format!("{SOURCE},reason=\"parse_error\""));
        assert_eq!(metric, skipped["parse_error"].as_f64());
        assert_eq!(self.of_page("source")["skipped"], skipped);
        for report in [&self.served, &self.asked] {
            assert_eq!(report["skipped"], skipped, "{report}");
            assert_eq!(report["gaps"], self.page["gaps"], "{report}");
            assert_eq!(report["disconnected_seconds"], self.page["gap_seconds"], "{report}");
            assert_eq!(
                (&report["delivered"], &report["unconfirmed"]),
                (&json!(records), &json!(0))
            );
        }
        let of_source = sample(&self.metrics, "payload_bytes_total", SOURCE);
        assert_eq!(of_source, sample(&self.metrics, "payload_bytes_total", SINK));
        of_source.unwrap()
    }
}

#[tokio::test]
async fn all_numbers_agree_after_everything_was_taken_away() {
    const NOISE: u64 = 3000;
    let (first, second) = (Gate::new(), Gate::new());
    // Each of these messages is a line of the log, which nobody reads.
    let noise = Script::accept().repeat(NOISE, |n| format!("no JSON {n} {}", "x".repeat(200)));
    let again = numbers(numbers(Script::accept(), 200, 200).wait(&second), 400, 200);
    let scripts = [
        numbers(noise, 0, 200).wait(&first).hang_up(),
        Script::reject(503),
        Script::hang_up_on_request(),
        again.stall(),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), keys());
    let mut child = recorder(&["env"], &files, &file).stderr(Stdio::piped()).spawn().unwrap();
    let mut unread = child.stderr.take().unwrap();
    let address = address(&mut unread).await;

    delivered(address, 200).await;
    let mut deleted = File::open(files.path("out.jsonl")).unwrap();
    fs::remove_file(files.path("out.jsonl")).unwrap();
    signal(&child, "USR1");
    // The server goes away, and comes back.
    first.open();
    delivered(address, 400).await;
    fs::rename(files.path("out.jsonl"), files.path("moved.jsonl")).unwrap();
    second.open();
    delivered(address, 600).await;

    // The feed is silent from here on.
    files.until("report.json", PATIENCE, |text| text.ends_with("}\n")).await;
    fs::remove_file(files.path("report.json")).unwrap();
    signal(&child, "USR1");
    files.until("report.json", PATIENCE, |text| text.ends_with("}\n")).await;
    let told = Told {
        metrics: samples(&delivered(address, 600).await),
        served: serde_json::from_str(&ask(address, "/report", &[]).await.body).unwrap(),
        asked: report(&files),
        page: events(address, 1).await.remove(0),
    };
    let taken_bytes = told.agrees(600, NOISE);

    let mut gone = String::new();
    deleted.rewind().unwrap();
    deleted.read_to_string(&mut gone).unwrap();
    let kept = [files.read("moved.jsonl"), files.read("out.jsonl")].concat();
    // The sink copies the later lines of the deleted file to the next file.
    let lines: Vec<&str> = gone.lines().take(200).chain(kept.lines()).collect();
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    assert_eq!(bytes as f64, taken_bytes);
    assert_eq!(found(&lines.join("\n")), (0..600).collect::<Vec<_>>());

    signal(&child, "TERM");
    assert_eq!(ended(child).await, Some(0));
    let last = report(&files);
    assert_eq!((&last["ended"], &last["records"]), (&json!("shutdown"), &json!(600)));
    assert_eq!(last["components"]["sink"]["delivered"], 600, "{last}");
    drop(unread);
}

/// A live feed repeats nothing: what a run with a state has delivered behind its last commit must stay.
#[tokio::test]
async fn a_full_disk_costs_no_delivered_record_of_a_live_feed() {
    let gate = Gate::new();
    let scripts = [
        numbers(numbers(Script::accept(), 0, 1000).wait(&gate), 1000, 20_000).stall(),
        numbers(Script::accept(), 30_000, 100).stall(),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let mut source = keys();
    source["type"] = "websocket".into();
    source["url"] = server.url().into();
    let pipeline = json!({
        "source": source,
        "sink": {"type": "jsonl", "path": files.name("out.jsonl")},
        "state": {"path": files.name("state.json")},
    });
    let file = files.write("pipeline.json", pipeline.to_string());
    // The limit is in blocks of 512 or 1,024 bytes.
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""];
    let child = recorder(&limited, &files, &file).spawn().unwrap();
    let is_committed = |text: &str| {
        let text = text.replace('\\', "");
        text.contains("\"length\":") && !text.contains("\"length\":0")
    };
    files.until("state.json", PATIENCE, is_committed).await;
    gate.open();
    assert_eq!(ended(child).await, Some(7));
    let full = report(&files);
    let [read, kept, lost] = [
        &full["components"]["source"]["records"],
        &full["delivered"],
        &full["skipped"]["not_written"],
    ]
    .map(|number| number.as_u64().unwrap());
    assert!(kept > 0 && lost > 0 && read == kept + lost, "{full}");
    assert_eq!(found(&files.read("out.jsonl")), (0..kept).collect::<Vec<_>>());

    let mut child = recorder(&["env"], &files, &file).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    delivered(address(&mut stderr).await, 100).await;
    signal(&child, "TERM");
    assert_eq!(ended(child).await, Some(0));
    let all: Vec<u64> = (0..kept).chain(30_000..30_100).collect();
    assert_eq!(found(&files.read("out.jsonl")), all);
}
