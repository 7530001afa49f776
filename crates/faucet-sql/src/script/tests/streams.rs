//! `CREATE STREAM`.

use super::{assert_faults, marked, one_stream, words};
use crate::schema::ColumnType;
use crate::script::parse::parse;

#[test]
fn columns_keep_their_case_and_have_the_types_of_both_dialects() {
    let text = "create stream \"My Trades\" (t LONG, T Bigint, \"order\" string, timestamp double precision,\n\
                b BOOLEAN, o json, x varchar, y bytea, i INTEGER, r REAL)";
    let stream = one_stream(text);
    assert_eq!(
        (stream.name.text.as_str(), &text[stream.name.span.range()]),
        ("My Trades", "\"My Trades\"")
    );
    let columns: Vec<_> =
        stream.columns.iter().map(|column| (column.name.text.as_str(), column.kind)).collect();
    use ColumnType::{Bool, Bytes, Double, Float, Int, Long, Object, String};
    assert_eq!(
        columns,
        [
            ("t", Long),
            ("T", Long),
            ("order", String),
            ("timestamp", Double),
            ("b", Bool),
            ("o", Object),
            ("x", String),
            ("y", Bytes),
            ("i", Int),
            ("r", Float),
        ]
    );
    assert!(stream.options.is_none());
}

#[test]
fn options_are_names_and_texts() {
    let text = "CREATE STREAM s WITH (type = 'source', -- a comment\n\
                websocket.url = 'ws://h/', /* another */ \"A-b.C\" = 'it''s', n = 5, m = -1.5, b = TRUE, c = false,)";
    let stream = one_stream(text);
    assert!(stream.columns.is_empty());
    let options = stream.options.unwrap();
    let read: Vec<_> = options
        .iter()
        .map(|option| (option.name.text.as_str(), option.value.text.as_str()))
        .collect();
    assert_eq!(
        read,
        [
            ("type", "source"),
            ("websocket.url", "ws://h/"),
            ("A-b.C", "it's"),
            ("n", "5"),
            ("m", "-1.5"),
            ("b", "true"),
            ("c", "false"),
        ]
    );
    assert_eq!(&text[options[1].name.span.range()], "websocket.url");
    assert_eq!(&text[options[2].value.span.range()], "'it''s'");
    assert_eq!(&text[options[4].value.span.range()], "-1.5");
    assert_eq!(
        one_stream("CREATE STREAM s (a INT) WITH ()").options.map(|options| options.len()),
        Some(0)
    );
}

#[test]
fn slips_in_columns() {
    const KNOWN: &str = "known: STRING, INT, LONG, FLOAT, DOUBLE, BOOL, OBJECT, BYTES";
    let constraints = "a column of a stream has a name and a type, and no constraints | leave it out; every column may be NULL";
    let comma = "a comma is missing | a comma is missing behind this | add the comma";
    let unknown = |name: &str, near: &str| match near {
        "" => format!("there is no type `{name}` | {KNOWN}"),
        near => format!("there is no type `{name}` | did you mean `{near}`? | {KNOWN}"),
    };
    assert_faults(&[
        ("CREATE STREAM s (a «STRNG»)", &unknown("STRNG", "STRING")),
        ("CREATE STREAM s (a INT,\n b «duoble»)", &unknown("duoble", "DOUBLE")),
        ("CREATE STREAM s (a «BIGNIT»)", &unknown("BIGNIT", "BIGINT")),
        ("CREATE STREAM s (a «GEOMETRY», b INT)", &unknown("GEOMETRY", "")),
        (
            "CREATE STREAM s (a VARCHAR«(10)»)",
            "the type STRING takes nothing in brackets | write STRING",
        ),
        (
            "CREATE STREAM s («a» INT, T INT, «a» LONG)",
            "`a` is given twice | once more | leave one of the two out",
        ),
        ("CREATE STREAM s (a «INT» b INT)", comma),
        ("CREATE STREAM s (a INT, b «STRING»\n  c INT) WITH (type = 'source')", comma),
        ("CREATE STREAM s (a INT «NOT NULL», b INT)", constraints),
        ("CREATE STREAM s (a INT «PRIMARY KEY»)", constraints),
        ("CREATE STREAM s (a INT «DEFAULT f(1, 2)»)", constraints),
        ("CREATE STREAM s (a INT, «PRIMARY KEY (a, b)»)", constraints),
        ("CREATE STREAM s (a INT,«)»", "expected the name of a column, found `)`"),
        ("CREATE STREAM s («)»", "expected the name of a column, found `)`"),
        ("CREATE STREAM s (a«)»", "expected the type of the column `a`, found `)`"),
        (
            "CREATE STREAM s (a INT«»",
            "expected `,` or `)` behind the type, and the statement ends here",
        ),
        (
            "CREATE STREAM s (a INT «WITH» (type = 'sink')",
            "expected `)` behind the columns, found `WITH` | add the `)`",
        ),
        (
            "CREATE STREAM s («.»..) WITH (type = 'source')",
            "expected the name of a column, found `.`",
        ),
    ]);
}

