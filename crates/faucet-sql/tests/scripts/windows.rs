//! When windows close, and what `window_complete()` says about them.

use std::time::Duration;

use faucet_core::{Gap, GapReason, Mark, Timestamp};
use faucet_testkit::{Gate, MemorySink, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::support::{PATIENCE, Stage, now, pipeline, registry, text, until, values};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis.unsigned_abs())
}

const QUERY: &str = "SELECT window_start() AS start, COUNT(*) AS n, window_complete() AS whole FROM t \
                     WINDOW TUMBLING(1 sec)";

fn flags(stage: &Stage, base: i64) -> Vec<(i64, bool)> {
    let rows = stage.values().into_iter();
    rows.map(|row| (row["start"].as_i64().unwrap() - base, row["whole"].as_bool().unwrap()))
        .collect()
}

#[tokio::test]
async fn windows_that_were_not_seen_from_beginning_to_end_are_not_complete() {
    let keys = json!({"query": QUERY, "streams": {"t": {"columns": {"a": "LONG"}}}});
    let before = now();
    let mut stage = Stage::open(keys).await;
    // By the clock these windows are open: the rows alone close them.
    let base = (before / 1000 + 3600) * 1000;
    stage.push(0, vec![text("{}", before - 1000)]).await;
    stage.push(0, vec![text("{}", base + 100)]).await;
    let gap = Gap::new(GapReason::Outage).between(at(base + 1200), at(base + 1300));
    stage.mark(Mark::Gap(gap)).await;
    stage.push(0, vec![text("{}", base + 1500), text("{}", base + 2500)]).await;
    // Nothing is missing.
    let gap = Gap::new(GapReason::Outage).between(at(base + 2600), at(base + 2700)).with_missing(0);
    stage.mark(Mark::Gap(gap)).await;
    stage.push(0, vec![text("{}", base + 3500)]).await;
    stage.finish().await;
    let flags = flags(&stage, base);
    assert!(flags[0].0 < 0 && !flags[0].1, "the run began inside of the first window: {flags:?}");
    assert_eq!(flags[1..], [(0, true), (1000, false), (2000, true), (3000, false)]);
}

#[tokio::test]
async fn a_hole_in_event_time_ends_with_the_next_row() {
    let keys = json!({"query": QUERY, "streams": {"t": {
        "columns": {"a": "LONG"}, "time": {"column": "a", "idle": "1h"},
    }}});
    let mut stage = Stage::open(keys).await;
    let row = |millis: i64| text(format!("{{\"a\":{millis}}}"), now());
    stage.push(0, vec![row(10_000), row(11_000), row(12_000)]).await;
    stage.mark(Mark::Gap(Gap::new(GapReason::Outage).between(at(now()), at(now())))).await;
    stage.push(0, vec![row(14_500), row(15_000), row(16_000)]).await;
    stage.finish().await;
    // The last row before the hole, and the first one behind it, stand in windows that may miss others.
    let expected = [(10, true), (11, true), (12, false), (14, false), (15, true), (16, false)];
    assert_eq!(flags(&stage, 0), expected.map(|(second, whole)| (second * 1000, whole)));
}

fn feed(url: &str, more: &str) -> String {
    format!(
        "CREATE STREAM Feed (a LONG) WITH (type = 'source', extension = 'websocket', format = 'json', \
         \"websocket.url\" = '{url}', \"websocket.reconnect.delay.ms\" = '10');\n{more}"
    )
}

const SHORT: &str = "SELECT window_start() AS b, window_end() AS e, COUNT(*) AS n, window_complete() AS whole FROM Feed \
                     WINDOW TUMBLING(200 ms)";

/// A row every 20 ms, `count` times.
fn steady(count: usize) -> Script {
    let one = |script: Script, n| {
        script.send_text(format!("{{\"a\":{n}}}")).pause(Duration::from_millis(20))
    };
    (0..count).fold(Script::accept(), one)
}

fn number(row: &Value, name: &str) -> u64 {
    row[name].as_u64().unwrap()
}

