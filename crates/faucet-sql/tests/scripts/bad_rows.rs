//! Rows that do not fit.

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
    for part in ["row 3 of Feed", "column `s` takes a STRING, and not [1]", "line 3: SELECT"] {
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

/// A window is one execution of the plan, which a bad text must not end.
#[tokio::test]
async fn a_text_that_is_no_number_leaves_the_rest_of_its_window_alone() {
    let keys = |query: &str| {
        json!({
            "query": query,
            "streams": {"t": {
                "columns": {"s": "STRING", "kind": "STRING", "at": "LONG"},
                "time": {"column": "at"},
            }},
        })
    };
    let row = |s: &str, kind: &str| text(format!(r#"{{"s":"{s}","kind":"{kind}","at":1000}}"#), 0);
    let rows = || vec![row("1", "a"), row("x", "a"), row("y", "b"), row("2", "a")];
    for (query, refused, sum) in [
        ("SELECT SUM(CAST(s AS LONG)) AS n FROM t WINDOW TUMBLING(1 min)", &[2, 3][..], 3),
        // WHERE leaves the other one out: the query never reads it.
        (
            "SELECT SUM(CAST(s AS LONG)) AS n FROM t WHERE kind = 'a' WINDOW TUMBLING(1 min)",
            &[2],
            3,
        ),
        (
            "SELECT SUM(CAST(s AS LONG)) AS n FROM t WHERE kind <> 'b' AND s <> 'x' WINDOW TUMBLING(1 min)",
            &[],
            3,
        ),
    ] {
        let mut stage = Stage::open(keys(query)).await;
        stage.push(0, rows()).await;
        stage.finish().await;
        assert_eq!(stage.values(), [json!({"n": sum})], "{query}");
        let why = |n: &i32| {
            let value = if *n == 2 { "x" } else { "y" };
            format!("row {n} of t: CAST(s AS LONG) fails for `{value}`")
        };
        assert_eq!(stage.rejected, refused.iter().map(why).collect::<Vec<_>>(), "{query}");
    }
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
