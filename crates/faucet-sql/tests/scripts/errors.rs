//! What users see of their mistakes: the place, the message, and what to do.

use faucet_sql::Script;
use faucet_testkit::MemorySink;

use crate::support::registry;

const TRADES: &str = "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', \
                      extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\n";
const OUT: &str = "CREATE STREAM Out (s STRING, n LONG) WITH (type = 'sink', extension = 'jsonl', format = 'json', \
                   \"jsonl.path\" = 'out.jsonl');\n";

/// What is wrong with a script: `line:column: message | label | help`, one line each. `{T}` stands for the stream
/// `Trades`, `{Q}` for one like it, `{O}` for the sink `Out`.
fn found(script: &str) -> Vec<String> {
    let quotes = TRADES.replace("Trades", "Quotes");
    let text = script.replace("{T}", TRADES).replace("{Q}", &quotes).replace("{O}", OUT);
    let verdict = Script::parse(&text).check(&registry(&MemorySink::new()));
    assert!(verdict.pipeline.is_none(), "{script}");
    let line = |found: &faucet_stream::Diagnostic| {
        let place = found.start.map(|at| format!("{}:{}", at.line, at.column)).unwrap_or_default();
        let parts = [Some(found.message()), found.label()].into_iter().flatten();
        let words: Vec<String> = parts.chain(found.help()).collect();
        format!("{place}: {}", words.join(" | "))
    };
    verdict.diagnostics.iter().map(line).collect()
}

fn check(table: &[(&str, &[&str])]) {
    let wrong: Vec<_> = table.iter().filter(|(script, wanted)| found(script) != *wanted).collect();
    for (script, _) in &wrong {
        println!("@@{script:?}@@{:?}", found(script));
    }
    assert!(wrong.is_empty(), "{} scripts have other faults than these", wrong.len());
}

#[test]
fn names_that_nobody_knows() {
    check(&[
        (
            "{T}SELECT s, prce FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades\nWHERE x > 5;",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min)\nGROUP BY symbol;",
            &[
            ],
        ),
        (
            "{T}SELECT Trades.sx FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT t.sx FROM Trades t;",
            &[
            ],
        ),
        (
            "{T}SELECT s, p, COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min) GROUP BY s;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trade;",
            &[
            ],
        ),
        (
            "SELECT s FROM Trade;",
            &[
            ],
        ),
        (
            "{T}SELECT uper(s) AS u FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT foo(s) AS u FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT CAST(s AS DUBLE) AS x FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM trades;",
            &[
            ],
        ),
    ]);
}

#[test]
fn slips_in_declarations() {
    check(&[
        (
            "CREATE STREAM Trades (s STRING, p DUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\n",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"jsonl.pth\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', formt = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsnl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'kafka', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'sorce', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (tpye = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (typ = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'csv', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source' extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s p q FROM Trades;",
            &[
            ],
        ),
        (
            "{T}{T}SELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"json.mapping.p\" = 'a/b', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades WHERE s = 'abc;\n",
            &[
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'text', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
            ],
        ),
    ]);
}

#[test]
fn streams_that_do_not_fit_together() {
    check(&[
        (
            "{T}INSERT INTO a SELECT s FROM b;\nINSERT INTO b SELECT s FROM a;",
            &[
            ],
        ),
        (
            "CREATE STREAM a (s STRING);\nINSERT INTO a SELECT s FROM a;",
            &[
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, p FROM Trades;",
            &[
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, 1 AS n, p FROM Trades;",
            &[
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, p * 2, q FROM Trades;",
            &[
            ],
        ),
        (
            "{T}{O}SELECT s FROM Out;",
            &[
            ],
        ),
        (
            "{T}INSERT INTO Trades SELECT s, p, q, T FROM Trades;",
            &[
            ],
        ),
        (
            "",
            &[
            ],
        ),
        (
            "{T}SELECT 1 AS x;",
            &[
            ],
        ),
        (
            "{T}INSERT INTO c SELECT s FROM Trades;\nINSERT INTO c SELECT p FROM Trades;\nSELECT * FROM c;",
            &[
            ],
        ),
    ]);
}

#[test]
fn what_needs_a_window() {
    check(&[
        (
            "{T}SELECT s, COUNT(*) AS n FROM Trades GROUP BY s;",
            &[
            ],
        ),
        (
            "{T}SELECT SUM(p) FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades GROUP BY s;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades HAVING COUNT(*) > 1;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades ORDER BY s;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades LIMIT 5;",
            &[
            ],
        ),
        (
            "{T}SELECT DISTINCT s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}{Q}SELECT a.s FROM Trades a JOIN Quotes b ON a.s = b.s;",
            &[
            ],
        ),
        (
            "{T}{Q}SELECT a.s FROM Trades a, Quotes b;",
            &[
            ],
        ),
        (
            "{T}SELECT s, ROW_NUMBER() OVER (ORDER BY p) AS r FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades WHERE s IN (SELECT s FROM Trades);",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades UNION SELECT s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s, window_end() AS e FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(0 min);",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW HOP(1 min, 7 sec);",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW HOP(1 min);",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 mni);",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(5);",
            &[
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW SESSION(1 min);",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades WINDOW TUMBLING(1 min) WHERE COUNT(*) > 1 GROUP BY s;",
            &[
            ],
        ),
    ]);
}

#[test]
fn slips_in_queries() {
    check(&[
        (
            "{T}SELECT s + p AS x FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s FROM Trades WHERE p;",
            &[
            ],
        ),
        (
            "{T}SELECT SUM(s) AS x FROM Trades WINDOW TUMBLING(1 min);",
            &[
            ],
        ),
        (
            "{T}SELECT upper(s, p) AS x FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT event_timestamp(1) AS x FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT window_end(1) AS x FROM Trades WINDOW TUMBLING(1 min);",
            &[
            ],
        ),
        (
            "{T}SELECT SUM(COUNT(*)) AS x FROM Trades WINDOW TUMBLING(1 min);",
            &[
            ],
        ),
        (
            "{T}SELECT s, s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s AS a, p AS a FROM Trades;",
            &[
            ],
        ),
        (
            "{T}SELCT s FROM Trades;",
            &[
            ],
        ),
        (
            "{T}UPDATE Trades SET s = 1;",
            &[
            ],
        ),
        (
            "{T}SELECT s Trades;",
            &[
            ],
        ),
        (
            "{T}SELECT s, COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min) GROUP s;",
            &[
            ],
        ),
    ]);
}
