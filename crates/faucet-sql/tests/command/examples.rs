//! The scripts in the folder of examples, each run for a moment.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::serving::Serving;
use crate::support::{Ran, Scripts, faucet};

/// What the examples that run have at their ends.
const FEED: &str = "'ws://127.0.0.1:9001/'";
const RECEIVER: &str = "ws://127.0.0.1:9002/";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Runs an example until so many trades came. Its windows are given out then.
fn run(name: &str, trades: u32, feed: &Serving, receiver: Option<&Serving>) -> Ran {
    let scripts = Scripts::new();
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let limited = format!("'ws://{}/', \"websocket.max_messages\" = '{trades}'", feed.address());
    let mut text = text.replace(FEED, &limited).replace("${STATS_TOKEN}", "secret");
    assert!(text.contains(&limited), "{text}");
    if let Some(receiver) = receiver {
        text = text.replace(RECEIVER, &format!("ws://{}/", receiver.address()));
    }
    let file = scripts.write(name, &text);
    faucet(["run", &file]).succeeded()
}

fn rows(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn total(rows: &[Value], key: &str) -> u64 {
    rows.iter().map(|row| row[key].as_u64().unwrap()).sum()
}

#[test]
fn each_example_is_valid() {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "sql") {
            let text = std::fs::read_to_string(&path).unwrap();
            let script = faucet_sql::Script::parse(&text).with_variables(|_| Some("t".to_owned()));
            let verdict = script.check(&faucet_stream::registry());
            let found: Vec<String> =
                verdict.diagnostics.iter().map(|found| found.message()).collect();
            assert!(found.is_empty() && verdict.pipeline.is_some(), "{} {found:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn vwap_has_a_row_for_each_symbol() {
    let feed = Serving::start(["feed", "--rate", "0"]);
    let rows = rows(&run("vwap.sql", 400, &feed, None));
    assert_eq!(total(&rows, "trades"), 400, "{rows:?}");
    // A window may end within the run.
    assert!((4..=8).contains(&rows.len()), "{rows:?}");
    assert!(rows.iter().all(|row| row["vwap"].as_f64().unwrap() > 0.0), "{rows:?}");
}

#[test]
fn hops_count_each_trade_in_six_windows() {
    let feed = Serving::start(["feed", "--rate", "0"]);
    let rows = rows(&run("event-time.sql", 400, &feed, None));
    assert_eq!(total(&rows, "trades"), 6 * 400, "{rows:?}");
    let low_and_high = |row: &Value| row["low"].as_f64().unwrap() <= row["high"].as_f64().unwrap();
    assert!(rows.iter().all(low_and_high), "{rows:?}");
    let length = |row: &Value| row["until"].as_u64().unwrap() - row["since"].as_u64().unwrap();
    assert!(rows.iter().all(|row| length(row) == 60_000), "{rows:?}");
}

#[test]
fn alerts_go_to_another_websocket() {
    let feed = Serving::start(["feed", "--rate", "0"]);
    let mut receiver = Serving::start(["receive", "--print"]);
    run("alerts.sql", 400, &feed, Some(&receiver));
    let alert: Value = serde_json::from_str(&receiver.line()).unwrap();
    assert_eq!(alert["symbol"], "BTCUSDT", "{alert}");
    assert!(alert["value"].as_f64().unwrap() > 250_000.0, "{alert}");
    assert!(alert["alert"].as_str().unwrap().starts_with("LARGE_"), "{alert}");
    assert!(alert["timestamp"].as_u64().unwrap() > 1_700_000_000_000, "{alert}");
}

#[test]
fn statistics_go_to_another_websocket() {
    let feed = Serving::start(["feed", "--rate", "0"]);
    let mut receiver = Serving::start(["receive", "--print"]);
    run("relay-stats.sql", 400, &feed, Some(&receiver));
    let mut trades = 0;
    while trades < 400 {
        let row: Value = serde_json::from_str(&receiver.line()).unwrap();
        assert_eq!(row["window_end"].as_u64().unwrap() % 60_000, 0, "{row}");
        assert!(row["avg_price"].as_f64().unwrap() > 0.0, "{row}");
        trades += row["trade_count"].as_u64().unwrap();
    }
    assert_eq!(trades, 400);
}

#[test]
fn the_demo_shows_windows_and_says_which_miss_trades() {
    let ran = faucet(["demo", "--sql", "--records", "4000", "--rate", "4000"]).succeeded();
    let (shown, report) = ran.stdout.split_once("\n{\n").unwrap();
    let rows: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(total(&rows, "trades"), 4000, "{rows:?}");
    assert_eq!(rows[0]["complete"], false, "it began before the run: {rows:?}");
    let report: Value = serde_json::from_str(&format!("{{\n{report}")).unwrap();
    assert_eq!((&report["ended"], &report["reconnects"]), (&"max_messages".into(), &1.into()));
    assert!(ran.stderr.contains("WINDOW TUMBLING(1 sec)"), "{}", ran.stderr);
}