#[tokio::test]
async fn windows_that_a_lost_connection_overlaps_are_not_complete() {
    let server = ScriptedServer::start([steady(40).hang_up(), steady(2000).stall()]).await;
    let stdout = MemorySink::new();
    let (pipeline, _) = pipeline(&feed(&server.url(), SHORT), &registry(&stdout));
    let run = pipeline.start();
    let progress = run.progress();
    let shutdown = async {
        // A whole window behind the hole.
        let hole = until(|| {
            let components = progress.components();
            let gaps =
                components.iter().find(|of| &*of.id == "Feed").map(|of| of.counters.fixed["gaps"]);
            gaps.filter(|gaps| *gaps > 0)
        });
        hole.await;
        let reconnected = at(now()).as_unix_millis();
        let is_behind = |row: &Value| row["whole"] == true && number(row, "b") > reconnected;
        until(|| values(&stdout).iter().any(is_behind).then_some(())).await;
    };
    let report = tokio::time::timeout(PATIENCE, run.until(shutdown)).await.unwrap();
    assert!(report.error.is_none(), "{report:?}");
    let (from, to) = (report.gaps[0].from.unwrap(), report.gaps[0].to.unwrap());
    let (from, to) = (from.as_unix_millis(), to.as_unix_millis());
    let rows = values(&stdout);
    assert_eq!(rows[0]["whole"], false, "the run began inside of it: {rows:?}");
    for row in &rows {
        if number(row, "b") <= to && number(row, "e") > from {
            assert_eq!(row["whole"], false, "{row}: {from} to {to}");
        }
    }
    assert!(rows.iter().any(|row| number(row, "e") <= from && row["whole"] == true), "{rows:?}");
}

#[tokio::test]
async fn a_window_closes_by_the_clock_while_the_feed_is_idle() {
    let never = Gate::new();
    let server =
        ScriptedServer::start([Script::accept().send_text("{\"a\":1}").wait(&never)]).await;
    let stdout = MemorySink::new();
    let (pipeline, _) = pipeline(&feed(&server.url(), SHORT), &registry(&stdout));
    let closed = async { until(|| (!stdout.json().is_empty()).then_some(())).await };
    pipeline.start().until(closed).await.into_result().unwrap();
    assert_eq!(values(&stdout)[0]["n"], 1);
}

#[tokio::test]
async fn event_time_goes_on_while_the_feed_is_idle() {
    let never = Gate::new();
    let server =
        ScriptedServer::start([Script::accept().send_text("{\"a\":1000}").wait(&never)]).await;
    let stdout = MemorySink::new();
    let script = feed(&server.url(), SHORT).replace(
        "format = 'json'",
        "format = 'json', \"time.column\" = 'a', \"time.idle\" = '100 ms'",
    );
    let (pipeline, _) = pipeline(&script, &registry(&stdout));
    let closed = async { until(|| (!stdout.json().is_empty()).then_some(())).await };
    pipeline.start().until(closed).await.into_result().unwrap();
    let row = &values(&stdout)[0];
    assert_eq!((number(row, "b"), number(row, "n")), (1000, 1));
}

#[tokio::test]
async fn without_a_window_the_time_is_that_of_the_row() {
    let query = "SELECT event_timestamp() AS at FROM t WHERE event_timestamp() > 5";
    let mut stage =
        Stage::open(json!({"query": query, "streams": {"t": {"columns": {"a": "LONG"}}}})).await;
    stage.push(0, vec![text("{}", 5), text("{}", 6), text("{}", 7)]).await;
    assert_eq!(stage.values(), [json!({"at": 6}), json!({"at": 7})]);
    let keys = json!({"query": query, "streams": {"t": {"columns": {"a": "LONG"}, "time": {"column": "a"}}}});
    let mut stage = Stage::open(keys).await;
    stage.push(0, vec![text("{\"a\":4}", 9), text("{\"a\":8}", 9)]).await;
    assert_eq!(stage.values(), [json!({"at": 8})]);
}
