//! The schema of pipeline files and the parser agree: a corpus of configurations is valid for both, or
//! for none of them.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod auth;
mod case;
mod documents;
mod examples;
mod exceptions;
mod files;
mod jsonl;
mod notes;
mod numbers;
mod texts;
mod transforms;
mod variables;
mod websocket;

use std::collections::BTreeSet;

use case::{Case, Judges};

fn corpus() -> Vec<Case> {
    let themes = [
        websocket::cases(),
        texts::cases(),
        numbers::cases(),
        auth::cases(),
        jsonl::cases(),
        transforms::cases(),
        files::cases(),
        variables::cases(),
    ];
    themes.into_iter().flatten().collect()
}

#[test]
fn the_schema_accepts_what_the_parser_accepts() {
    let judges = Judges::new();
    let wrong: Vec<String> = corpus().iter().filter_map(|case| judges.disagreement(case)).collect();
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_is_large_and_has_no_case_twice() {
    let cases = corpus();
    let mut seen = BTreeSet::new();
    for case in &cases {
        assert!(seen.insert(case.file.to_string()), "twice: {}", case.file);
    }
    let good = cases.iter().filter(|case| case.mistake.is_none()).count();
    assert!(good >= 120 && cases.len() - good >= 180, "{good} good ones of {}", cases.len());
}

#[test]
fn what_a_schema_cannot_say_is_listed() {
    let judges = Judges::new();
    let exceptions = exceptions::exceptions();
    assert!(exceptions.len() <= 8, "at most eight kinds");
    for (reason, cases) in exceptions {
        assert!(!cases.is_empty(), "{reason}");
        for case in cases {
            let (schema, parser) = (judges.schema(&case.file), judges.parser(&case.file));
            assert!(schema.is_empty(), "{reason}: the schema says it: {} {schema:?}", case.file);
            assert!(!parser.is_empty(), "{reason}: the parser accepts {}", case.file);
            let at = case.mistake.clone().unwrap_or_default();
            assert!(parser.iter().all(|path| path.starts_with(&at)), "{}: {parser:?}", case.file);
        }
    }
}
