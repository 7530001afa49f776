//! Mistakes in declarations of streams, and in what queries do with the streams.

use super::check;

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
                "1:122: there is no option `jsonl.pth` | did you mean `jsonl.path`? | known: dead_letter, extension, format, json.mapping.<column>, jsonl.batch_bytes, jsonl.batch_size, jsonl.envelope, jsonl.follow, jsonl.format, jsonl.frames, jsonl.max_message_bytes, jsonl.max_messages, jsonl.on_parse_error, jsonl.path, on_parse_error, time.column, time.idle, time.lateness, time.unit, type",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', formt = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:105: there is no option `formt` | did you mean `format`? | known: dead_letter, extension, format, json.mapping.<column>, jsonl.batch_bytes, jsonl.batch_size, jsonl.envelope, jsonl.follow, jsonl.format, jsonl.frames, jsonl.max_message_bytes, jsonl.max_messages, jsonl.on_parse_error, jsonl.path, on_parse_error, time.column, time.idle, time.lateness, time.unit, type",
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
            &["1:96: there is no source `jsnl` | did you mean `jsonl`? | known: websocket, jsonl"],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'kafka', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &["1:96: there is no source `kafka` | known: websocket, jsonl"],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'sorce', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &["1:74: `type` cannot be `sorce` | did you mean `source`? one of: source, sink"],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (tpye = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:67: there is no option `tpye` | did you mean `type`? | known: type, extension, format, on_parse_error, dead_letter, json.mapping.<column>, time.column, time.unit, time.lateness, time.idle",
            ],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (typ = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &[
                "1:67: there is no option `typ` | did you mean `type`? | known: type, extension, format, on_parse_error, dead_letter, json.mapping.<column>, time.column, time.unit, time.lateness, time.idle",
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
            &["1:114: `format` cannot be `csv` | one of: json, text, bytes"],
        ),
        (
            "CREATE STREAM Trades (s STRING p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source', extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &["1:25: a comma is missing | a comma is missing behind this | add the comma"],
        ),
        (
            "CREATE STREAM Trades (s STRING, p DOUBLE, q DOUBLE, T LONG) WITH (type = 'source' extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\nSELECT s FROM Trades;",
            &["1:74: a comma is missing | a comma is missing behind this | add the comma"],
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
            &["1:15: a stream of the format `text` has one column, of the type STRING"],
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
            &["3:27: `Out` has no column `p` | name it: … AS n; the columns of `Out`: s, n"],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s FROM Trades;",
            &[
                "3:1: the query gives no `n`, which `Out` has | add it to SELECT: … AS n, or NULL AS n",
            ],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, 1 AS n, p FROM Trades;",
            &["3:35: `Out` has no column `p` | leave it out; the columns of `Out`: s, n"],
        ),
        (
            "{T}{O}INSERT INTO Out SELECT s, p * 2, q FROM Trades;",
            &["3:34: `Out` has no column `q` | leave it out; the columns of `Out`: s, n"],
        ),
        ("{T}{O}SELECT s FROM Out;", &["3:15: `Out` is a sink, and no query reads a sink"]),
        (
            "{T}INSERT INTO Trades SELECT s, p, q, T FROM Trades;",
            &["2:13: `Trades` is a source, and no query writes to a source"],
        ),
        (
            "",
            &[": the file is empty | write CREATE STREAM and SELECT; docs/sql.md begins with both"],
        ),
        (
            "{T}SELECT 1 AS x;",
            &[
                "2:1: the query reads no stream, so that it has nothing to begin with | add FROM and a stream",
            ],
        ),
        (
            "{T}INSERT INTO c SELECT s FROM Trades;\nINSERT INTO c SELECT p FROM Trades;\nSELECT * FROM c;",
            &["3:22: `c` has no column `p` | name it: … AS s; the columns of `c`: s"],
        ),
    ]);
}
