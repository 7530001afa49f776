//! No text brings the reader down.

use proptest::prelude::*;

use crate::script::names::{functions, streams};
use crate::script::parse::parse;
use crate::script::places::Places;
use crate::script::rewrite::{use_row_time, without_window};
use crate::script::statement::Statement;

const WORDS: [&str; 64] = [
    "CREATE",
    "STREAM",
    "SELECT",
    "INSERT",
    "INTO",
    "WITH",
    "WINDOW",
    "TUMBLING",
    "HOP",
    "session",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "(",
    ")",
    "(",
    ")",
    ",",
    ",",
    ";",
    ".",
    "=",
    "==",
    "'source'",
    "'",
    "\"",
    "\"a b\"",
    "1",
    "-",
    "min",
    "1 min",
    "INTERVAL",
    "*",
    "->",
    "->>",
    "--",
    "\n",
    "/*",
    "*/",
    "type",
    "a",
    "t",
    "STRING",
    "LONG",
    "NOT NULL",
    "PRIMARY KEY",
    "AS",
    "OVER",
    "event_timestamp()",
    "window_end()",
    "UNION",
    "JOIN",
    "ON",
    "CASE",
    "END",
    "π",
    "\u{2019}",
    "$$",
    "\\",
    "1e999",
    "COUNT(*)",
    "DELETE",
    "HAVING",
];

fn read(text: &str) {
    let parsed = parse(text);
    let places = Places::new(text);
    for fault in &parsed.faults {
        let span = fault.span.expect("every fault of a text has a place");
        assert!(text.get(span.range()).is_some(), "{text:?}: {fault}");
        assert!(!fault.message().is_empty());
    }
    for statement in parsed.statements {
        if let Statement::Query(mut read) = statement {
            let _ = (streams(&read.query, &places), functions(&read.query, &places));
            let _ = (without_window(&read.query, &places), use_row_time(&mut read.query));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_in_any_order(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..40), blank in any::<bool>()) {
        read(&words.join(if blank { " " } else { "" }));
    }

    #[test]
    fn any_characters(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn scripts_cut_short(at in 0..700_usize) {
        let text = "CREATE STREAM t (a STRING, b LONG) WITH (type = 'source', \"x.y\" = 'z'); INSERT INTO o SELECT a, \
                    COUNT(*) FROM t WINDOW HOP(2 min, 30 sec) WHERE b > 1 GROUP BY a HAVING COUNT(*) > 2;";
        read(text.get(..at.min(text.len())).unwrap_or_default());
    }
}
