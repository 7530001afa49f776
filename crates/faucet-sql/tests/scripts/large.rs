//! Statements of a size that crashes planners.

use faucet_sql::Script;
use faucet_testkit::MemorySink;

use crate::support::{pages, ran, registry, with_source};

fn script(query: &str) -> String {
    format!("CREATE STREAM t (a DOUBLE) WITH (type = 'source', extension = 'pages');\n{query}")
}

#[tokio::test]
async fn long_expressions_work() {
    let registry =
        |stdout: &MemorySink| with_source(registry(stdout), "pages", pages(&[&[r#"{"a":1}"#]]));
    let many: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    for (query, result) in [
        (format!("SELECT a{} AS b FROM t", " + a".repeat(199)), r#"{"b":200.0}"#),
        (format!("SELECT a AS b FROM t WHERE a = 2{}", " OR a = 1".repeat(199)), r#"{"b":1.0}"#),
        (format!("SELECT a AS b FROM t WHERE a IN ({})", many.join(", ")), r#"{"b":1.0}"#),
    ] {
        let stdout = MemorySink::new();
        ran(&script(&query), &registry(&stdout)).await.into_result().unwrap();
        assert_eq!(stdout.json(), [result]);
    }
}

#[tokio::test]
async fn longer_ones_are_refused() {
    let registry = with_source(registry(&MemorySink::new()), "pages", pages::<&str>(&[]));
    for (query, why) in [
        (
            format!("SELECT a{} AS b FROM t", " + a".repeat(5000)),
            "the expression has more than 200 terms",
        ),
        (format!("SELECT a FROM t WHERE a = 1{}", " OR a = 1".repeat(1000)), "more than 200 terms"),
        (
            format!("SELECT a FROM t{}", " UNION ALL SELECT a FROM t".repeat(500)),
            "more than 200 terms",
        ),
        (format!("SELECT {}a AS b FROM t", "- ".repeat(3000)), "more than 200 terms"),
        (
            format!("SELECT {}a{} AS b FROM t", "(".repeat(3000), ")".repeat(3000)),
            "nested too deeply",
        ),
        (
            format!("SELECT a{} FROM t", ", a".repeat(11_000)),
            "the statement has 22004 words and signs",
        ),
    ] {
        let verdict = Script::parse(&script(&query)).check(&registry);
        let found: Vec<String> = verdict.diagnostics.iter().map(ToString::to_string).collect();
        assert!(found[0].contains(why) && found.len() == 1, "{found:?}");
    }
}
