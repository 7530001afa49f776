//! The faults of `faucet feed` and `faucet receive`: everything that is written is accounted for.

use serde_json::{Value, json};

use crate::support::*;

/// The fields of the log lines of a server that logs JSON.
fn fields(ran: &Ran) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["fields"].clone();
    ran.stderr.lines().map(line).collect()
}

/// A server on a free port, with its URL.
async fn server(name: &str, args: &[&str]) -> (Running, String) {
    let mut command = faucet([name, "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let mut running = Running::start(command.args(args));
    let url = running.first_line().await;
    (running, url)
}

#[cfg(unix)]
async fn stopped(running: Running) -> Ran {
    running.signal("INT");
    let ran = running.ended().await;
    ran.succeeded();
    ran
}

#[cfg(unix)]
#[tokio::test]
async fn a_feed_with_drops_logs_what_it_wrote_and_its_numbers_go_on() {
    let files = Files::new();
    let (feed, url) = server("feed", &["--rate", "2000", "--drop", "100ms"]).await;
    let keys = json!({"reconnect": true, "reconnect_backoff": 0.01, "max_messages": 2000});
    faucet_ran(["run", &files.pipeline(&url, keys)]).await.succeeded();
    let log = fields(&stopped(feed).await);

    let ends: Vec<&Value> = log.iter().filter(|entry| entry.get("end").is_some()).collect();
    assert!(ends.iter().any(|entry| entry["end"] == "reset"), "{ends:?}");
    assert!(ends.iter().any(|entry| entry["end"] == "dropped"), "{ends:?}");
    assert!(ends.iter().any(|entry| entry["cut_off"] == true), "{ends:?}");
    let written: u64 = ends.iter().map(|entry| entry["messages"].as_u64().unwrap()).sum();
    let total = log.iter().find(|entry| entry["message"] == "the feed ends").unwrap();
    assert_eq!((&total["messages"], &total["connections"]), (&json!(written), &json!(ends.len())));

    // Each connection has written one range of numbers, behind those of the connection before.
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for entry in ends {
        let first = entry["first_trade"].as_u64().unwrap();
        assert!(ranges.last().is_none_or(|(_, end)| *end <= first), "{ranges:?} {entry}");
        ranges.push((first, first + entry["messages"].as_u64().unwrap()));
    }
    // The file has the beginning of each range, in order.
    let records = files.read("out.jsonl");
    let mut ranges = ranges.into_iter();
    let (mut next, mut end) = (0, 0);
    for line in records.lines() {
        let number = serde_json::from_str::<Value>(line).unwrap()["t"].as_u64().unwrap();
        while number != next || number >= end {
            (next, end) = ranges.next().unwrap_or_else(|| panic!("nobody wrote {number}"));
        }
        next += 1;
    }
    assert_eq!(records.lines().count(), 2000);
}

#[tokio::test]
async fn a_flood_brings_what_would_take_a_minute() {
    let files = Files::new();
    let recording = files.write("in.jsonl", "1\n2\n3\n".repeat(200));
    for args in [&["--rate", "1"][..], &["--rate", "1", "--file", &recording]] {
        let (_feed, url) = server("feed", &[args, &["--flood", "1ms"]].concat()).await;
        let ran = faucet_ran(["tap", &url, "-n", "60"]).await;
        assert_eq!(ran.succeeded().lines().len(), 60);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn stalls_and_dribbles_change_no_message() {
    let files = Files::new();
    let recording = files.write("in.jsonl", "\"a\"\n".repeat(50));
    let faults = ["--stall", "500ms", "--dribble", "1ms"];
    let args = ["--file", &recording, "--rate", "25", "--seed", "3"];
    let (feed, url) = server("feed", &[&args[..], &faults].concat()).await;
    let ran = faucet_ran(["tap", &url]).await;
    assert_eq!(ran.succeeded().stdout, "\"a\"\n".repeat(50));
    let log = fields(&stopped(feed).await);
    let end = log.iter().find(|entry| entry["end"] == "served").unwrap();
    assert_eq!((&end["messages"], &end["first_trade"]), (&json!(50), &Value::Null));
    assert!(end["stalls"].as_u64() > Some(0) && end["dribbles"].as_u64() > Some(0), "{end}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_sink_that_promises_delivery_loses_nothing_to_drops_and_stalls() {
    let files = Files::new();
    let (feed, url) = server("feed", &["--rate", "2000"]).await;
    let args = ["--print", "--drop", "150ms", "--stall", "300ms", "--seed", "2"];
    let (receiver, to) = server("receive", &args).await;
    let sink = json!({
        "type": "websocket", "url": to, "delivery": "at_least_once",
        "max_reconnect_attempts": null, "reconnect_backoff": 0.01,
    });
    let keys = json!({"max_messages": 4000});
    let file = files.pipeline_to(&url, keys, sink);
    let ran = faucet_ran(["run", &file, "--report", &files.name("report.json")]).await;
    ran.succeeded();
    let report: Value = serde_json::from_str(&files.read("report.json")).unwrap();
    assert_eq!((&report["delivered"], &report["unconfirmed"]), (&json!(4000), &json!(0)));
    assert!(report["sink_reconnects"].as_u64() > Some(0), "{report}");
    let received = stopped(receiver).await;
    let number = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["t"].as_u64().unwrap();
    let mut numbers: Vec<u64> = received.lines()[1..].iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4000);
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a hole");
    drop(feed);
}

#[tokio::test]
async fn wrong_fault_flags_are_2() {
    for (args, words) in [
        (&["feed", "--drop", "0"][..], "--drop"),
        (&["feed", "--dribble", "soon"], "--dribble"),
        (&["receive", "--stall=-1s"], "--stall"),
        (&["feed", "--flood", "1s", "--rate", "0"], "--flood: the feed has no pace"),
    ] {
        faucet_ran(args).await.failed_with(2, &[words]);
    }
}
