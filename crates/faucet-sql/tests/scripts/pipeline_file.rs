//! The transform `sql` in a pipeline file.

use faucet_core::{Transform as _, TransformConfig as _};
use faucet_sql::SqlConfig;
use faucet_stream::{PipelineSpec, Registry, Report, SpecFormat, Variable};
use faucet_testkit::{MemorySink, record};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{PATIENCE, Stage, now, pages, registry, text, values, with_sink, with_source};

struct Lab {
    registry: Registry,
    stdout: MemorySink,
    dead: MemorySink,
}

impl Lab {
    /// Two feeds, `trades` and `books`, and two sinks.
    fn new() -> Self {
        let (stdout, dead) = (MemorySink::new(), MemorySink::new());
        let trades =
            pages(&[&[r#"{"s":"a","p":1}"#, r#"{"s":"b","p":"x"}"#, r#"{"s":"a","p":3}"#]]);
        let books = pages(&[&[r#"{"s":"a","bid":10}"#, r#"{"s":"c","bid":20}"#]]);
        let registry = with_source(registry(&stdout), "trade_pages", trades);
        let registry = with_source(registry, "book_pages", books);
        Self { registry: with_sink(registry, "dead", dead.clone()), stdout, dead }
    }

    fn spec(&self, transform: &str, more: &str) -> PipelineSpec {
        let file = format!(
            "sources:\n  trades: {{type: trade_pages}}\n  books: {{type: book_pages}}\n\
             transforms:\n  query:\n    type: sql\n{transform}\n\
             sinks:\n  out: {{type: stdout, from: query}}\n  rest: {{type: stdout, from: [trades, books]}}\n\
             {more}"
        );
        let none = |_: &str| Variable::Unset;
        PipelineSpec::parse(&file, SpecFormat::Yaml, none).unwrap()
    }

    async fn ran(&self, transform: &str, more: &str) -> Report {
        let spec = self.spec(transform, more);
        let pipeline = spec.build(&self.registry).unwrap_or_else(|errors| panic!("{errors}"));
        timeout(PATIENCE, pipeline.start().until(std::future::pending())).await.unwrap()
    }

    fn refused(&self, transform: &str, more: &str) -> String {
        self.spec(transform, more).build(&self.registry).unwrap_err().to_string()
    }

    /// What came out of the query: the sink also takes the records as they were.
    fn rows(&self) -> Vec<Value> {
        values(&self.stdout).into_iter().filter(|row| row.get("n").is_some()).collect()
    }
}

const TRADES: &str = "    from: trades\n    streams: {trades: {columns: {s: STRING, p: LONG}}}\n";

#[tokio::test]
async fn bad_rows_of_a_query_go_to_the_dead_letter() {
    let lab = Lab::new();
    let query =
        format!("{TRADES}    query: SELECT s, p * 2 AS n FROM trades\n    dead_letter: bad");
    let more = "  bad: {type: dead}\n";
    lab.ran(&query, more).await.into_result().unwrap();
    assert_eq!(lab.rows(), [json!({"s": "a", "n": 2}), json!({"s": "a", "n": 6})]);
    let dead = values(&lab.dead);
    assert_eq!(dead.len(), 1, "{dead:?}");
    let shown = dead[0].to_string();
    assert!(shown.contains("row 2 of trades: column `p` takes a LONG"), "{shown}");
}

#[tokio::test]
async fn without_a_dead_letter_the_run_ends_and_says_why() {
    let lab = Lab::new();
    let query = format!("{TRADES}    query: SELECT s, p AS n FROM trades");
    let error = lab.ran(&query, "").await.into_result().unwrap_err();
    assert_eq!(error.component().map(|id| &**id), Some("query"));
    let words = format!("{error:#}");
    assert!(words.contains("row 2 of trades: column `p` takes a LONG, and not \"x\""), "{words}");
}

#[tokio::test]
async fn a_window_stands_behind_two_inputs() {
    let lab = Lab::new();
    let query = "    from: [trades, books]
    streams:
      trades: {columns: {s: STRING, p: LONG}, on_parse_error: skip}
      books: {columns: {s: STRING, bid: DOUBLE}}
    query: >
      SELECT trades.s AS s, COUNT(*) AS n, SUM(bid + p) AS total FROM trades JOIN books ON trades.s = books.s
      WINDOW TUMBLING(365 days) GROUP BY trades.s";
    let report = lab.ran(query, "").await.into_result().unwrap();
    assert_eq!(lab.rows(), [json!({"s": "a", "n": 2, "total": 24.0})]);
    assert_eq!(report.components["query"].skipped["bad_row"], 1);
}

#[tokio::test]
async fn a_state_behind_a_window_is_refused_with_the_reason() {
    let lab = Lab::new();
    let windowed =
        format!("{TRADES}    query: SELECT COUNT(*) AS n FROM trades WINDOW TUMBLING(1 min)");
    let state = "state: {path: positions.json}\n";
    let words = lab.refused(&windowed, state);
    assert!(words.contains("the transform `query` holds records that it cannot save"), "{words}");
    let stateless = format!("{TRADES}    query: SELECT p AS n FROM trades");
    lab.spec(&stateless, state).build(&lab.registry).unwrap();
}

#[tokio::test]
async fn streams_and_inputs_belong_together() {
    let lab = Lab::new();
    for (transform, words) in [
        (
            "    from: [trades, books]\n    streams: {trades: {columns: {p: LONG}}}\n    query: SELECT p FROM trades",
            "the query does not know the stream: describe it in `streams`",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}}, books: {columns: {s: STRING}}}\n    query: SELECT p FROM trades, books WINDOW TUMBLING(1 min)",
            "is not in `from`",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}}, books: {columns: {s: STRING}}}\n    query: SELECT p FROM trades",
            "the query does not read the stream",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}}}\n    query: SELECT p FROM trade",
            "there is no stream `trade`",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LNG}}}\n    query: SELECT p FROM trades",
            "there is no type `LNG`",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}, json: {mapping: {q: /a}}}}\n    query: SELECT p FROM trades",
            "is no column of the stream",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}, time: {column: q}}}\n    query: SELECT p FROM trades",
            "there is no column `q`",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}}}\n    query: SELECT q FROM trades",
            "there is no column `q` at line 1, column 8 of the query",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}}}\n    query: INSERT INTO x SELECT p FROM trades",
            "INSERT INTO has no meaning here",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}}}\n    query: SELECT p FROM trades; SELECT p FROM trades",
            "it has to be one SELECT",
        ),
        (
            "    from: trades\n    streams: {trades: {columns: {p: LONG}, format: text}}\n    query: SELECT p FROM trades",
            "a stream of the format `text` has one column, of the type STRING",
        ),
    ] {
        let found = lab.refused(transform, "");
        assert!(found.contains(words), "{words}: {found}");
    }
}

