//! The source `jsonl`: positions, and runs that begin at one.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::task::Poll;

use faucet_core::{
    Delivery, Ended, Error, ErrorKind, Next, PageReader, Position, Resume, Scope, Source,
    SourceConfig, StreamPage,
};
use faucet_source_jsonl::{JsonlSource, JsonlSourceConfig, OnParseError};

use crate::support::{Recording, recording};

impl Recording {
    fn source_with(&self, batch_size: usize, on_parse_error: OnParseError) -> JsonlSource {
        JsonlSourceConfig { batch_size, on_parse_error, ..self.config() }.build().unwrap()
    }

    /// The scope of a run that resumes behind `offset` bytes and `line` lines.
    fn at(&self, offset: usize, line: usize) -> Scope {
        let file = self.path.to_str().unwrap();
        let text = format!("{{\"file\":{file:?},\"offset\":{offset},\"line\":{line}}}");
        Scope::default().with_position(Position::new(text))
    }

    async fn refusal(&self, scope: &Scope) -> Error {
        let source = self.source_with(1, OnParseError::Fail);
        source.open(scope).await.map(|_| ()).unwrap_err()
    }
}

fn texts(page: &StreamPage) -> Vec<String> {
    page.iter().map(|record| String::from_utf8(record.as_bytes().to_vec()).unwrap()).collect()
}

/// Records until the end, and why it ended.
async fn rest(reader: &mut Box<dyn PageReader>) -> (Vec<String>, Ended) {
    let mut records = Vec::new();
    loop {
        match reader.next_page().await.unwrap() {
            Next::Page(page) => records.extend(texts(&page)),
            Next::End(why) => return (records, why),
            other => panic!("{other:?}"),
        }
    }
}

async fn page(reader: &mut Box<dyn PageReader>) -> Option<StreamPage> {
    match reader.next_page().await.unwrap() {
        Next::Page(page) => Some(page),
        _ => None,
    }
}

/// Offset and line of a position.
fn point(reader: &dyn PageReader) -> (u64, u64) {
    let text = reader.position().unwrap();
    let value: serde_json::Value = serde_json::from_str(text.as_str()).unwrap();
    (value["offset"].as_u64().unwrap(), value["line"].as_u64().unwrap())
}

#[test]
fn the_source_says_that_it_resumes() {
    let info = JsonlSourceConfig::new("in.jsonl").build().unwrap().info();
    assert_eq!((info.resume, info.delivery), (Resume::Positions, Delivery::AtLeastOnce));
    assert!(!info.diverts);
}

#[tokio::test]
async fn a_run_resumes_behind_each_page_whatever_the_lines_are() {
    for content in [
        "1\n22\n333\n4444\n55555\n",
        "1\n22\n333\n4444\n55555",
        "1\r\n22\r\n333\r\n4444\r\n55555\r\n",
        "\n1\n\n\n22\nbad\n333\n4444\n{\n55555\n\n \n",
        "1\n22\n333\n4444\n55555\nbad",
        "1\n22\n333\n4444\n55555\r",
    ] {
        let file = recording(content);
        let all = ["1", "22", "333", "4444", "55555"];
        for batch_size in [1, 2, 3, 5, 9] {
            let source = file.source_with(batch_size, OnParseError::Skip);
            let mut reader = source.open(&Scope::default()).await.unwrap();
            let mut done = 0;
            loop {
                let scope = Scope::default().with_position(reader.position().unwrap());
                let mut resumed = source.open(&scope).await.unwrap();
                assert_eq!(resumed.position(), reader.position());
                let (left, ended) = rest(&mut resumed).await;
                assert_eq!(left, all[done..], "{content:?}, {done} of {batch_size} a page");
                assert_eq!(ended, Ended::Exhausted);
                let lines = content.lines().count() as u64;
                assert_eq!(point(&*resumed), (content.len() as u64, lines), "{content:?}");
                match page(&mut reader).await {
                    Some(page) => done += page.len(),
                    None => break,
                }
            }
            assert_eq!(done, all.len());
        }
    }
}

#[tokio::test]
async fn a_position_is_behind_the_last_page_and_the_lines_that_were_left_out_before_it() {
    let file = recording("1\n\nbad\n2\n\n3\nbad\n\n");
    let source = file.source_with(1, OnParseError::Skip);
    let mut reader = source.open(&Scope::default()).await.unwrap();
    assert_eq!(point(&*reader), (0, 0));
    for expected in [(2, 1), (9, 4), (12, 6)] {
        assert!(page(&mut reader).await.is_some());
        assert_eq!(point(&*reader), expected);
    }
    assert!(page(&mut reader).await.is_none());
    assert_eq!(point(&*reader), (17, 8));
}

#[tokio::test]
async fn a_position_behind_an_error_is_in_front_of_the_bad_line() {
    let file = recording("1\n2\n\nbad\n5\n");
    let source = file.source_with(10, OnParseError::Fail);
    let mut reader = source.open(&Scope::default()).await.unwrap();
    assert_eq!(page(&mut reader).await.unwrap().len(), 2);
    let error = reader.next_page().await.unwrap_err();
    assert!(error.to_string().contains("line 4: not JSON"), "{error}");
    assert_eq!(point(&*reader), (5, 3));
    let scope = Scope::default().with_position(reader.position().unwrap());
    let mut resumed = source.open(&scope).await.unwrap();
    let error = resumed.next_page().await.unwrap_err();
    assert!(error.to_string().contains("line 4: not JSON"), "{error}");
}