#[test]
fn slips_in_options() {
    let comma = "a comma is missing | a comma is missing behind this | add the comma";
    assert_faults(&[
        ("CREATE STREAM s (a INT) WITH (type = «'source'»\n extension = 'x')", comma),
        ("CREATE STREAM s WITH (type = «'source'» \"x.y\" = 'x')", comma),
        ("CREATE STREAM s WITH (n = «5» websocket.url = 'x')", comma),
        (
            "CREATE STREAM s WITH («type» = 'source', n = 1, «type» = 'sink')",
            "`type` is given twice | once more | leave one of the two out",
        ),
        (
            "CREATE STREAM s WITH (type = «\"source\"»)",
            "a value stands in single quotes, and not in double quotes | replace the double quotes by single ones",
        ),
        (
            "CREATE STREAM s WITH (type = «source»)",
            "a value stands in single quotes | write 'source'",
        ),
        (
            "CREATE STREAM s WITH («'x.y'» = 'source')",
            "the name of an option does not stand in single quotes | put it in double quotes: \"x.y\"",
        ),
        (
            "CREATE STREAM s WITH (type «==» 'source')",
            "expected `=` behind `type`, found `==` | write `=`",
        ),
        (
            "CREATE STREAM s WITH (type«:» 'source')",
            "expected `=` behind `type`, found `:` | write `=`",
        ),
        (
            "CREATE STREAM s WITH (type «'source'»)",
            "expected `=` behind `type`, found a string | an option is written `name = 'value'`",
        ),
        (
            "CREATE STREAM s WITH (x.API«-»Key = 'k')",
            "expected `=` behind `x.API`, found `-` | a name with such a character stands in double quotes",
        ),
        ("CREATE STREAM s WITH (type = 'a'«»", "expected `,` or `)`, and the statement ends here"),
        ("CREATE STREAM s WITH (type = «)»", "expected a value in single quotes, found `)`"),
        ("CREATE STREAM s WITH «type» = 'a'", "expected `(` behind WITH, found `type`"),
        (
            "CREATE STREAM s WITH (a = «'x, b = '»y', c = 'd, e = 'f')",
            "a quote is not closed | the quote begins here and does not end | add the quote at the end of the value",
        ),
    ]);
}

#[test]
fn slips_in_names_of_streams() {
    assert_faults(&[
        (
            "CREATE STREAM «a.b» (a INT)",
            "the name of a stream has one part | put a name with a dot in double quotes",
        ),
        ("CREATE STREAM «(»a INT)", "expected the name of a stream, found `(`"),
        ("CREATE STREAM s«»", "expected `(` with the columns, and the statement ends here"),
        (
            "CREATE STREAM «IF NOT EXISTS» s (a INT)",
            "a script creates each stream once | leave out `IF NOT EXISTS`",
        ),
        (
            "CREATE STREAM s «AS» SELECT 1",
            "expected `(` with the columns, found `AS` | a query fills a stream so: INSERT INTO s SELECT …",
        ),
        (
            "CREATE STREAM s (a INT)\n«SELECT» a FROM s",
            "expected `;`, found `SELECT` | end the statement before it with `;`",
        ),
        ("CREATE STREAM s (a INT) «WHIT» (type = 'a')", "expected WITH or `;`, found `WHIT`"),
        ("CREATE STREAM s (a INT) WITH (type = 'a') «x»", "expected `;`, found `x`"),
    ]);
}

#[test]
fn all_faults_of_a_statement_and_of_others_are_found_and_the_sound_ones_are_read() {
    let (text, spans) = marked(
        "CREATE STREAM s (a «STRNG», b «LNOG») WITH (x = 'y' «,» , z = 1);\nSELECT 1;;\nSELECT «FORM FROM» t; SELECT 2;",
    );
    let parsed = parse(&text);
    assert_eq!(parsed.statements.len(), 3, "{:?}", parsed.faults);
    let places: Vec<_> = parsed.faults.iter().filter_map(|fault| fault.span).collect();
    assert_eq!(
        places[..2],
        spans[..2],
        "{:?}",
        parsed.faults.iter().map(words).collect::<Vec<_>>()
    );
    assert_eq!(parsed.faults.len(), 3);
}
