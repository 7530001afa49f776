//! Results equal the answer of DataFusion over the same rows at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::prelude::SessionContext;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Stage, now, text};

/// A row: its time, its symbol, and whole numbers, whose sums do not depend on their order.
#[derive(Debug, Clone)]
struct Row {
    t: i64,
    s: Option<&'static str>,
    p: f64,
    q: f64,
}

impl Row {
    fn json(&self) -> String {
        let s = self.s.map_or("null".to_owned(), |s| format!("\"{s}\""));
        format!(r#"{{"t":{},"s":{s},"p":{:?},"x":[1],"q":{:?}}}"#, self.t, self.p, self.q)
    }
}

/// Rows in pages. Times go on by steps up to `step` and are up to `late` behind.
fn pages(step: i64, late: i64) -> impl Strategy<Value = Vec<Vec<Row>>> {
    let symbols = prop::sample::select(vec![Some("a"), Some("b"), Some("cé"), None]);
    let row = (0..=step, 0..=late, symbols, 0..50_i32, 1..9_i32);
    let page = prop::collection::vec(row, 1..12);
    prop::collection::vec(page, 1..10).prop_map(|pages| {
        let mut clock = 1_700_000_000_000_i64;
        let mut row = |(step, late, s, p, q): (i64, i64, Option<&'static str>, i32, i32)| {
            clock += step;
            Row { t: clock - late, s, p: p.into(), q: q.into() }
        };
        pages.into_iter().map(|page| page.into_iter().map(&mut row).collect()).collect()
    })
}

fn cut(rows: Vec<Row>, cuts: &[usize]) -> Vec<Vec<Row>> {
    let mut pages: Vec<Vec<Row>> = vec![Vec::new()];
    for (n, row) in rows.into_iter().enumerate() {
        if cuts.contains(&n) {
            pages.push(Vec::new());
        }
        pages.last_mut().unwrap().push(row);
    }
    pages
}

fn keys(query: &str, lateness: i64) -> Value {
    json!({
        "query": query,
        "streams": {"rows": {
            "columns": {"t": "LONG", "s": "STRING", "p": "DOUBLE", "q": "DOUBLE"},
            "time": {"column": "t", "lateness": format!("{lateness}ms"), "idle": "1h"},
        }},
    })
}

async fn stage(keys: Value, pages: &[Vec<Row>]) -> Stage {
    let mut stage = Stage::open(keys).await;
    for page in pages {
        stage.push(0, page.iter().map(|row| text(row.json(), row.t)).collect()).await;
    }
    stage.finish().await;
    assert_eq!(stage.rejected, [""; 0]);
    stage
}

/// Rows of a result without NULLs, in an order of their own.
fn sorted(rows: Vec<Value>) -> Vec<String> {
    let plain = |row: Value| {
        let Value::Object(members) = row else { panic!("{row}") };
        let some = members.into_iter().filter(|(_, value)| !value.is_null());
        some.collect::<BTreeMap<String, Value>>()
    };
    let mut rows: Vec<String> = rows.into_iter().map(|row| format!("{:?}", plain(row))).collect();
    rows.sort();
    rows
}

/// DataFusion's answer over all rows at once.
async fn at_once(query: &str, rows: &[Row]) -> Vec<Value> {
    let number =
        |value: fn(&Row) -> f64| Arc::new(Float64Array::from_iter_values(rows.iter().map(value)));
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("t", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.t))) as _, true),
        ("s", Arc::new(rows.iter().map(|row| row.s).collect::<StringArray>()) as _, true),
        ("p", number(|row| row.p) as _, true),
        ("q", number(|row| row.q) as _, true),
    ]);
    let context = SessionContext::new();
    context.register_batch("rows", batch.unwrap()).unwrap();
    let found = context.sql(query).await.unwrap().collect().await.unwrap();
    let mut writer = arrow_json::LineDelimitedWriter::new(Vec::new());
    writer.write_batches(&found.iter().collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    let lines = String::from_utf8(writer.into_inner()).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const AGGREGATES: &str = "COUNT(*) AS n, SUM(p * q) / SUM(q) AS vwap, MIN(p) AS low, MAX(p) AS high, AVG(q) AS mean, \
                          COUNT(DISTINCT p) AS prices";

fn config() -> ProptestConfig {
    ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn tumbling_windows_have_the_answer_of_all_rows_at_once(
        size in prop::sample::select(vec![1_i64, 10, 97, 1000, 60_000]),
        late in prop::sample::select(vec![0_i64, 35]),
        pages in pages(40, 35),
    ) {
        // Rows in order where none may be late.
        let mut pages = pages;
        if late == 0 {
            let mut rows: Vec<Row> = pages.concat();
            rows.sort_by_key(|row| row.t);
            pages = cut(rows, &[3, 4, 9, 30]);
        }
        Runtime::new().unwrap().block_on(async {
            let query = format!(
                "SELECT s, window_end() AS e, {AGGREGATES} FROM rows WHERE q <> 3 WINDOW TUMBLING({size} ms) \
                 GROUP BY s HAVING COUNT(*) <> 2"
            );
            let stage = stage(keys(&query, late), &pages).await;
            let all = format!(
                "SELECT s, t - t % {size} + {size} AS e, {AGGREGATES} FROM rows WHERE q <> 3 \
                 GROUP BY s, t - t % {size} + {size} HAVING COUNT(*) <> 2"
            );
            let expected = at_once(&all, &pages.concat()).await;
            prop_assert_eq!(sorted(stage.values()), sorted(expected));
            prop_assert_eq!(stage.scope.counters().get_own("late_rows"), 0);
            Ok(())
        })?;
    }

    #[test]
    fn hopping_windows_have_the_rows_that_lie_in_them(
        slide in prop::sample::select(vec![5_i64, 20, 100]),
        times in 1..6_i64,
        pages in pages(60, 20),
    ) {
        let size = slide * times;
        let mut expected: BTreeMap<(i64, Option<&str>), (u64, f64)> = BTreeMap::new();
        for row in pages.concat() {
            let first = row.t - row.t.rem_euclid(slide) + slide;
            for end in (0..times).map(|n| first + n * slide) {
                assert!(end - size <= row.t && row.t < end);
                let sum = expected.entry((end, row.s)).or_default();
                *sum = (sum.0 + 1, sum.1 + row.p);
            }
        }
        let query = format!(
            "SELECT window_end() AS e, window_start() AS b, s, COUNT(*) AS n, SUM(p) AS p FROM rows \
             WINDOW HOP({size} ms, {slide} ms) GROUP BY s"
        );
        let stage = Runtime::new().unwrap().block_on(stage(keys(&query, 20), &pages));
        let expected = expected.into_iter();
        let expected = expected.map(|((e, s), (n, p))| json!({"e": e, "b": e - size, "s": s, "n": n, "p": p}));
        prop_assert_eq!(sorted(stage.values()), sorted(expected.collect()));
        // Windows come in the order of their ends.
        let ends: Vec<i64> = stage.values().iter().map(|row| row["e"].as_i64().unwrap()).collect();
        prop_assert!(ends.is_sorted(), "{:?}", ends);
    }

    #[test]
    fn a_query_without_a_window_has_the_answer_of_all_rows_in_order(
        pages in pages(40, 35),
        least in 0..60,
    ) {
        Runtime::new().unwrap().block_on(async {
            let query = format!(
                "SELECT t, upper(s) AS s, p * q AS v, CASE WHEN p > q THEN 'up' ELSE s END AS c FROM rows WHERE p >= {least}"
            );
            let stage = stage(keys(&query, 0), &pages).await;
            let expected = at_once(&query, &pages.concat()).await;
            let plain = |rows: Vec<Value>| rows.into_iter().flat_map(|row| sorted(vec![row])).collect::<Vec<_>>();
            prop_assert_eq!(plain(stage.values()), plain(expected));
            // Each row is received when its record was.
            let times = stage.records.iter().map(|row| row.received_at().as_unix_millis() as i64);
            let wanted = stage.values().into_iter().map(|row| row["t"].as_i64().unwrap());
            prop_assert_eq!(times.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
            Ok(())
        })?;
    }

    #[test]
    fn the_cuts_between_pages_change_no_result_of_arrival_time(
        pages in pages(40, 0),
        cuts in prop::collection::vec(0..60_usize, 0..9),
    ) {
        // By the clock these windows are open: the rows alone close them.
        let ahead = now() + 3_600_000 - 1_700_000_000_000;
        let mut rows = pages.concat();
        rows.iter_mut().for_each(|row| row.t += ahead);
        Runtime::new().unwrap().block_on(async {
            let query = format!("SELECT s, window_end() AS e, {AGGREGATES} FROM rows WINDOW HOP(90 ms, 30 ms) GROUP BY s");
            let mut keys = keys(&query, 0);
            keys["streams"]["rows"].as_object_mut().unwrap().remove("time");
            let whole = stage(keys.clone(), std::slice::from_ref(&rows)).await;
            let cut = stage(keys, &cut(rows, &cuts)).await;
            prop_assert_eq!(sorted(cut.values()), sorted(whole.values()));
            prop_assert_eq!(cut.scope.counters().get_own("delayed_rows"), 0);
            Ok(())
        })?;
    }

    #[test]
    fn late_rows_are_counted_and_left_out(
        pages in pages(40, 400),
        size in prop::sample::select(vec![10_i64, 60, 200]),
        lateness in 0..100_i64,
    ) {
        let (mut closed, mut latest, mut late) = (i64::MIN, i64::MIN, 0);
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        for page in &pages {
            for row in page {
                let end = row.t - row.t % size + size;
                match end <= closed {
                    true => late += 1,
                    false => *counts.entry(end).or_default() += 1,
                }
            }
            latest = page.iter().map(|row| row.t).max().unwrap_or(latest).max(latest);
            closed = closed.max(latest - lateness);
        }
        let query = format!("SELECT window_end() AS e, COUNT(*) AS n FROM rows WINDOW TUMBLING({size} ms)");
        let stage = Runtime::new().unwrap().block_on(stage(keys(&query, lateness), &pages));
        let expected = counts.into_iter().map(|(e, n)| json!({"e": e, "n": n})).collect::<Vec<_>>();
        prop_assert_eq!(stage.values(), expected);
        prop_assert_eq!(stage.scope.counters().get_own("late_rows"), late);
    }
}