#[tokio::test]
async fn draining_after_any_poll_loses_nothing() {
    let content: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    let file = recording(&content);
    let source = file.source_with(0, OnParseError::Fail);
    for most in 0..8 {
        let mut reader = source.open(&Scope::default()).await.unwrap();
        let (mut call, mut polls) = (reader.next_page(), 0);
        let page = std::future::poll_fn(|context| {
            polls += 1;
            if polls > most { Poll::Ready(None) } else { call.as_mut().poll(context).map(Some) }
        });
        let mut records = match page.await {
            Some(Ok(Next::Page(page))) => texts(&page),
            _ => Vec::new(),
        };
        drop(call);
        assert_eq!(point(&*reader).1, records.len() as u64);
        records.extend(reader.drain().await.unwrap().map(|page| texts(&page)).unwrap_or_default());
        assert_eq!(point(&*reader).1, records.len() as u64);
        assert!(matches!(reader.next_page().await.unwrap(), Next::End(_)));

        let scope = Scope::default().with_position(reader.position().unwrap());
        records.extend(rest(&mut source.open(&scope).await.unwrap()).await.0);
        assert!(records.into_iter().eq((0..200_000).map(|n: u32| n.to_string())), "{most}");
        reader.close().await.unwrap();
    }
}

#[tokio::test]
async fn the_limit_of_records_counts_each_run_for_itself() {
    let file = recording("1\n2\n3\n4\n5\n");
    let config = JsonlSourceConfig { max_messages: Some(2), ..file.config() };
    let source = config.build().unwrap();
    let mut scope = Scope::default();
    for expected in [vec!["1", "2"], vec!["3", "4"], vec!["5"]] {
        let mut reader = source.open(&scope).await.unwrap();
        let (records, ended) = rest(&mut reader).await;
        let full = records.len() == 2;
        assert_eq!(records, expected);
        assert_eq!(ended, if full { Ended::MaxRecords } else { Ended::Exhausted });
        scope = Scope::default().with_position(reader.position().unwrap());
    }
}

#[tokio::test]
async fn a_file_that_has_grown_is_read_on() {
    for (before, after, line) in
        [("1\n2\n", "3\n", 3), ("1\n2", "\n3\n", 3), ("1\n2", "\r\n3", 3), ("", "3\n", 1)]
    {
        let file = recording(before);
        let source = file.source_with(10, OnParseError::Fail);
        let mut reader = source.open(&Scope::default()).await.unwrap();
        rest(&mut reader).await;
        fs::write(&file.path, format!("{before}{after}")).unwrap();
        let scope = Scope::default().with_position(reader.position().unwrap());
        let mut reader = source.open(&scope).await.unwrap();
        assert_eq!(rest(&mut reader).await.0, ["3"], "{before:?} {after:?}");
        assert_eq!(point(&*reader).1, line);
    }
}

#[tokio::test]
async fn a_position_that_does_not_fit_is_refused_with_what_to_do() {
    let file = recording("1\n22\n");
    for (offset, line, kind, words) in [
        (6, 2, ErrorKind::Other, "at byte 6, and the file has only 5 bytes"),
        (900, 2, ErrorKind::Other, "at byte 900, and the file has only 5 bytes"),
        (1, 1, ErrorKind::Other, ""),
        (3, 1, ErrorKind::Other, "at byte 3 is no longer the end of a line"),
        (2, 3, ErrorKind::Config, "is not a position of this source"),
    ] {
        let scope = file.at(offset, line);
        if words.is_empty() {
            file.source_with(1, OnParseError::Fail).open(&scope).await.map(|_| ()).unwrap();
            continue;
        }
        let error = file.refusal(&scope).await;
        assert_eq!(error.kind(), kind, "{error:#}");
        let text = error.to_string();
        assert!(text.contains("in.jsonl: cannot be resumed: ") && text.ends_with(words), "{text}");
        assert!(error.hint().unwrap().contains("remove the state file"), "{error:#}");
    }
    let other = Position::new("{\"file\":\"b.jsonl\",\"offset\":2,\"line\":1}");
    let error = file.refusal(&Scope::default().with_position(other)).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().ends_with("belongs to the file \"b.jsonl\""), "{error}");
    let malformed = Scope::default().with_position(Position::new("s3cret"));
    let error = file.refusal(&malformed).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error:#} {error:?}").contains("s3cret"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_has_no_positions() {
    let source = JsonlSourceConfig::new("/dev/null").build().unwrap();
    let mut reader = source.open(&Scope::default()).await.unwrap();
    assert!(reader.position().is_none());
    assert_eq!(rest(&mut reader).await, (vec![], Ended::Exhausted));
    let position = Position::new("{\"file\":\"/dev/null\",\"offset\":0,\"line\":0}");
    let scope = Scope::default().with_position(position);
    let error = source.open(&scope).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("a pipe or a device"), "{error}");
}
