//! Streams between queries.

use faucet_sql::Script;
use faucet_testkit::MemorySink;
use serde_json::json;

use crate::support::{pages, pipeline, ran, registry, values, with_sink, with_source};

const TRADES: &str =
    "CREATE STREAM Trades (s STRING, p DOUBLE) WITH (type = 'source', extension = 'pages');\n";

fn trades() -> (MemorySink, faucet_stream::Registry) {
    let stdout = MemorySink::new();
    let rows = [
        &[r#"{"s":"a","p":1}"#, r#"{"s":"b","p":2}"#][..],
        &[r#"{"s":"a","p":3}"#, r#"{"s":"b","p":40}"#],
    ];
    let registry = with_source(registry(&stdout), "pages", pages(&rows));
    (stdout, registry)
}

#[tokio::test]
async fn queries_form_a_chain_in_any_order_of_the_text() {
    let (stdout, registry) = trades();
    let script = format!(
        "{TRADES}SELECT s, doubled + 1 AS more FROM large;
         INSERT INTO large SELECT s, doubled FROM clean WHERE doubled > 2;
         INSERT INTO clean SELECT s, p * 2 AS doubled FROM Trades;"
    );
    assert_eq!(pipeline(&script, &registry).1, [""; 0]);
    ran(&script, &registry).await.into_result().unwrap();
    let more = values(&stdout).into_iter().map(|row| row["more"].as_f64().unwrap());
    assert_eq!(more.collect::<Vec<_>>(), [5.0, 7.0, 81.0]);
}

#[tokio::test]
async fn a_declared_stream_gives_its_columns_and_types() {
    let (stdout, registry) = trades();
    let script = format!(
        "{TRADES}CREATE STREAM clean (price LONG, symbol STRING);
         INSERT INTO clean SELECT s AS symbol, p AS price FROM Trades WHERE p < 3;
         SELECT * FROM clean;"
    );
    ran(&script, &registry).await.into_result().unwrap();
    assert_eq!(stdout.json(), [r#"{"price":1,"symbol":"a"}"#, r#"{"price":2,"symbol":"b"}"#]);
}

#[tokio::test]
async fn windows_stand_behind_other_queries() {
    let (stdout, registry) = trades();
    let script = format!(
        "{TRADES}INSERT INTO large SELECT * FROM Trades WHERE p > 1;
         SELECT s, COUNT(*) AS n, MAX(p) AS p FROM large WINDOW TUMBLING(365 days) GROUP BY s ORDER BY s;"
    );
    ran(&script, &registry).await.into_result().unwrap();
    assert_eq!(
        values(&stdout),
        [json!({"s": "a", "n": 1, "p": 3.0}), json!({"s": "b", "n": 2, "p": 40.0})]
    );
}

#[tokio::test]
async fn two_queries_write_a_stream_and_two_read_it() {
    let (stdout, registry) = trades();
    let other = MemorySink::new();
    let registry = with_sink(registry, "other", other.clone());
    let script = format!(
        "{TRADES}CREATE STREAM Kept (s STRING, p DOUBLE) WITH (type = 'sink', extension = 'other');
         INSERT INTO both SELECT s, p FROM Trades WHERE p < 2;
         INSERT INTO both SELECT s, p FROM Trades WHERE p > 2;
         SELECT s, p FROM both;
         INSERT INTO Kept SELECT * FROM both WHERE s = 'a';"
    );
    ran(&script, &registry).await.into_result().unwrap();
    let mut shown = stdout.json();
    shown.sort();
    assert_eq!(shown, [r#"{"s":"a","p":1.0}"#, r#"{"s":"a","p":3.0}"#, r#"{"s":"b","p":40.0}"#]);
    assert_eq!(other.json().len(), 2);
}

#[tokio::test]
async fn two_streams_are_joined_to_one_row_by_row() {
    let (stdout, registry) = trades();
    let registry = with_source(registry, "books", pages(&[&[r#"{"s":"c","bid":7}"#]]));
    let script = format!(
        "{TRADES}CREATE STREAM Books (s STRING, bid DOUBLE) WITH (type = 'source', extension = 'books');
         SELECT s, p AS price FROM Trades WHERE p > 2 UNION ALL SELECT s, bid AS price FROM Books;"
    );
    ran(&script, &registry).await.into_result().unwrap();
    let mut shown = stdout.json();
    shown.sort();
    let rows =
        [r#"{"s":"a","price":3.0}"#, r#"{"s":"b","price":40.0}"#, r#"{"s":"c","price":7.0}"#];
    assert_eq!(shown, rows);
}

#[tokio::test]
async fn two_streams_are_joined_to_one_in_a_window() {
    let (stdout, registry) = trades();
    let registry =
        with_source(registry, "books", pages(&[&[r#"{"s":"c","bid":7}"#, r#"{"s":"a","bid":7}"#]]));
    let script = format!(
        "{TRADES}CREATE STREAM Books (s STRING, bid DOUBLE) WITH (type = 'source', extension = 'books');
         SELECT s, COUNT(*) AS n, SUM(price) AS total
         FROM (SELECT s, p AS price FROM Trades UNION ALL SELECT s, bid AS price FROM Books)
         WINDOW TUMBLING(365 days) GROUP BY s ORDER BY s;"
    );
    ran(&script, &registry).await.into_result().unwrap();
    let row = |s: &str, n: u64, total: f64| json!({"s": s, "n": n, "total": total});
    assert_eq!(values(&stdout), [row("a", 3, 11.0), row("b", 2, 42.0), row("c", 1, 7.0)]);
}

#[tokio::test]
async fn an_internal_stream_that_nobody_reads_is_shown_with_a_warning() {
    let (stdout, registry) = trades();
    let script = format!("{TRADES}INSERT INTO clean SELECT s FROM Trades WHERE p > 3;");
    let (_, warnings) = pipeline(&script, &registry);
    let wanted = "warning[invalid-value]: no query reads the stream `clean`: its rows are written to stdout at line 2, column 13 (help: declare it as a sink, CREATE STREAM clean (…) WITH (…), or read it in a query)";
    assert_eq!(warnings, [wanted]);
    ran(&script, &registry).await.into_result().unwrap();
    assert_eq!(stdout.json(), [r#"{"s":"b"}"#]);
}

#[tokio::test]
async fn streams_without_a_use_are_left_out_with_a_warning() {
    let (_, registry) = trades();
    let more = "CREATE STREAM Rest (s STRING) WITH (type = 'sink', extension = 'stdout');\nCREATE STREAM i (s STRING);\n";
    let (pipeline, warnings) = pipeline(&format!("{TRADES}{more}SELECT s FROM Trades;"), &registry);
    let warning = |name: &str, at: &str| {
        format!("warning[invalid-value]: no query uses the stream `{name}`; it is left out at {at}")
    };
    assert_eq!(warnings, [warning("Rest", "line 2, column 15"), warning("i", "line 3, column 15")]);
    assert!(pipeline.component("Rest").is_none());
}

#[tokio::test]
async fn a_script_without_a_query_has_no_pipeline_and_ends_to_reach() {
    let (_, registry) = trades();
    let script = Script::parse(TRADES);
    let verdict = script.check(&registry);
    assert!(verdict.pipeline.is_none() && verdict.diagnostics.is_empty());
    let ends = script.ends(&registry);
    assert_eq!(ends.iter().map(|end| &**end.id()).collect::<Vec<_>>(), ["Trades"]);
}

#[tokio::test]
async fn names_keep_their_case_and_may_stand_in_quotes() {
    let stdout = MemorySink::new();
    let source = pages(&[&[r#"{"t":1,"T":2,"a b":3,"select":4}"#]]);
    let registry = with_source(registry(&stdout), "pages", source);
    let script = "CREATE STREAM \"My Feed\" (t LONG, T LONG, \"a b\" LONG, \"select\" LONG) \
                  WITH (type = 'source', extension = 'pages');
                  SELECT t, T, \"a b\", \"select\", t + T AS Sum FROM \"My Feed\" f WHERE f.T > f.t;";
    ran(script, &registry).await.into_result().unwrap();
    assert_eq!(stdout.json(), [r#"{"t":1,"T":2,"a b":3,"select":4,"Sum":3}"#]);
}