async fn rows(query: &str, stream: Value, records: &[&str]) -> Stage {
    let mut stage = Stage::open(json!({"query": query, "streams": {"t": stream}})).await;
    stage.push(0, records.iter().map(|record| text(record, now())).collect()).await;
    stage
}

#[tokio::test]
async fn columns_are_members_by_their_exact_names() {
    let record = r#"{"p":1,"P":2,"d":{"p":[5,6]},"big":123456789012345678901234567890}"#;
    for (stream, query, row) in [
        (
            json!({"columns": {"P": "LONG", "x": "LONG"}}),
            "SELECT x, P AS v FROM t",
            r#"{"x":null,"v":2}"#,
        ),
        (
            json!({"columns": {"v": "LONG"}, "json": {"mapping": {"v": "/d/p/1"}}}),
            "SELECT v FROM t",
            r#"{"v":6}"#,
        ),
        (
            json!({"columns": {"d": "OBJECT", "big": "OBJECT"}}),
            "SELECT d, big, d->'p'->0 AS v FROM t",
            r#"{"d":{"p":[5,6]},"big":123456789012345678901234567890,"v":5}"#,
        ),
    ] {
        let stage = rows(query, stream, &[record]).await;
        assert_eq!(
            stage.records[0].payload().as_bytes(),
            row.as_bytes(),
            "{query}: {stage}",
            stage = stage.values()[0]
        );
    }
}

