//! Faults of statements and queries.

use super::{assert_faults, only_fault};

#[test]
fn statements_that_scripts_do_not_have() {
    const KNOWN: &str = "known: CREATE STREAM, INSERT INTO, SELECT";
    let none = |name: &str, near: &str| match near {
        "" => format!("there is no statement `{name}` | {KNOWN}"),
        near => format!("there is no statement `{name}` | did you mean `{near}`? | {KNOWN}"),
    };
    assert_faults(&[
        ("«CREATE TABLE» t (a INT)", &none("CREATE TABLE", "CREATE STREAM")),
        (
            "«CREATE OR REPLACE VIEW» t AS SELECT 1",
            &none("CREATE OR REPLACE VIEW", "CREATE STREAM"),
        ),
        ("«create strem» t (a INT)", &none("CREATE STREM", "CREATE STREAM")),
        ("«DEFINE STREAM» t (a INT)", &none("DEFINE STREAM", "CREATE STREAM")),
        ("«DELETE» FROM t", &none("DELETE", "")),
        ("«UPDATE» t SET a = 1", &none("UPDATE", "")),
        ("«DROP STREAM» t", &none("DROP STREAM", "CREATE STREAM")),
        ("«SET» a = 1", &none("SET", "")),
        ("«SELCT» a FROM t", &none("SELCT", "SELECT")),
        ("«INSRET» INTO t SELECT 1", &none("INSRET", "INSERT INTO")),
        ("«)»", "expected CREATE STREAM, INSERT INTO or SELECT, found `)`"),
    ]);
}

#[test]
fn slips_in_targets() {
    let move_it = "INSERT INTO stands before SELECT or at the end of a query | move it there, or end the statement \
                   before it with `;`";
    assert_faults(&[
        (
            "INSERT INTO o «(a, b)» SELECT a, b FROM t",
            "INSERT INTO takes no list of columns | name the columns in SELECT: SELECT x AS a, y AS b",
        ),
        (
            "«INSERT INTO o» SELECT a FROM t «INSERT INTO p»",
            "`INSERT INTO` is given twice | once more | leave one of the two out | or end the first statement with `;`",
        ),
        ("INSERT «o» SELECT a FROM t", "expected INTO behind INSERT, found `o`"),
        ("INSERT INTO «SELECT» a FROM t", "expected the name of a stream, found `SELECT`"),
        (
            "INSERT INTO o «VALUES» (1)",
            "expected SELECT, found `VALUES` | the rows of a stream come from a SELECT",
        ),
        ("INSERT INTO o«»", "expected SELECT, and the statement ends here"),
        ("INSERT INTO o «a» FROM t", "expected SELECT, found `a`"),
        (
            "INSERT INTO «a.b» SELECT a FROM t",
            "the name of a stream has one part | put a name with a dot in double quotes",
        ),
        ("SELECT a «INSERT INTO o» FROM t", move_it),
        ("SELECT a FROM t «INSERT INTO o» SELECT b FROM u", move_it),
        (
            "SELECT a INTO «o» FROM t",
            "SELECT has no INTO | write INSERT INTO before SELECT or at the end of the query",
        ),
        (
            "WITH x AS (SELECT 1) «DELETE FROM t»",
            "a query reads rows, and changes none | write SELECT",
        ),
    ]);
}

#[test]
fn slips_in_queries() {
    let semicolon = "end the statement before it with `;`";
    assert_faults(&[
        (
            "SELECT a b «c» FROM t",
            "expected the end of the statement, found `c` | is a comma or an operator missing before `c`?",
        ),
        ("SELECT a FROM t WHERE«»", "expected an expression, and the statement ends here"),
        ("SELECT a FROM t WHERE «GROUP» BY a", "expected an expression, found `GROUP`"),
        ("SELECT a FROM «WHERE» a > 1", "expected the name of a stream, found `WHERE`"),
        (
            "SELECT a FROM t «GROUP» a",
            "expected the end of the statement, found `GROUP` | write GROUP BY",
        ),
        ("SELECT a«,» FROM t", "a comma stands before `FROM` | remove the comma"),
        ("SELECT f(a«,») FROM t", "a comma stands before `)` | remove the comma"),
        ("SELECT a«,», b FROM t", "a comma stands before `,` | remove the comma"),
        (
            "SELECT a FROM t GROUP BY a«,» INSERT INTO o",
            "a comma stands before the end of the statement | remove the comma",
        ),
        (
            "SELECT a«)» FROM t",
            "expected the end of the statement, found `)` | no `(` belongs to this `)`",
        ),
        (
            "SELECT a FROM t\n«SELECT» b FROM u",
            &format!("expected the end of the statement, found `SELECT` | {semicolon}"),
        ),
        (
            "SELECT a FROM t\n«CREATE» STREAM s (a INT)",
            &format!("expected `;`, found `CREATE` | {semicolon}"),
        ),
        (
            "SELECT a, «order» FROM t",
            "expected an expression, found `order` | `order` is a word of SQL; as a name it stands in double quotes: \
             \"order\"",
        ),
    ]);
}

#[test]
fn what_does_not_end_is_shown_where_it_begins() {
    let quote = "a quote is not closed | the quote begins here and does not end | add the quote at the end of the value";
    assert_faults(&[
        ("SELECT «'»abc FROM t;\nSELECT 1;", quote),
        ("SELECT a FROM «\"»t;", quote),
        // The quote that is not closed is an earlier one.
        ("CREATE STREAM s WITH (a = «'x, b = '»y', c = 'd')", quote),
        ("SELECT a «/*» comment; FROM t", "a comment is not closed | add `*/` at its end"),
    ]);
    // The statements before it are read.
    let parsed = crate::script::parse::parse("SELECT 1; SELECT 2; SELECT '");
    assert_eq!((parsed.statements.len(), parsed.faults.len()), (2, 1));
}

#[test]
fn no_message_shows_a_text_in_quotes() {
    for text in [
        "CREATE STREAM s WITH (token «'hunter2'»)",
        "CREATE STREAM s WITH (token = «\"hunter2\"»)",
        "SELECT a FROM t x «'hunter2'»",
    ] {
        let told = only_fault(text).to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let text = format!("SELECT {}1{}", "(".repeat(2000), ")".repeat(2000));
    let parsed = crate::script::parse::parse(&text);
    assert_eq!(parsed.faults[0].message(), "the statement is nested too deeply");
}
