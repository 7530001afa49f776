//! A run that is killed again and again, at any moment: its state file says where it goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Files, faucet, faucet_ran};

/// How often the run is killed.
const KILLS: usize = 200;
/// The longest life of a run that is killed. The moment of each death is random: every step of a
/// start, an epoch and a write is met by some.
const LIFE: Duration = Duration::from_millis(60);
/// More than a run can move in so many lives: a flush after each 50 records waits for the disk.
const RECORDS: u64 = 2_000_000;

/// Numbers in a file, and a pipeline from it to `sink`. A short flush makes many commits.
fn prepared(files: &Files, sink: Value, records: u64) -> String {
    let lines: String = (1..=records).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let path = files.write("in.jsonl", lines);
    let pipeline = json!({
        "source": {"type": "jsonl", "path": path, "batch_size": 25},
        "sink": sink,
        "state": {"path": files.name("state.json")},
        "flush": {"interval": "20ms", "records": 50},
    });
    files.write("pipeline.json", pipeline.to_string())
}

/// The last line that the state file has committed.
fn committed(files: &Files) -> u64 {
    let state = files.read("state.json");
    if state.is_empty() {
        return 0;
    }
    let state: Value = serde_json::from_str(&state).expect("a state is never torn");
    match state["components"]["source"]["position"].as_str() {
        Some(position) => {
            serde_json::from_str::<Value>(position).unwrap()["line"].as_u64().unwrap()
        }
        None => 0,
    }
}

/// Kills the pipeline at random moments; `before` is called before each life.
async fn killed(pipeline: &str, mut before: impl FnMut()) {
    for _ in 0..KILLS {
        before();
        let mut run = faucet(["run", "--quiet", pipeline]).spawn().unwrap();
        let life = LIFE.mul_f64(fastrand::f64());
        let ended = timeout(life, run.wait()).await;
        assert!(ended.is_err(), "the run ended by itself: {ended:?}");
        run.kill().await.unwrap();
    }
}

fn numbers(text: &str) -> Vec<u64> {
    let number = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        value["n"].as_u64().unwrap()
    };
    text.lines().map(number).collect()
}

#[tokio::test]
async fn a_file_holds_each_record_exactly_once() {
    let files = Files::new();
    let sink = json!({"type": "jsonl", "path": files.name("out.jsonl")});
    let pipeline = prepared(&files, sink, RECORDS);
    killed(&pipeline, || {}).await;
    let (done, kept) = (committed(&files), numbers(&files.read("out.jsonl")).len() as u64);
    assert!(done > 0 && kept >= done, "{done} committed, {kept} in the file");
    // The last life ends by itself.
    let limit = done + 1000;
    let rest = format!("source.max_messages={}", limit - done);
    faucet_ran(["run", "--quiet", &pipeline, "--set", &rest]).await.succeeded();
    let found = numbers(&files.read("out.jsonl"));
    assert_eq!(found, (1..=limit).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_websocket_gets_every_record_and_duplicates_only_behind_the_last_commit() {
    let files = Files::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    // The messages of each connection, in order.
    let received: Arc<Mutex<BTreeMap<usize, Vec<u64>>>> = Arc::default();
    let all = Arc::clone(&received);
    tokio::spawn(async move {
        for connection in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let received = Arc::clone(&all);
            tokio::spawn(async move {
                let Ok(mut peer) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(message)) = peer.next().await {
                    // The payload of a Ping may be text by chance.
                    if let Message::Text(text) = message
                        && let [number] = numbers(&text)[..]
                    {
                        received.lock().unwrap().entry(connection).or_default().push(number);
                    }
                }
            });
        }
    });
    let sink = json!({"type": "websocket", "url": url, "delivery": "at_least_once"});
    let pipeline = prepared(&files, sink, RECORDS);
    let mut begins = Vec::new();
    killed(&pipeline, || begins.push(committed(&files))).await;
    let done = committed(&files);
    begins.push(done);
    let rest = "source.max_messages=1000";
    faucet_ran(["run", "--quiet", &pipeline, "--set", rest]).await.succeeded();
    // The peer's tasks may still be reading what the last connection brought.
    let last = done + 1000;
    let arrived = async {
        while !received.lock().unwrap().values().any(|numbers| numbers.last() == Some(&last)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), arrived).await.expect("the last record arrives");
    let received = received.lock().unwrap();
    // While a slow disk takes a commit, a life may send far more than the last one.
    let mut seen = vec![false; usize::try_from(last).unwrap() + 1];
    for numbers in received.values() {
        let first = numbers[0];
        assert!(begins.contains(&(first - 1)), "{first} is not behind a commit");
        for (n, number) in numbers.iter().enumerate() {
            assert_eq!(*number, first + n as u64, "in order and without a hole");
            if let Some(seen) = seen.get_mut(usize::try_from(*number).unwrap()) {
                *seen = true;
            }
        }
    }
    let missing: Vec<usize> = (1..seen.len()).filter(|n| !seen[*n]).collect();
    assert_eq!(missing, [0usize; 0], "every record arrives");
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_ends_the_run_and_the_next_one_goes_on() {
    let files = Files::new();
    let records = 20_000;
    let sink = json!({"type": "jsonl", "path": files.name("out.jsonl")});
    let pipeline = prepared(&files, sink, records);
    // The shell limits the size of files, in blocks of 512 or 1,024 bytes, and ignores the signal.
    let command = env!("CARGO_BIN_EXE_faucet");
    let limited = format!("trap '' XFSZ; ulimit -f 64; exec {command} run --quiet {pipeline}");
    let output = tokio::process::Command::new("sh").args(["-c", &limited]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("of the page were written"), "{said}");
    let kept = numbers(&files.read("out.jsonl")).len() as u64;
    assert!(0 < kept && kept < records && committed(&files) <= kept, "{kept}");
    faucet_ran(["run", "--quiet", &pipeline, "--set", "flush.records=5000"]).await.succeeded();
    assert_eq!(numbers(&files.read("out.jsonl")), (1..=records).collect::<Vec<_>>());
    assert_eq!(committed(&files), records);
}