#[tokio::test]
async fn formats_of_streams_and_of_results() {
    let query = "SELECT upper(line) AS loud FROM t";
    for (stream, format, input, output) in [
        ("text", "text", "no json", "NO JSON"),
        ("text", "json", "no json", r#"{"loud":"NO JSON"}"#),
        ("json", "text", r#"{"line":"a\"b"}"#, "A\"B"),
    ] {
        let keys = json!({"query": query, "format": format, "streams": {"t": {"columns": {"line": "STRING"}, "format": stream}}});
        let mut stage = Stage::open(keys).await;
        stage.push(0, vec![text(input, 0)]).await;
        assert_eq!(stage.records[0].payload().as_bytes(), output.as_bytes(), "{stream} {format}");
    }
    let keys = json!({"query": "SELECT b FROM t", "format": "bytes", "streams": {"t": {"columns": {"b": "BYTES"}, "format": "bytes"}}});
    let mut stage = Stage::open(keys).await;
    stage.push(0, vec![record("anything")]).await;
    assert_eq!(stage.records[0].payload().as_bytes(), b"anything");
}

#[tokio::test]
async fn a_record_that_does_not_fit_is_rejected_or_skipped() {
    let records = [r#"{"a":"x"}"#, r#"{"a":1}"#];
    for (word, rejected, skipped) in [("fail", 1, None), ("skip", 0, Some(1))] {
        let stream = json!({"columns": {"a": "LONG"}, "on_parse_error": word});
        let stage = rows("SELECT a FROM t", stream, &records).await;
        assert_eq!((stage.values(), stage.rejected.len()), (vec![json!({"a": 1})], rejected));
        let found = stage.scope.counters().read().skipped;
        assert_eq!(found.get("bad_row").copied(), skipped);
    }
}

#[tokio::test]
async fn the_time_of_rows_has_a_column_a_unit_and_a_lateness() {
    let query = "SELECT window_start() AS b, COUNT(*) AS n FROM t WINDOW TUMBLING(10 sec)";
    for (kind, unit, first, late, last) in [
        ("LONG", "s", "12", "9", "23"),
        ("INT", "s", "12", "9", "23"),
        ("LONG", "ms", "12000", "9000", "23000"),
        ("LONG", "us", "12000000", "9000000", "23000000"),
        ("LONG", "ns", "12000000000", "9000000000", "23000000000"),
        (
            "STRING",
            "ms",
            "\"1970-01-01T00:00:12Z\"",
            "\"1970-01-01T00:00:09Z\"",
            "\"1970-01-01T00:00:23Z\"",
        ),
    ] {
        for (lateness, expected, lost) in
            [("1s", vec![(10, 1), (20, 1)], 1), ("3s", vec![(0, 1), (10, 1), (20, 1)], 0)]
        {
            let time = json!({"column": "a", "unit": unit, "lateness": lateness, "idle": "1h"});
            let keys =
                json!({"query": query, "streams": {"t": {"columns": {"a": kind}, "time": time}}});
            let mut stage = Stage::open(keys).await;
            for at in [first, late, last] {
                stage.push(0, vec![text(format!("{{\"a\":{at}}}"), 0)]).await;
            }
            stage.finish().await;
            let expected: Vec<Value> =
                expected.into_iter().map(|(b, n)| json!({"b": b * 1000, "n": n})).collect();
            assert_eq!(stage.values(), expected, "{kind} {unit} {lateness}");
            assert_eq!(
                stage.scope.counters().get_own("late_rows"),
                lost,
                "{kind} {unit} {lateness}"
            );
        }
    }
}

#[tokio::test]
async fn rows_without_a_time_are_bad_rows() {
    let stream = json!({"columns": {"a": "LONG", "s": "STRING"}, "time": {"column": "a"}});
    let stage = rows("SELECT s FROM t", stream, &[r#"{"s":"x"}"#, r#"{"s":"y","a":5}"#]).await;
    assert_eq!(stage.values(), [json!({"s": "y"})]);
    assert_eq!(stage.rejected, ["row 1 of t: the column `a` of the time is NULL"]);
}

#[test]
fn a_windowed_query_says_that_it_saves_nothing() {
    for (window, unsaved) in [("", false), (" WINDOW TUMBLING(1 sec)", true)] {
        let keys = json!({"query": format!("SELECT a FROM t{window}"), "streams": {"t": {"columns": {"a": "LONG"}}}});
        let config: SqlConfig = serde_json::from_value(keys).unwrap();
        assert_eq!(config.build().unwrap().info().carries_unsaved, unsaved, "{window}");
    }
}
