//! The source `jsonl` on real files.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;

use faucet_core::{
    Ended, ErrorKind, Next, PageReader, Payload, Result, Scope, Source, SourceConfig, StepOutcome,
    StreamPage,
};
use faucet_source_jsonl::{JsonlSource, JsonlSourceConfig, OnParseError};

use crate::support::{Recording, recording};

impl Recording {
    fn source(&self) -> JsonlSource {
        self.config().build().unwrap()
    }
}

fn texts(page: &StreamPage) -> Vec<String> {
    page.iter().map(|record| String::from_utf8(record.to_record().to_json()).unwrap()).collect()
}

/// The next page. `Err` says why there is none.
async fn next(reader: &mut Box<dyn PageReader>) -> Result<StreamPage, Ended> {
    match reader.next_page().await.unwrap() {
        Next::Page(page) => Ok(page),
        Next::End(why) => Err(why),
        other => panic!("{other:?}"),
    }
}

async fn all(source: &JsonlSource) -> Vec<String> {
    let records = source.fetch_all().await.unwrap();
    texts(&StreamPage::new(records))
}

#[tokio::test]
async fn lines_are_records_whatever_their_line_breaks() {
    for content in ["1\n{\"a\": 2.10}\n[3]\n", "1\r\n\r\n{\"a\": 2.10}\r\n \n[3]"] {
        assert_eq!(all(&recording(content).source()).await, ["1", "{\"a\": 2.10}", "[3]"]);
    }
    assert!(all(&recording("").source()).await.is_empty());
    assert!(all(&recording("\n\n").source()).await.is_empty());
}

#[tokio::test]
async fn pages_are_bounded_by_records_and_by_bytes() {
    let numbers: String = (10..35).map(|n| format!("{n}\n")).collect();
    let recording = recording(numbers);
    for (batch_size, batch_bytes, expected) in [
        (10, None, vec![10, 10, 5]),
        (25, None, vec![25]),
        (0, None, vec![25]),
        (10, Some(14), vec![7, 7, 7, 4]),
        (1000, Some(1), vec![1; 25]),
    ] {
        let config = JsonlSourceConfig { batch_size, batch_bytes, ..recording.config() };
        let source = config.build().unwrap();
        let mut reader = source.open(&Scope::default()).await.unwrap();
        let mut pages = Vec::new();
        let ended = loop {
            match next(&mut reader).await {
                Ok(page) => pages.push(page.len()),
                Err(why) => break why,
            }
        };
        assert_eq!((pages, ended), (expected, Ended::Exhausted));
        reader.close().await.unwrap();
    }
}

#[tokio::test]
async fn max_messages_is_exact() {
    let recording = recording("1\n2\n3\n4\nnot json");
    for (max, batch_size, expected) in
        [(1, 1, "1"), (3, 2, "12 3"), (4, 2, "12 34"), (4, 9, "1234")]
    {
        let config =
            JsonlSourceConfig { max_messages: Some(max), batch_size, ..recording.config() };
        let mut reader = config.build().unwrap().open(&Scope::default()).await.unwrap();
        let mut pages = Vec::new();
        let ended = loop {
            match next(&mut reader).await {
                Ok(page) => pages.push(texts(&page).concat()),
                Err(why) => break why,
            }
        };
        assert_eq!((pages.join(" "), ended), (expected.into(), Ended::MaxRecords));
    }
}

#[tokio::test]
async fn what_came_before_an_error_is_handed_over_and_the_error_names_the_line() {
    let recording = recording("1\n\n2\n{\"a\":}\n5\n");
    let mut reader = recording.source().open(&Scope::default()).await.unwrap();
    assert_eq!(texts(&next(&mut reader).await.unwrap()), ["1", "2"]);
    let error = reader.next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = error.to_string();
    let expected =
        "in.jsonl, line 4: not JSON: expected a JSON value at byte 5, near \"{\\\"a\\\":}\"";
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(next(&mut reader).await.unwrap_err(), Ended::Exhausted);
}

