//! Mistakes in queries.

use super::check;

#[test]
fn names_that_nobody_knows() {
    check(&[
        (
            "{T}SELECT s, prce FROM Trades;",
            &["2:11: there is no column `prce` | known: s, p, q, T"],
        ),
        (
            "{T}SELECT s FROM Trades\nWHERE x > 5;",
            &["3:7: there is no column `x` | known: s, p, q, T"],
        ),
        (
            "{T}SELECT COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min)\nGROUP BY symbol;",
            &["3:10: there is no column `symbol` | known: n, s, p, q, T"],
        ),
        (
            "{T}SELECT Trades.sx FROM Trades;",
            &["2:8: there is no column `sx` | did you mean `s`? | known: s, p, q, T"],
        ),
        (
            "{T}SELECT t.sx FROM Trades t;",
            &["2:8: there is no column `sx` | did you mean `s`? | known: s, p, q, T"],
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
                "1:15: there is no stream `Trade` | no stream is declared | a script declares each stream that it reads: CREATE STREAM name (columns) WITH (…)",
            ],
        ),
        (
            "{T}SELECT uper(s) AS u FROM Trades;",
            &["2:8: there is no function `uper` | did you mean `upper`?"],
        ),
        ("{T}SELECT foo(s) AS u FROM Trades;", &["2:8: there is no function `foo`"]),
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
fn slips_in_queries() {
    check(&[
        ("{T}SELECT s + p AS x FROM Trades;", &["2:8: expressions have incompatible types"]),
        (
            "{T}SELECT s FROM Trades WHERE p;",
            &["2:1: cannot create filter with non-boolean predicate 'Trades.p' returning Float64"],
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
            &["2:8: event_timestamp() takes no argument"],
        ),
        (
            "{T}SELECT event_timestamp() AS at FROM (SELECT s FROM Trades);",
            &[
                "2:8: event_timestamp() is the time of a row of a stream, and this SELECT reads none | let the inner query bring it: SELECT event_timestamp() AS at, …",
            ],
        ),
        (
            "{T}WITH w AS (SELECT s FROM Trades) SELECT s FROM w WHERE event_timestamp() > 5;",
            &[
                "2:56: event_timestamp() is the time of a row of a stream, and this SELECT reads none | let the inner query bring it: SELECT event_timestamp() AS at, …",
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
            &["2:1: there is no statement `UPDATE` | known: CREATE STREAM, INSERT INTO, SELECT"],
        ),
        (
            "{T}SELECT s Trades;",
            &[
                "2:1: the query reads no stream, so that it has nothing to begin with | add FROM and a stream",
            ],
        ),
        (
            "{T}SELECT s, COUNT(*) AS n FROM Trades WINDOW TUMBLING(1 min) GROUP s;",
            &["2:60: expected the end of the statement, found `GROUP` | write GROUP BY"],
        ),
    ]);
}
