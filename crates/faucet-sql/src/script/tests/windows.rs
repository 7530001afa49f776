//! `WINDOW`.

use super::{assert_faults, one_query};
use crate::script::statement::WindowSpec;

const MINUTE: i64 = 60_000;

#[test]
fn both_spellings_of_windows_at_any_place_behind_from() {
    for (clause, size, slide) in [
        ("WINDOW TUMBLING(1 min)", MINUTE, MINUTE),
        ("window tumble(1 MINUTES)", MINUTE, MINUTE),
        ("WINDOW('tumbling', 1 MINUTES)", MINUTE, MINUTE),
        ("WINDOW ( 'Tumbling' , 30 sec )", 30_000, 30_000),
        ("WINDOW(tumbling, 30 sec)", 30_000, 30_000),
        ("WINDOW HOP(2 min, 30 sec)", 2 * MINUTE, 30_000),
        ("WINDOW hopping(2 min, 30 s)", 2 * MINUTE, 30_000),
        ("WINDOW SLIDING(1 hour, 1 m)", 60 * MINUTE, MINUTE),
        ("WINDOW('sliding', 1 hour, 1 hour)", 60 * MINUTE, 60 * MINUTE),
    ] {
        for text in [
            format!("SELECT s, COUNT(*) FROM t {clause} GROUP BY s"),
            format!("SELECT s, COUNT(*) FROM t GROUP BY s {clause}"),
            format!("SELECT s, COUNT(*) FROM t WHERE a > 1 {clause} GROUP BY s INSERT INTO o"),
            format!(
                "INSERT INTO o SELECT s, COUNT(*) FROM t GROUP BY s HAVING COUNT(*) > 1 {clause}"
            ),
            format!("SELECT s, COUNT(*) FROM t GROUP BY s INSERT INTO o {clause}"),
        ] {
            let query = one_query(&text);
            let read = query.window.unwrap();
            assert_eq!(read.window, WindowSpec { size, slide }, "{text}");
            assert_eq!(&text[read.span.range()], clause);
            let rest = query.query.to_string();
            assert!(rest.starts_with("SELECT s, COUNT(*) FROM t"), "{rest}");
            assert_eq!(query.into.is_some(), text.contains("INTO"));
        }
    }
}

#[test]
fn the_windows_of_standard_sql_are_the_parsers() {
    for text in [
        "SELECT rank() OVER w FROM t WINDOW w AS (PARTITION BY a)",
        "SELECT rank() OVER w FROM t WINDOW w AS (PARTITION BY a ORDER BY b)",
        "SELECT rank() OVER tumbling FROM t WINDOW tumbling AS (PARTITION BY a)",
        "SELECT window FROM t WHERE window IN (1, 2)",
        "SELECT a FROM t WHERE window = 1 GROUP BY window HAVING (a)",
    ] {
        let query = one_query(text);
        assert!(query.window.is_none(), "{text}");
        assert_eq!(query.query.to_string(), text);
    }
    let both =
        one_query("SELECT rank() OVER w FROM t WINDOW TUMBLING(1 s) WINDOW w AS (PARTITION BY a)");
    assert_eq!(both.window.unwrap().window, WindowSpec { size: 1000, slide: 1000 });
    assert_eq!(both.query.to_string(), "SELECT rank() OVER w FROM t WINDOW w AS (PARTITION BY a)");
}

#[test]
fn durations() {
    for (duration, millis) in [
        ("500 ms", 500),
        ("500ms", 500),
        ("1 MILLISECOND", 1),
        ("2 milliseconds", 2),
        ("1 s", 1000),
        ("1 second", 1000),
        ("30 Seconds", 30_000),
        ("1 min", MINUTE),
        ("1min", MINUTE),
        ("5 m", 5 * MINUTE),
        ("1.5 min", 90_000),
        ("0.001 sec", 1),
        ("1 h", 60 * MINUTE),
        ("1 hour 30 minutes", 90 * MINUTE),
        ("365 days", 365 * 1440 * MINUTE),
        ("1 d", 1440 * MINUTE),
        ("INTERVAL '1' MINUTE", MINUTE),
        ("INTERVAL '1 minute'", MINUTE),
        ("INTERVAL 1 MINUTE", MINUTE),
        ("'1 min'", MINUTE),
        ("'1h30m'", 90 * MINUTE),
    ] {
        let query = one_query(&format!("SELECT COUNT(*) FROM t WINDOW TUMBLING({duration})"));
        assert_eq!(query.window.unwrap().window.size, millis, "{duration}");
    }
}