#[tokio::test]
async fn bad_lines_are_skipped_and_counted_when_asked() {
    let recording = recording("1\nx\n{\n4\n");
    let config = JsonlSourceConfig { on_parse_error: OnParseError::Skip, ..recording.config() };
    let scope = Scope::default();
    let mut reader = config.build().unwrap().open(&scope).await.unwrap();
    assert_eq!(texts(&next(&mut reader).await.unwrap()), ["1", "4"]);
    assert_eq!(scope.counters().read().skipped, [("not_json", 2)].into());
}

#[tokio::test]
async fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
    for (content, good) in [
        ("\"abc\"\n", true),
        ("\"abc\"\r\n", true),
        ("\"abc\"", true),
        ("\"abcd\"\n", false),
        ("\"abcd\"", false),
        ("\"abcdefghijklmnopqrstuvwxyz\"\n", false),
    ] {
        let recording = recording(format!("1\n{content}"));
        let config = JsonlSourceConfig { max_message_bytes: 5, ..recording.config() };
        let mut reader = config.build().unwrap().open(&Scope::default()).await.unwrap();
        let page = next(&mut reader).await.unwrap();
        assert_eq!(page.len(), if good { 2 } else { 1 }, "{content:?}");
        if !good {
            let error = reader.next_page().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge);
            let text = error.to_string();
            assert!(text.ends_with("in.jsonl, line 2: longer than 5 bytes (max_message_bytes)"));
        }
    }
}

#[tokio::test]
async fn a_dropped_read_loses_nothing() {
    let numbers: Vec<String> = (0..200_000).map(|n| n.to_string()).collect();
    let recording = recording(numbers.join("\n"));
    let config = JsonlSourceConfig { batch_size: 70_000, ..recording.config() };
    let mut reader = config.build().unwrap().open(&Scope::default()).await.unwrap();
    let (mut read, mut dropped) = (Vec::new(), 0);
    loop {
        let page = tokio::select! {
            biased;
            page = next(&mut reader) => page,
            () = tokio::task::yield_now() => {
                dropped += 1;
                continue;
            }
        };
        let Ok(page) = page else { break };
        read.extend(texts(&page));
    }
    assert!(read == numbers && dropped > 0);
}

#[tokio::test]
async fn a_check_opens_the_file_and_decodes_a_record() {
    let values = std::collections::BTreeMap::from([("day".to_owned(), "in".to_owned())]);
    let scope = Scope::new("source").with_values(values);
    let good = recording("1\n");
    let mut config = good.config();
    config.path = config.path.replace("in.jsonl", "{day}.jsonl");
    let report = config.build().unwrap().check(&scope).await;
    assert!(report.passed() && report.steps.len() == 2, "{report:?}");

    let report = recording("x\n").source().check(&scope).await;
    assert!(matches!(report.steps[1].outcome, StepOutcome::Failed(_)), "{report:?}");

    let gone = good.source();
    fs::remove_file(&good.path).unwrap();
    let error = gone.validate_connectivity().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(format!("{error:#}").contains("in.jsonl: cannot be opened: No such file"), "{error:#}");
}

#[test]
fn configurations_that_cannot_work_are_refused_together() {
    let config = JsonlSourceConfig {
        max_messages: Some(0),
        max_message_bytes: 0,
        batch_size: 0,
        batch_bytes: Some(1),
        ..JsonlSourceConfig::new("")
    };
    let error = JsonlSource::new(config).unwrap_err();
    let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    let expected = [
        "path: must not be empty",
        "max_messages: out of range, expected at least 1",
        "max_message_bytes: out of range, expected at least 1",
        "batch_bytes: not together with batch_size",
    ];
    assert_eq!(problems, expected);
    assert!(JsonlSourceConfig::new("a\0b").build().is_err());
}

#[tokio::test]
async fn text_keeps_its_payload_kind() {
    let recording = recording("\"a\"\n");
    let config = JsonlSourceConfig {
        format: faucet_source_jsonl::LineFormat::RawString,
        ..recording.config()
    };
    let records = config.build().unwrap().fetch_all().await.unwrap();
    assert_eq!(*records[0].payload(), Payload::Text("a".into()));
}
