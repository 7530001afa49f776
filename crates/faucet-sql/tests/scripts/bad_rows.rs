//! Rows that do not fit.

use faucet_core::Record;
use faucet_sql::Script;
use faucet_testkit::{MemorySink, VecSource};
use serde_json::json;

use crate::support::{Stage, pages, ran, registry, text, with_source};

const ROWS: [&str; 6] =
    [r#"{"s":"1"}"#, r#"{"s":"x"}"#, r#"{"s":[1]}"#, r#"{"s":"4"}"#, "5", r#"{"s":null}"#];

fn source() -> VecSource {
    pages(&[&ROWS[..1], &ROWS[1..]])
}

fn script(more: &str) -> String {
    format!(
        "CREATE STREAM Feed (s STRING) WITH (type = 'source', extension = 'pages'{more});\n
         SELECT CAST(s AS LONG) AS n FROM Feed;"
    )
}

#[tokio::test]
async fn a_bad_row_ends_the_run_and_is_named() {
    let stdout = MemorySink::new();
    let registry = with_source(registry(&stdout), "pages", source());
    let error = ran(&script(""), &registry).await.into_result().unwrap_err();
    let words = format!("{error:#}");
    for part in ["row 2 of Feed", "Cannot cast string 'x' to value", "line 3: SELECT"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    // The good rows of the page are written, in order.
    assert_eq!(stdout.json(), [r#"{"n":1}"#, r#"{"n":4}"#, r#"{"n":null}"#]);
}

#[tokio::test]
async fn bad_rows_are_skipped_and_counted_and_the_page_goes_on() {
    let stdout = MemorySink::new();
    let registry = with_source(registry(&stdout), "pages", source());
    let report = ran(&script(", on_parse_error = 'skip'"), &registry).await.into_result().unwrap();
    assert_eq!(stdout.json(), [r#"{"n":1}"#, r#"{"n":4}"#, r#"{"n":null}"#]);
    assert_eq!(report.skipped["bad_row"], 3);
}

#[tokio::test]
async fn bad_rows_go_to_the_stream_that_the_declaration_names() {
    let stdout = MemorySink::new();
    let registry = with_source(registry(&stdout), "pages", source());
    let sink = "CREATE STREAM Bad WITH (type = 'sink', extension = 'stdout');";
    let script = format!("{}\n{sink}", script(", dead_letter = 'Bad'"));
    ran(&script, &registry).await.into_result().unwrap();
    let lines = stdout.json();
    let good = lines.iter().filter(|line| line.starts_with("{\"n\":")).count();
    assert_eq!((good, lines.len()), (3, 6), "{lines:?}");
    // The names of streams are checked.
    let wrong = Script::parse(&script.replace("dead_letter = 'Bad'", "dead_letter = 'Bda'"));
    let found = wrong.check(&registry).diagnostics;
    assert!(found.iter().any(|found| found.message() == "there is no sink `Bda`"), "{found:?}");
}

/// Rows of the stream `t` in one minute: the second and the third have a text that is no number.
fn mixed() -> Vec<Record> {
    let row = |s: &str, kind: &str| {
        text(format!(r#"{{"s":"{s}","kind":"{kind}","zero":0,"at":1000}}"#), 0)
    };
    vec![row("1", "a"), row("x", "a"), row("y", "b"), row("2", "a")]
}

async fn over_mixed(query: &str) -> Stage {
    let columns = json!({"s": "STRING", "kind": "STRING", "zero": "LONG", "at": "LONG"});
    let keys = json!({
        "query": query,
        "streams": {"t": {"columns": columns, "time": {"column": "at"}}},
    });
    let mut stage = Stage::open(keys).await;
    stage.push(0, mixed()).await;
    stage.finish().await;
    stage
}

/// A window is one execution of the plan, which a bad row must not end.
#[tokio::test]
async fn a_row_that_an_expression_fails_for_leaves_the_rest_of_its_window_alone() {
    const X: &str = "row 2 of t: Cannot cast string 'x' to value of Int64 type";
    const Y: &str = "row 3 of t: Cannot cast string 'y' to value of Int64 type";
    let sum = |n: i64| json!([{ "n": n }]);
    for (query, refused, results) in [
        ("SELECT SUM(CAST(s AS LONG)) AS n FROM t #", &[X, Y][..], sum(3)),
        // WHERE leaves the row out: the query never computes the expression.
        ("SELECT SUM(CAST(s AS LONG)) AS n FROM t WHERE kind = 'a' #", &[X], sum(3)),
        ("SELECT SUM(CAST(s AS LONG)) AS n FROM t WHERE kind <> 'b' AND s <> 'x' #", &[], sum(3)),
        // FILTER and CASE do it for one expression.
        ("SELECT SUM(CAST(s AS LONG)) FILTER (WHERE kind = 'a') AS n FROM t #", &[X], sum(3)),
        ("SELECT SUM(CASE WHEN kind = 'a' THEN CAST(s AS LONG) END) AS n FROM t #", &[X], sum(3)),
        (
            "SELECT SUM(coalesce(TRY_CAST(s AS LONG), CAST(kind AS LONG), 7)) AS n FROM t #",
            &[
                "row 2 of t: Cannot cast string 'a' to value of Int64 type",
                "row 3 of t: Cannot cast string 'b' to value of Int64 type",
            ],
            sum(3),
        ),
        // Anywhere in the query.
        ("SELECT COUNT(*) AS n FROM t WHERE CAST(s AS LONG) > 1 #", &[X, Y], sum(1)),
        ("SELECT COUNT(*) AS n FROM t # GROUP BY CAST(s AS LONG) % 1", &[X, Y], sum(2)),
        ("SELECT COUNT(DISTINCT CAST(s AS LONG)) AS n FROM t #", &[X, Y], sum(2)),
        (
            "SELECT first_value(s ORDER BY CAST(s AS LONG) DESC) AS n FROM t #",
            &[X, Y],
            json!([{"n": "2"}]),
        ),
        (
            "SELECT array_agg(kind ORDER BY CAST(s AS LONG) DESC) AS n FROM t #",
            &[X, Y],
            json!([{"n": ["a", "a"]}]),
        ),
        ("SELECT CAST(s AS LONG) AS n FROM t #", &[X, Y], json!([{"n": 1}, {"n": 2}])),
        (
            "SELECT CAST(s AS LONG) AS n, window_end() AS e FROM t #",
            &[X, Y],
            json!([{"n": 1, "e": 60000}, {"n": 2, "e": 60000}]),
        ),
        (
            "SELECT s AS n FROM t # ORDER BY CAST(s AS LONG) DESC",
            &[X, Y],
            json!([{"n": "2"}, {"n": "1"}]),
        ),
        (
            "SELECT SUM(n) AS n FROM (SELECT CAST(s AS LONG) AS n FROM t UNION ALL SELECT 1 AS n FROM t WHERE kind = 'a') #",
            &[X, Y],
            sum(5),
        ),
        (
            "SELECT SUM(a.n) AS n FROM (SELECT CAST(s AS LONG) AS n, kind FROM t) a JOIN t b ON a.kind = b.kind #",
            &[X, Y],
            sum(6),
        ),
        (
            "SELECT array_agg(CAST(s AS LONG) ORDER BY kind, s) AS n FROM t #",
            &[X, Y],
            json!([{"n": [1, 2]}]),
        ),
        (
            "SELECT CAST(s AS LONG) AS n, row_number() OVER (ORDER BY s DESC) AS e FROM t # ORDER BY n",
            &[X, Y],
            json!([{"n": 1, "e": 2}, {"n": 2, "e": 1}]),
        ),
        (
            "SELECT SUM(CAST(s AS LONG)) OVER (PARTITION BY upper(kind)) AS n FROM t #",
            &[X, Y],
            json!([{"n": 3}, {"n": 3}]),
        ),
        (
            "SELECT s AS n FROM t # ORDER BY CAST(s AS LONG) DESC LIMIT 1",
            &[X, Y],
            json!([{"n": "2"}]),
        ),
        ("SELECT CAST(s AS LONG) AS n FROM t WHERE s <> '1' # LIMIT 1", &[X, Y], json!([{"n": 2}])),
        ("SELECT CAST(s AS LONG) AS n FROM t # LIMIT 5 OFFSET 1", &[X, Y], json!([{"n": 2}])),
        ("SELECT COUNT(*) AS n FROM t WHERE CAST(s AS LONG) + window_end() > 0 #", &[X, Y], sum(2)),
        (
            "SELECT rank() OVER (PARTITION BY kind ORDER BY upper(s)) AS n FROM t WHERE kind = 'a' #",
            &[],
            json!([{"n": 1}, {"n": 2}, {"n": 3}]),
        ),
        (
            "SELECT SUM(CAST(s AS LONG)) OVER (PARTITION BY kind) AS n FROM t WHERE kind = 'a' #",
            &[X],
            json!([{"n": 3}, {"n": 3}]),
        ),
        (
            "SELECT rank() OVER (PARTITION BY lower(kind) ORDER BY s) AS n FROM t WHERE lower(kind) = 'a' #",
            &[],
            json!([{"n": 1}, {"n": 2}, {"n": 3}]),
        ),
        // FILTER may guard one expression several times.
        (
            "SELECT SUM(CAST(s AS LONG)) FILTER (WHERE s < 'x') AS n, COUNT(*) AS c, \
             MIN(CAST(s AS LONG)) FILTER (WHERE s < 'x') AS e FROM t #",
            &[],
            json!([{"n": 3, "c": 4, "e": 1}]),
        ),
        (
            "SELECT SUM(CAST(s AS LONG)) FILTER (WHERE kind = 'a' AND window_end() > 0) AS n \
             FROM t WHERE s < 'x' #",
            &[],
            sum(3),
        ),
        (
            "SELECT CAST(s AS LONG) + window_end() AS n FROM \
             (SELECT s FROM t UNION ALL SELECT s FROM t WHERE kind = 'a') # ORDER BY n",
            &[X, Y],
            json!([{"n": 60001}, {"n": 60001}, {"n": 60002}, {"n": 60002}]),
        ),
        // What guards the cast is known inside of the window only.
        (
            "SELECT s AS n FROM t WHERE s < 'x' AND (window_end() < 0 OR CAST(s AS LONG) > 1) #",
            &[],
            json!([{"n": "2"}]),
        ),
        (
            "SELECT CASE WHEN row_number() OVER (ORDER BY s) > 2 THEN 0 ELSE CAST(s AS LONG) END AS n \
             FROM t WHERE s < 'x' #",
            &[],
            json!([{"n": 1}, {"n": 2}]),
        ),
        // AND computes both sides, unless the first is false for all rows that it looks at.
        (
            "SELECT COUNT(*) AS n FROM t WHERE kind = 'b' AND CAST(s AS LONG) > 0 #",
            &[Y],
            json!([{"n": 0}]),
        ),
        // WHERE may ask for the window beside.
        (
            "SELECT SUM(n) AS n FROM (SELECT CAST(s AS LONG) AS n FROM t) WHERE window_end() > 7 AND n > 1 #",
            &[X, Y],
            sum(2),
        ),
        // Any expression.
        (
            "SELECT SUM(CAST(s || '0' AS LONG)) AS n FROM t WHERE s <> 'y' #",
            &["row 2 of t: Cannot cast string 'x0' to value of Int64 type"],
            sum(30),
        ),
        (
            "SELECT SUM(CASE WHEN s < 'x' THEN 1 ELSE 1 / zero END) AS n FROM t #",
            &["row 2 of t: Divide by zero error", "row 3 of t: Divide by zero error"],
            sum(2),
        ),
    ] {
        let query = query.replace('#', "WINDOW TUMBLING(1 min)");
        let stage = over_mixed(&query).await;
        assert_eq!(stage.rejected, refused, "{query}");
        assert_eq!(json!(stage.values()), results, "{query}");
    }
}

/// A limit counts the rows of a window, and not of a page or of a time.
#[tokio::test]
async fn a_limit_counts_the_rows_of_its_window() {
    for (query, results) in [
        ("SELECT CAST(s AS LONG) AS n FROM t WINDOW HOP(2 sec, 1 sec) LIMIT 2", 8),
        (
            "SELECT COUNT(*) AS n FROM (SELECT CAST(s AS LONG) AS n FROM t LIMIT 2) \
             WINDOW TUMBLING(1 min)",
            1,
        ),
    ] {
        let keys = json!({
            "query": query,
            "streams": {"t": {"columns": {"s": "STRING", "at": "LONG"}, "time": {"column": "at"}}},
        });
        let mut stage = Stage::open(keys).await;
        let row = |n: i64| text(format!(r#"{{"s":"{n}","at":{}}}"#, 500 * n), 0);
        // Three seconds with two rows each, which lie in four windows.
        for page in [2..4, 4..5, 5..8] {
            stage.push(0, page.map(row).collect()).await;
        }
        stage.finish().await;
        assert_eq!((stage.rejected.len(), stage.values().len()), (0, results), "{query}");
        if results == 1 {
            assert_eq!(stage.values(), [json!({"n": 2})]);
        }
    }
}

#[tokio::test]
async fn calls_of_random_are_numbers_of_their_own() {
    let query = "SELECT random() AS a, random() AS b, CAST(s AS LONG) AS n, window_end() AS e \
                 FROM t WHERE kind <> 'b' AND s <> 'x' WINDOW TUMBLING(1 min)";
    let stage = over_mixed(query).await;
    assert_eq!(stage.values().len(), 2);
    assert!(stage.values().iter().all(|row| row["a"] != row["b"]), "{:?}", stage.values());
}

/// The condition of a FILTER is computed once for each row.
#[tokio::test]
async fn a_filter_by_chance_takes_half_of_the_rows() {
    let query = "SELECT COUNT(CAST(s AS LONG)) FILTER (WHERE random() < 0.5) AS n FROM t \
                 WINDOW TUMBLING(1 min)";
    let keys = json!({
        "query": query,
        "streams": {"t": {"columns": {"s": "STRING", "at": "LONG"}, "time": {"column": "at"}}},
    });
    let mut stage = Stage::open(keys).await;
    stage.push(0, (0..2000).map(|_| text(r#"{"s":"1","at":1000}"#, 0)).collect()).await;
    stage.finish().await;
    let half = stage.values()[0]["n"].as_u64().unwrap();
    assert!((800..1200).contains(&half), "{half}");
}

/// A refused row is as if it had never come: it does not close windows either.
#[tokio::test]
async fn a_refused_row_does_not_move_time() {
    let keys = json!({
        "query": "SELECT SUM(CAST(s AS LONG)) AS n FROM t WINDOW TUMBLING(1 min)",
        "streams": {"t": {"columns": {"s": "STRING", "at": "LONG"}, "time": {"column": "at"}}},
    });
    let mut stage = Stage::open(keys).await;
    for (s, at) in [("1", 1000), ("x", 900_000), ("2", 2000)] {
        stage.push(0, vec![text(format!(r#"{{"s":"{s}","at":{at}}}"#), 0)]).await;
    }
    stage.finish().await;
    assert_eq!((stage.rejected.len(), stage.values()), (1, vec![json!({"n": 3})]));
}

/// `a AND b` computes `b` for rows whose `a` is false too, unless it is false for all of them.
#[tokio::test]
async fn a_row_that_fails_only_beside_others_is_no_bad_row() {
    let query = "SELECT s AS n FROM t WHERE kind = 'a' AND s <> 'x' AND CAST(s AS LONG) > 0";
    for query in [query.to_owned(), format!("{query} WINDOW TUMBLING(1 min)")] {
        let stage = over_mixed(&query).await;
        assert_eq!(stage.rejected, [""; 0], "{query}");
        assert_eq!(stage.values(), [json!({"n": "1"}), json!({"n": "2"})], "{query}");
    }
}

#[tokio::test]
async fn a_row_is_refused_once_though_it_lies_in_many_windows() {
    let query = "SELECT SUM(CAST(s AS LONG)) AS n FROM t WINDOW HOP(1 min, 10 sec)";
    let stage = over_mixed(query).await;
    assert_eq!((stage.rejected.len(), stage.values()), (2, vec![json!({"n": 3}); 6]));
}

#[tokio::test]
async fn a_window_whose_rows_are_all_refused_does_not_open() {
    let query = "SELECT COUNT(CAST(kind AS LONG)) AS n FROM t WINDOW TUMBLING(1 min)";
    let stage = over_mixed(query).await;
    assert_eq!((stage.rejected.len(), stage.values().len()), (4, 0));
}

#[tokio::test]
async fn bad_rows_of_all_kinds_go_out_in_order() {
    let keys = json!({
        "query": "SELECT SUM(CAST(s AS LONG)) AS n FROM t WINDOW TUMBLING(1 min)",
        "streams": {"t": {"columns": {"s": "STRING", "at": "LONG"}, "time": {"column": "at"}}},
    });
    let mut stage = Stage::open(keys).await;
    // Out of order by time too: the rows of one window do not stand together.
    let texts = [
        r#"{"s":"x","at":61000}"#,
        "5",
        r#"{"s":"1","at":1000}"#,
        r#"{"s":"1"}"#,
        r#"{"s":"y","at":1000}"#,
        r#"{"s":"2","at":61000}"#,
        r#"{"s":[],"at":1000}"#,
    ];
    stage.push(0, texts.iter().map(|row| text(row, 0)).collect()).await;
    stage.finish().await;
    let rows: Vec<&str> =
        stage.rejected.iter().map(|why| why.split(" of").next().unwrap()).collect();
    assert_eq!(rows, ["row 1", "row 2", "row 4", "row 5", "row 7"], "{:?}", stage.rejected);
    assert_eq!(stage.values(), [json!({"n": 1}), json!({"n": 2})]);
}

#[tokio::test]
async fn the_good_rows_of_a_page_come_out_in_order() {
    let keys = json!({
        "query": "SELECT CAST(s AS LONG) AS n FROM t",
        "streams": {"t": {"columns": {"s": "STRING"}}},
    });
    let mut stage = Stage::open(keys).await;
    let is_bad = |n: usize| [0, 7, 8, 63, 64, 99].contains(&n);
    let row = |n: usize| format!(r#"{{"s":"{}{n}"}}"#, if is_bad(n) { "x" } else { "" });
    for page in [0..10, 10..100] {
        stage.push(0, page.map(|n| text(row(n), 0)).collect()).await;
    }
    let wanted: Vec<_> = (0..100).filter(|n| !is_bad(*n)).map(|n| json!({"n": n})).collect();
    assert_eq!(stage.values(), wanted);
    let why =
        |n: usize| format!("row {} of t: Cannot cast string 'x{n}' to value of Int64 type", n + 1);
    assert_eq!(stage.rejected, [0, 7, 8, 63, 64, 99].map(why));
}

#[tokio::test]
async fn try_cast_gives_null() {
    let keys = json!({
        "query": "SELECT TRY_CAST(s AS DOUBLE) AS n FROM t",
        "streams": {"t": {"columns": {"s": "STRING"}}},
    });
    let mut stage = Stage::open(keys).await;
    stage.push(0, vec![text(r#"{"s":"x"}"#, 0), text(r#"{"s":"1.5"}"#, 0)]).await;
    assert_eq!(stage.values(), [json!({"n": null}), json!({"n": 1.5})]);
    assert_eq!(stage.rejected, [""; 0]);
}
