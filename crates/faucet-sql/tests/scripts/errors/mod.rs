//! What users see of their mistakes: the place, the message, and what to do.

mod declarations;
mod queries;
mod windows;

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
    let wrong = table.iter().filter(|(script, wanted)| found(script) != *wanted);
    let wrong: Vec<_> = wrong.map(|(script, _)| (script, found(script))).collect();
    assert!(wrong.is_empty(), "these scripts have other faults: {wrong:#?}");
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
