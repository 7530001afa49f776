//! `faucet demo`: a feed, a pipeline and its result in one process.

use serde_json::Value;

use crate::support::*;

async fn demo(files: &Files, rate: &str) -> Ran {
    let output = files.name("demo.jsonl");
    faucet_ran(["demo", "--records", "200", "--rate", rate, "--output", &output]).await
}

#[tokio::test]
async fn it_shows_a_dropped_connection_its_file_and_its_report() {
    let files = Files::new();
    files.write("demo.jsonl", "from the demo before\n");
    let ran = demo(&files, "4000").await;
    let content = files.read("demo.jsonl");
    let lines: Vec<&str> = content.lines().collect();
    assert_eq!(lines.len(), 200);

    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["t"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let made = numbers[199] - numbers[0] + 1;
    // A second without a connection, at 4000 a second.
    let missing = made - 200;
    assert!(missing >= 3900, "{missing}");

    let told = &ran.succeeded().stderr;
    assert!(told.contains(&format!("The trades are in {}", files.name("demo.jsonl"))), "{told}");
    let grouped = format!("{},{:03}", missing / 1000, missing % 1000);
    let summary = format!(
        "200 trades, in order, over 1 reconnect. {grouped} more were made while the connection was \
         away"
    );
    assert!(told.contains(&summary), "{summary}: {told}");

    let (first, report) = ran.stdout.split_at(ran.stdout.find("{\n").unwrap());
    assert_eq!(first.lines().collect::<Vec<_>>(), lines[..3]);
    let report: Value = serde_json::from_str(report).unwrap();
    assert_eq!((&report["ended"], &report["records"]), (&"max_messages".into(), &200.into()));
    assert_eq!((&report["reconnects"], &report["error"]), (&1.into(), &Value::Null));
}

#[tokio::test]
async fn at_full_speed_it_tells_the_same_story() {
    let files = Files::new();
    let ran = demo(&files, "0").await;
    assert_eq!(files.read("demo.jsonl").lines().count(), 200);
    let told = &ran.succeeded().stderr;
    assert!(told.contains("200 trades, in order, over 1 reconnect"), "{told}");
}

#[tokio::test]
async fn through_a_websocket_sink_nothing_is_lost_though_both_ends_drop() {
    for rate in ["0", "4000"] {
        let ran = faucet_ran(["demo", "--sink", "websocket", "--records", "900", "--rate", rate]);
        let ran = ran.await;
        let told = &ran.succeeded().stderr;
        let got = "The receiver got 900 trades, in order, over 2 connections.";
        assert!(told.contains(got), "{told}");
        assert!(told.contains("nothing that was read is lost"), "{told}");
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&report["ended"], &report["records"]), (&"max_messages".into(), &900.into()));
        assert_eq!((&report["delivered"], &report["unconfirmed"]), (&900.into(), &0.into()));
        assert_eq!((&report["reconnects"], &report["sink_reconnects"]), (&1.into(), &1.into()));
        let resent = report["resent"].as_u64().unwrap();
        assert!(told.contains(&format!("{resent} that were not confirmed")), "{told}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_2_and_a_file_that_cannot_be_written_is_7() {
    for arg in ["--records=1", "--records=x", "--rate=-1"] {
        let flag = arg.split('=').next().unwrap();
        faucet_ran(["demo", arg]).await.failed_with(2, &[flag]);
    }
    let file = ["demo", "--sink", "websocket", "--output", "x.jsonl"];
    faucet_ran(file).await.failed_with(2, &["--output", "no file with --sink websocket"]);
    let nowhere = Files::new().name("none/demo.jsonl");
    let ran = faucet_ran(["demo", "--records", "2", "--output", &nowhere]).await;
    ran.failed_with(7, &["error: ", &nowhere, "create the directory first"]);
}
