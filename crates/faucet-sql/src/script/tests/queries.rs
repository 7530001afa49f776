//! Queries and their targets.

use datafusion::sql::sqlparser::ast::Spanned as _;

use super::{one_query, sound};
use crate::script::places::Places;

#[test]
fn a_target_stands_before_or_behind() {
    for (text, into, query) in [
        ("SELECT a FROM t", None, "SELECT a FROM t"),
        ("SELECT a FROM t INSERT INTO o", Some("o"), "SELECT a FROM t"),
        ("insert into O select a from t", Some("O"), "SELECT a FROM t"),
        ("INSERT INTO \"o.p\" SELECT a FROM t", Some("o.p"), "SELECT a FROM t"),
        ("INSERT INTO o (SELECT a FROM t)", Some("o"), "(SELECT a FROM t)"),
        (
            "WITH x AS (SELECT a FROM t) INSERT INTO o SELECT a FROM x",
            Some("o"),
            "WITH x AS (SELECT a FROM t) SELECT a FROM x",
        ),
        (
            "SELECT a FROM t UNION ALL SELECT a FROM u INSERT INTO o",
            Some("o"),
            "SELECT a FROM t UNION ALL SELECT a FROM u",
        ),
        (
            "SELECT a FROM t ORDER BY a LIMIT 5 INSERT INTO o",
            Some("o"),
            "SELECT a FROM t ORDER BY a LIMIT 5",
        ),
    ] {
        let read = one_query(text);
        assert_eq!(read.into.as_ref().map(|into| into.text.as_str()), into, "{text}");
        assert_eq!(read.query.to_string(), query);
        assert_eq!(&text[read.span.range()], text);
        if let Some(name) = read.into {
            assert_eq!(text[name.span.range()].trim_matches('"'), name.text);
        }
    }
}

#[test]
fn names_texts_numbers_comments_and_json_are_read() {
    for text in [
        "SELECT data->>'s', data->'a'->0 FROM t WHERE data->>'p' > '5'",
        "SELECT \"order\", t, T, -1.5e3, 'it''s', true, NULL FROM \"Trades\"",
        "SELECT /* a; 'comment' */ a -- another; one\nFROM t",
        "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END AS c, TRY_CAST(a AS LONG), a::DOUBLE FROM t",
        "SELECT COUNT(DISTINCT a) FILTER (WHERE b > 1), extract(hour FROM ts) FROM t",
        "SELECT a FROM t WHERE a == 1",
    ] {
        assert_eq!(sound(text).len(), 1, "{text}");
    }
}

#[test]
fn places_in_the_query_are_those_of_the_script() {
    let text = "-- π\nSELECT 1;\nINSERT INTO o\n  SELECT 'π', price FROM t WINDOW TUMBLING(1 s) WHERE late > 5;";
    let statements = sound(text);
    let crate::script::statement::Statement::Query(read) = &statements[1] else { panic!() };
    let select = read.query.body.as_select().unwrap();
    let places = Places::new(text);
    let shown = |span| &text[places.span(span).unwrap().range()];
    assert_eq!(shown(select.projection[1].span()), "price");
    assert_eq!(shown(select.selection.as_ref().unwrap().span()), "late > 5");
    assert_eq!(&text[read.span.range()], text.rsplit_once("1;\n").unwrap().1.trim_end_matches(';'));
}

#[test]
fn nothing_is_no_statement() {
    for text in ["", ";;", " ; -- a comment\n;", "/* nothing */"] {
        assert_eq!(sound(text).len(), 0, "{text}");
    }
    assert_eq!(sound(";SELECT 1;;SELECT 2").len(), 2);
}
