//! The sink `stdout`. A test cannot be its own standard output, so each runs this binary again.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use faucet_core::{
    ErrorKind, Gap, GapReason, Mark, PageWriter, Payload, Record, Scope, Sink, SinkConfig,
    StreamPage, Timestamp,
};
use faucet_sink_jsonl::StdoutSinkConfig;

fn start(role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stdout::child", "--nocapture"])
        .env("FAUCET_TEST_ROLE", role)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn page(records: usize, size: usize) -> StreamPage {
    let text = "x".repeat(size);
    let record =
        || Record::new(Payload::Text(text.as_str().into()), Timestamp::from_unix_millis(0));
    StreamPage::new((0..records).map(|_| record()).collect())
}

async fn open() -> Box<dyn PageWriter> {
    let sink = StdoutSinkConfig::default().build().unwrap();
    assert!(sink.check(&Scope::default()).await.passed());
    sink.open(&Scope::default().with_state()).await.unwrap()
}

/// What the children do. They leave by `exit`: the test harness would write to the pipe as well.
#[test]
fn child() {
    let Ok(role) = std::env::var("FAUCET_TEST_ROLE") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut writer = open().await;
        match role.as_str() {
            "write" => {
                writer.write_page(page(3, 5)).await.unwrap();
                assert!(writer.flush().await.unwrap().saved().is_none());
                writer.close().await.unwrap();
            }
            "gaps" => {
                for gap_records in [false, true] {
                    let sink = StdoutSinkConfig { gap_records }.build().unwrap();
                    let mut writer = sink.open(&Scope::default()).await.unwrap();
                    let gap = Gap::new(GapReason::Outage);
                    writer.mark(&Mark::Gap(gap.with_missing(3))).await.unwrap();
                    writer.write_page(page(1, 1)).await.unwrap();
                    writer.close().await.unwrap();
                }
            }
            "until closed" => loop {
                if let Err(error) = writer.write_page(page(100, 100)).await {
                    eprintln!("kind: {}", error.kind().as_str());
                    break;
                }
            },
            _ => {
                let writing = writer.write_page(page(10, 1 << 20));
                tokio::time::timeout(Duration::from_millis(50), writing).await.unwrap_err();
                eprintln!("still here");
            }
        }
    });
    drop(runtime);
    std::process::exit(0);
}

#[test]
fn pages_are_lines_on_stdout() {
    let out = start("write").wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(text.matches("\"xxxxx\"\n").count(), 3, "{text}");
}

#[test]
fn gaps_are_lines_when_asked_for() {
    let out = start("gaps").wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let own: Vec<&str> = text.lines().filter(|l| *l == "\"x\"" || l.starts_with('{')).collect();
    let [first, gap, last] = own[..] else { panic!("{text}") };
    assert_eq!((first, last), ("\"x\"", "\"x\""));
    assert!(gap.starts_with("{\"faucet_gap\":{") && gap.contains("\"missing\":3"), "{gap}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = start("until closed");
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    while !first.contains("xxx") {
        assert!(stdout.read_line(&mut first).unwrap() > 0, "{first}");
    }
    drop(stdout);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(said.contains(&format!("kind: {}", ErrorKind::Cancelled.as_str())), "{said}");
}

#[test]
fn a_pipe_that_nobody_empties_blocks_neither_the_runtime_nor_the_exit() {
    let mut child = start("blocked");
    let mut said = String::new();
    // Ends when the child does: nobody else has its standard error.
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("still here"), "{said}");
    let mut stdout = child.stdout.take().unwrap();
    let mut left = Vec::new();
    stdout.read_to_end(&mut left).unwrap();
    assert!(left.len() < 10 << 20);
    child.wait().unwrap();
}
