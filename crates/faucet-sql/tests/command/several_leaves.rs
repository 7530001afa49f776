//! Queries that read a stream more than once.

use std::collections::BTreeMap;

use crate::support::{Scripts, faucet};

/// The rows that the query gives for a file of three records, sorted.
fn rows(query: &str) -> Vec<String> {
    let scripts = Scripts::new();
    let file = scripts
        .write("rows.jsonl", "{\"a\":1,\"b\":4}\n{\"a\":2,\"b\":\"x\"}\n{\"a\":3,\"b\":6}\n");
    let stream = "CREATE STREAM T (a LONG, b LONG) WITH (type = 'SOURCE', extension = 'jsonl', \
                  format = 'JSON', on_parse_error = 'SKIP', \"jsonl.path\" = 'FILE')";
    let text = format!("{};\n{query}", stream.replace("FILE", &file));
    let script = scripts.write("script.sql", &text);
    let ran = faucet(["run", &script]).succeeded();
    let mut rows: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

#[test]
fn each_part_of_a_query_sees_every_row() {
    // The second record is no row.
    let asked = BTreeMap::from([
        ("SELECT a FROM T UNION ALL SELECT b FROM T", "1 3 4 6"),
        (
            "SELECT a FROM T WHERE a < 3 UNION SELECT a FROM T WHERE b > 0 WINDOW TUMBLING(1 hour)",
            "1 3",
        ),
        (
            "SELECT a FROM T UNION ALL SELECT b FROM T WINDOW TUMBLING(1 hour) ORDER BY a LIMIT 3",
            "1 3 4",
        ),
        ("SELECT a FROM T WHERE a > (SELECT AVG(b) - 3 FROM T) WINDOW TUMBLING(1 hour)", "3"),
        ("SELECT a FROM T WHERE b IN (SELECT MAX(b) FROM T) WINDOW TUMBLING(1 hour)", "3"),
        ("SELECT x.a FROM T x JOIN T y ON x.a = y.b - 3 WINDOW TUMBLING(1 hour)", "1 3"),
        (
            "SELECT COUNT(*) AS a FROM (SELECT a FROM T UNION ALL SELECT b FROM T) WINDOW TUMBLING(1 hour)",
            "4",
        ),
    ]);
    for (query, expected) in asked {
        let expected: Vec<String> =
            expected.split(' ').map(|value| format!("{{\"a\":{value}}}")).collect();
        assert_eq!(rows(query), expected, "{query}");
    }
}

#[test]
fn each_part_of_a_query_is_told_about_the_same_window() {
    let found = rows(
        "SELECT window_end() + b - b AS a FROM T UNION ALL SELECT window_start() + 60000 FROM T WHERE b > 0 WINDOW TUMBLING(1 min)",
    );
    assert_eq!(found.len(), 4);
    let first: serde_json::Value = serde_json::from_str(&found[0]).unwrap();
    assert!(
        first["a"].as_i64().unwrap() > 0 && first["a"].as_i64().unwrap() % 60_000 == 0,
        "{first}"
    );
    // The file may be read over the end of a minute.
    assert!(found.iter().filter(|row| **row == found[0]).count() % 2 == 0, "{found:?}");
}

#[test]
fn a_script_sees_the_environment() {
    let scripts = Scripts::new();
    let text = "CREATE STREAM T (a LONG) WITH (type = 'source', extension = 'jsonl', \
                \"jsonl.path\" = '${CARGO_MANIFEST_DIR}/${FAUCET_NONE:-Cargo}.toml');\nSELECT a FROM T;\n";
    let script = scripts.write("script.sql", text);
    let ran = faucet(["validate", &script]).succeeded();
    assert!(
        ran.stdout.contains(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
        "{}",
        ran.stdout
    );
}
