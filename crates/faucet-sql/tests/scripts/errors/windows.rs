//! Queries that need a window, and windows that cannot be.

use super::check;

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
            &["2:50: a window lasts from 1 ms to 365 days, in whole milliseconds"],
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
            &["2:50: `5` has no unit | write 5 ms for milliseconds"],
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