#[test]
fn slips_in_durations() {
    let range = "a window lasts from 1 ms to 365 days, in whole milliseconds";
    let units = "known: ms, sec, min, hour, day";
    for (duration, wanted) in [
        ("«1000»", "`1000` has no unit | write 1000 ms for milliseconds"),
        ("«'5'»", "`5` has no unit | write 5 ms for milliseconds"),
        ("1 hour «30»", "`30` has no unit | write 30 ms for milliseconds"),
        ("«0 min»", range),
        ("«-1 min»", range),
        ("«'-1 min'»", range),
        ("«0.5 ms»", range),
        ("«1.2345 sec»", range),
        ("«366 days»", range),
        ("«99999999999999999999999 days»", range),
        ("1 «mins»", &format!("there is no unit of time `mins` | did you mean `min`? | {units}")),
        ("1 «fortnight»", &format!("there is no unit of time `fortnight` | {units}")),
        ("«min» 1", "a duration has a number before `min` | such as 1 min"),
        ("«'1.2.3 s'»", "a duration has a number before `1.2.3` | such as 1 min"),
        ("1 «+» 1 min", "expected a duration, found `+`"),
        ("«''»", "a duration is missing | such as 1 min"),
        ("«INTERVAL»", "a duration is missing | such as 1 min"),
    ] {
        assert_faults(&[(&format!("SELECT COUNT(*) FROM t WINDOW TUMBLING({duration})"), wanted)]);
    }
}

#[test]
fn slips_in_windows() {
    let supported = "supported: TUMBLING(size), HOP(size, slide), SLIDING(size, slide)";
    let hops = |why: &str, help: &str| format!("{why} | {help}");
    for (clause, wanted) in [
        (
            "WINDOW «session»(5 min)",
            &*format!("windows of the kind `session` are not supported | {supported}"),
        ),
        (
            "WINDOW(«'lengthBatch'», 5)",
            &format!("windows of the kind `lengthBatch` are not supported | {supported}"),
        ),
        (
            "WINDOW «time»(5 min)",
            &format!("windows of the kind `time` are not supported | {supported}"),
        ),
        (
            "WINDOW «TUMBLNG»(1 min)",
            "there is no window `TUMBLNG` | did you mean `TUMBLING`? | known: TUMBLING, HOP, SLIDING",
        ),
        ("WINDOW «foo»(1 min)", "there is no window `foo` | known: TUMBLING, HOP, SLIDING"),
        (
            "«WINDOW TUMBLING()»",
            "the window TUMBLING takes one duration, its size | such as WINDOW TUMBLING(1 min)",
        ),
        (
            "«WINDOW tumbling(2 min, 1 min)»",
            "the window TUMBLING takes one duration, its size | such as WINDOW TUMBLING(1 min)",
        ),
        (
            "«WINDOW HOP(2 min)»",
            "the window HOP takes two durations, its size and its slide | such as WINDOW HOP(2 min, 30 sec)",
        ),
        (
            "«WINDOW HOP(100 sec, 30 sec)»",
            &hops(
                "the size 100 sec is no multiple of the slide 30 sec",
                "write WINDOW HOP(90 sec, 30 sec)",
            ),
        ),
        (
            "«WINDOW SLIDING(1 min, 45 sec)»",
            &hops(
                "the size 1 min is no multiple of the slide 45 sec",
                "write WINDOW SLIDING(45 sec, 45 sec)",
            ),
        ),
        (
            "«WINDOW HOP(1 min, 2 min)»",
            &hops(
                "windows of 1 min every 2 min leave rows out between them",
                "let the slide be at most 1 min",
            ),
        ),
        (
            "«WINDOW HOP(1 day, 1 ms)»",
            &hops(
                "windows of 1 day every 1 ms are 86400000 windows at once",
                "let the size be at most 10000 times the slide",
            ),
        ),
        (
            "«WINDOW TUMBLING(1 min)» «WINDOW TUMBLING(1 min)»",
            "`WINDOW` is given twice | once more | leave one of the two out",
        ),
        (
            "WINDOW TUMBLING «1» min",
            "expected `(` behind TUMBLING, found `1` | such as WINDOW TUMBLING(1 min)",
        ),
        ("WINDOW(«1» min)", "the kind of the window is missing | such as WINDOW TUMBLING(1 min)"),
        ("WINDOW('tumbling' «1» min)", "expected `,` behind the kind of the window, found `1`"),
        ("WINDOW TUMBLING«(»1 min", "a bracket is not closed | add the `)`"),
        ("WINDOW HOP(1 min,«)»", "a duration is missing | such as 1 min"),
    ] {
        assert_faults(&[(&format!("SELECT COUNT(*) FROM t {clause}"), wanted)]);
    }
    assert_faults(&[
        ("SELECT COUNT(*) «WINDOW TUMBLING(1 min)» FROM t", "WINDOW stands behind FROM"),
        (
            "SELECT a FROM (SELECT COUNT(*) AS a FROM t «WINDOW» TUMBLING(1 min)) x",
            "a window belongs to the whole query, and not to a part of it | write it behind the FROM of the query; a \
             part with a window of its own is a query of its own with INSERT INTO",
        ),
    ]);
}
