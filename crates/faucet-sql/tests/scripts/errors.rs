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
                "2:11: there is no column `prce` | known: s, p, q, T",
            ],
        ),
        (
            "{T}SELECT s FROM Trades\nWHERE x > 5;",
            &[
                "3:7: there is no column `x` | known: s, p, q, T",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min)\nGROUP BY symbol;",
            &[
                "3:10: there is no column `symbol` | known: n, s, p, q, T",
            ],
        ),
        (
            "{T}SELECT Trades.sx FROM Trades;",
            &[
                "2:8: there is no column `sx` | did you mean `s`? | known: s, p, q, T",
            ],
        ),
        (
            "{T}SELECT t.sx FROM Trades t;",
            &[
                "2:8: there is no column `sx` | did you mean `s`? | known: s, p, q, T",
            ],
        ),
        (
            "{T}SELECT s, p, COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min) GROUP BY s;",
            &[
                "2:11: 'Trades.p' must appear in GROUP BY clause because it's not an aggregate expression | Either add 'Trades.p' to GROUP BY clause, or use an aggregate function like ANY_VALUE(Trades.p)",
            ],
        ),
        (
            "{T}SELECT s FROM Trade;",
            &[
                "2:15: there is no stream `Trade` | did you mean `Trades`? | known: Trades | a script declares each stream that it reads: CREATE STREAM name (columns) WITH (…)",
            ],
        ),
        (
            "SELECT s FROM Trade;",
            &[
                "1:15: there is no stream `Trade` | the file has no stream | a script declares each stream that it reads: CREATE STREAM name (columns) WITH (…)",
            ],
        ),
        (
            "{T}SELECT uper(s) AS u FROM Trades;",
            &[
                "2:8: there is no function `uper` | did you mean `upper`?",
            ],
        ),
        (
            "{T}SELECT foo(s) AS u FROM Trades;",
            &[
                "2:8: there is no function `foo`",
            ],
        ),
        (
            "{T}SELECT CAST(s AS DUBLE) AS x FROM Trades;",
            &[
                "2:18: there is no type `DUBLE` | did you mean `DOUBLE`? | known: STRING, INT, LONG, FLOAT, DOUBLE, BOOL, OBJECT, BYTES",
            ],
        ),
        (
            "{T}SELECT s FROM trades;",
            &[
                "2:15: there is no stream `trades` | did you mean `Trades`? | known: Trades | a script declares each stream that it reads: CREATE STREAM name (columns) WITH (…)",
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
                "1:35: there is no type `DUBLE` | did you mean `DOUBLE`? | known: STRING, INT, LONG, FLOAT, DOUBLE, BOOL, OBJECT, BYTES",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"jsonl.pth\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:122: there is no option `jsonl.pth` | did you mean `jsonl.path`? | known: extension, format, json.mapping.<column>, jsonl.batch_bytes, jsonl.batch_size, jsonl.envelope, jsonl.follow, jsonl.format, jsonl.frames, jsonl.max_message_bytes, jsonl.max_messages, jsonl.on_parse_error, jsonl.path, on_parse_error, time.column, time.idle, time.lateness, time.unit, type",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', formt = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:105: there is no option `formt` | did you mean `format`? | known: extension, format, json.mapping.<column>, jsonl.batch_bytes, jsonl.batch_size, jsonl.envelope, jsonl.follow, jsonl.format, jsonl.frames, jsonl.max_message_bytes, jsonl.max_messages, jsonl.on_parse_error, jsonl.path, on_parse_error, time.column, time.idle, time.lateness, time.unit, type",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json');\nSELECT s FROM Trades;",
            &[
                "1:15: the stream `Trades` has no `jsonl.path` | the connector `jsonl` needs it: add \"jsonl.path\" = '…' to WITH",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsnl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:96: there is no source `jsnl` | did you mean `jsonl`? | known: websocket, jsonl",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'kafka', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:96: there is no source `kafka` | known: websocket, jsonl",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'sorce', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:74: `type` cannot be `sorce` | did you mean `source`? one of: source, sink",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (tpye = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:67: there is no option `tpye` | did you mean `type`? | known: type, extension, format, on_parse_error, json.mapping.<column>, time.column, time.unit, time.lateness, time.idle",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (typ = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:67: there is no option `typ` | did you mean `type`? | known: type, extension, format, on_parse_error, json.mapping.<column>, time.column, time.unit, time.lateness, time.idle",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:15: the stream `Trades` has no `extension` | add the name of a connector to WITH: extension = 'websocket'",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'csv', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:114: `format` cannot be `csv` | one of: json, text, bytes",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:25: a comma is missing | a comma is missing behind this | add the comma",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source' extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:74: a comma is missing | a comma is missing behind this | add the comma",
            ],
        ),
        (
            "{T}SELECT s p q FROM Trades;",
            &[
                "2:12: expected the end of the statement, found `q` | is a comma or an operator missing before `q`?",
            ],
        ),
        (
            "{T}{T}SELECT s FROM Trades;",
            &[
                "2:15: `Trades` is given twice | once more | leave one of the two out | give one of the streams another name",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"json.mapping.p\" = 'a/b', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:141: `json.mapping.p`: a JSON pointer begins with `/`, such as `/data/price`; `` is the whole value",
            ],
        ),
        (
            "{T}SELECT s FROM Trades WHERE s = 'abc;\n",
            &[
                "2:32: a quote is not closed | the quote begins here and does not end | add the quote at the end of the value",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'text', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:15: a stream of the format `text` has one column, of the type STRING",
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
                "3:29: the streams go in a circle: `a` is read here, and written by a query that needs it | let the query write another stream",
            ],
        ),
        (
            "CREATE STREAM a (s STRING);\nINSERT INTO a SELECT s FROM a;",
            &[
                "2:29: the streams go in a circle: `a` is read here, and written by a query that needs it | let the query write another stream",
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, p FROM Trades;",
            &[
                "3:27: `Out` has no column `p` | name it: … AS n; the columns of `Out`: s, n",
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s FROM Trades;",
            &[
                "3:1: the query gives no `n`, which `Out` has | add it to SELECT: … AS n, or NULL AS n",
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, 1 AS n, p FROM Trades;",
            &[
                "3:35: `Out` has no column `p` | leave it out; the columns of `Out`: s, n",
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, p * 2, q FROM Trades;",
            &[
                "3:34: `Out` has no column `q` | leave it out; the columns of `Out`: s, n",
            ],
        ),
        (
            "{T}{O}SELECT s FROM Out;",
            &[
                "3:15: `Out` is a sink, and no query reads a sink",
            ],
        ),
        (
            "{T}INSERT INTO Trades SELECT s, p, q, T FROM Trades;",
            &[
                "2:13: `Trades` is a source, and no query writes to a source",
            ],
        ),
        (
            "",
            &[
                ": the file is empty | write CREATE STREAM and SELECT; docs/sql.md begins with both",
            ],
        ),
        (
            "{T}SELECT 1 AS x;",
            &[
                "2:1: the query reads no stream, so that it has nothing to begin with | add FROM and a stream",
            ],
        ),
        (
            "{T}INSERT INTO c SELECT s FROM Trades;\nINSERT INTO c SELECT p FROM Trades;\nSELECT * FROM c;",
            &[
                "3:22: `c` has no column `p` | name it: … AS s; the columns of `c`: s",
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
                "2:11: an aggregate needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT SUM(p) FROM Trades;",
            &[
                "2:8: an aggregate needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades GROUP BY s;",
            &[
                "2:31: an aggregate needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades HAVING COUNT(*) > 1;",
            &[
                "2:8: 'Trades.s' must appear in GROUP BY clause because it's not an aggregate expression | Either add 'Trades.s' to GROUP BY clause, or use an aggregate function like ANY_VALUE(Trades.s)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades ORDER BY s;",
            &[
                "2:31: ORDER BY needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades LIMIT 5;",
            &[
                "2:28: LIMIT needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT DISTINCT s FROM Trades;",
            &[
                "2:17: DISTINCT needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}{Q}SELECT a.s FROM Trades a JOIN Quotes b ON a.s = b.s;",
            &[
                "3:17: a join needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}{Q}SELECT a.s FROM Trades a, Quotes b;",
            &[
                "3:17: a join needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s, ROW_NUMBER() OVER (ORDER BY p) AS r FROM Trades;",
            &[
                "2:11: a function with OVER needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades WHERE s IN (SELECT s FROM Trades);",
            &[
                "2:34: a query inside an expression needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades UNION SELECT s FROM Trades;",
            &[
                "2:1: UNION without ALL needs WINDOW: a feed has no end to wait for | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT s, window_end() AS e FROM Trades;",
            &[
                "2:11: window_end() needs WINDOW | add a window behind FROM, such as WINDOW TUMBLING(1 min)",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(0 min);",
            &[
                "2:50: a window lasts from 1 ms to 365 days, in whole milliseconds",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW HOP(1 min, 7 sec);",
            &[
                "2:34: the size 1 min is no multiple of the slide 7 sec | write WINDOW HOP(63 sec, 7 sec)",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW HOP(1 min);",
            &[
                "2:34: the window HOP takes two durations, its size and its slide | such as WINDOW HOP(2 min, 30 sec)",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 mni);",
            &[
                "2:52: there is no unit of time `mni` | did you mean `min`? | known: ms, sec, min, hour, day",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(5);",
            &[
                "2:50: `5` has no unit | write 5 ms for milliseconds",
            ],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW SESSION(1 min);",
            &[
                "2:41: windows of the kind `SESSION` are not supported | supported: TUMBLING(size), HOP(size, slide), SLIDING(size, slide)",
            ],
        ),
        (
            "{T}SELECT s FROM Trades WINDOW TUMBLING(1 min) WHERE COUNT(*) > 1 GROUP BY s;",
            &[
                "2:1: aggregate functions are not allowed in the WHERE clause. Consider using HAVING instead",
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
                "2:8: expressions have incompatible types",
            ],
        ),
        (
            "{T}SELECT s FROM Trades WHERE p;",
            &[
                "2:1: cannot create filter with non-boolean predicate 'Trades.p' returning Float64",
            ],
        ),
        (
            "{T}SELECT SUM(s) AS x FROM Trades WINDOW TUMBLING(1 min);",
            &[
                "2:8: the function `sum` does not take a value of the type String | convert the value: CAST(x AS DOUBLE)",
            ],
        ),
        (
            "{T}SELECT upper(s, p) AS x FROM Trades;",
            &[
                "2:8: function 'upper' expects 1 arguments but received 2 | look at the number and the types of its arguments",
            ],
        ),
        (
            "{T}SELECT event_timestamp(1) AS x FROM Trades;",
            &[
                "2:8: event_timestamp() takes no argument",
            ],
        ),
        (
            "{T}SELECT window_end(1) AS x FROM Trades WINDOW TUMBLING(1 min);",
            &[
                "2:8: the function 'window_end' expected zero argument but received 1 | look at the number and the types of its arguments",
            ],
        ),
        (
            "{T}SELECT SUM(COUNT(*)) AS x FROM Trades WINDOW TUMBLING(1 min);",
            &[
                "2:1: aggregate function calls cannot be nested | Compute 'count(Int64(1))' in an inner query and aggregate its result",
            ],
        ),
        (
            "{T}SELECT s, s FROM Trades;",
            &[
                "2:11: two columns of the result have the name `s` | give one of them another name: … AS s_2",
            ],
        ),
        (
            "{T}SELECT s AS a, p AS a FROM Trades;",
            &[
                "2:16: two columns of the result have the name `a` | give one of them another name: … AS a_2",
            ],
        ),
        (
            "{T}SELCT s FROM Trades;",
            &[
                "2:1: there is no statement `SELCT` | did you mean `SELECT`? | known: CREATE STREAM, INSERT INTO, SELECT",
            ],
        ),
        (
            "{T}UPDATE Trades SET s = 1;",
            &[
                "2:1: there is no statement `UPDATE` | known: CREATE STREAM, INSERT INTO, SELECT",
            ],
        ),
        (
            "{T}SELECT s Trades;",
            &[
                "2:1: the query reads no stream, so that it has nothing to begin with | add FROM and a stream",
            ],
        ),
        (
            "{T}SELECT s, COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min) GROUP s;",
            &[
                "2:60: expected the end of the statement, found `GROUP` | write GROUP BY",
            ],
        ),
    ]);
}

#[test]
fn both_places_are_shown() {
    for (script, first, second) in [
        ("INSERT INTO a SELECT s FROM b;\nINSERT INTO b SELECT s FROM a;", "a SELECT", "a;"),
        ("{T}CREATE STREAM Trades (a INT);\nSELECT s FROM Trades;", "Trades (s", "Trades (a"),
        ("{T}INSERT INTO Trades SELECT s FROM Trades;", "Trades (s", "Trades SELECT"),
        ("{O}SELECT s FROM Out;", "Out (s", "Out;"),
    ] {
        let text = script.replace("{T}", TRADES).replace("{O}", OUT);
        let verdict = Script::parse(&text).check(&registry(&MemorySink::new()));
        let fault = &verdict.diagnostics[0];
        let places = [fault.others[0].start, fault.span.unwrap().start];
        assert_eq!(places.map(Some), [text.find(first), text.rfind(second)], "{script}: {fault}");
    }
}
