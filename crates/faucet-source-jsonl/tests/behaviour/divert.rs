//! The source `jsonl`: lines that go to the `dead_letter`.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use faucet_core::{
    ErrorKind, KeyPath, Next, PageReader, Payload, Rejected, Scope, Source, SourceConfig,
};
use faucet_source_jsonl::{JsonlSourceConfig, LineFormat, OnParseError};

async fn open(
    content: &[u8],
    change: impl FnOnce(JsonlSourceConfig) -> JsonlSourceConfig,
) -> (tempfile::TempDir, Box<dyn PageReader>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.jsonl");
    std::fs::write(&path, content).unwrap();
    let config = JsonlSourceConfig::new(path.to_str().unwrap());
    let config = change(JsonlSourceConfig { on_parse_error: OnParseError::Divert, ..config });
    let scope = Scope::new("in").with_dead_letter();
    let reader = config.build().unwrap().open(&scope).await.unwrap();
    assert!(scope.counters().read().skipped.is_empty());
    (dir, reader)
}

/// The pages: records, and what was rejected.
async fn pages(reader: &mut Box<dyn PageReader>) -> Vec<(usize, Vec<Rejected>)> {
    let mut pages = Vec::new();
    while let Next::Page(mut page) = reader.next_page().await.unwrap() {
        assert!(!page.is_void());
        pages.push((page.len(), page.take_rejected()));
    }
    pages
}

#[tokio::test]
async fn a_line_goes_to_the_dead_letter_as_it_came_in_with_the_reason() {
    let (_dir, mut reader) = open(b"1\n {x \n\n\"\xff\"\n5\n", |config| config).await;
    let pages = pages(&mut reader).await;
    assert_eq!(pages.len(), 1);
    let (records, rejected) = &pages[0];
    assert_eq!(*records, 2);
    let lines: Vec<(&Payload, &str)> =
        rejected.iter().map(|line| (line.record.payload(), line.reason.as_str())).collect();
    assert_eq!(
        lines,
        [
            (&Payload::Text(" {x ".into()), "line 2: not JSON: expected a string as key at byte 2"),
            (
                &Payload::Binary(b"\"\xff\"".as_slice().into()),
                "line 4: not JSON: invalid UTF-8 at byte 1"
            ),
        ]
    );
}

#[tokio::test]
async fn diverted_lines_fill_pages_and_are_inside_the_position() {
    let limits = |config| JsonlSourceConfig { batch_size: 2, max_messages: Some(2), ..config };
    let (_dir, mut reader) = open(b"x\ny\nz\n1\n2\n3\n", limits).await;
    let pages = pages(&mut reader).await;
    let sizes: Vec<(usize, usize)> = pages.iter().map(|(n, lines)| (*n, lines.len())).collect();
    assert_eq!(sizes, [(0, 2), (1, 1), (1, 0)]);
    let position = reader.position().unwrap();
    assert!(position.as_str().ends_with("\"offset\":10,\"line\":5}"), "{position}");
}

#[tokio::test]
async fn each_format_has_its_reason() {
    for (format, envelope, line, reason) in [
        (LineFormat::RawString, false, "1", "line 1: not a JSON string: "),
        (LineFormat::Binary, false, "\"_\"", "line 1: not base64: "),
        (LineFormat::Json, true, "1", "line 1: not an envelope: "),
    ] {
        let change = |config| JsonlSourceConfig { format, envelope, ..config };
        let (_dir, mut reader) = open(line.as_bytes(), change).await;
        let pages = pages(&mut reader).await;
        let said = &pages[0].1[0].reason;
        assert!(said.starts_with(reason) && !said.contains('\n'), "{said}");
    }
}

#[tokio::test]
async fn a_pipeline_without_a_dead_letter_is_refused() {
    let config = JsonlSourceConfig {
        on_parse_error: OnParseError::Divert,
        ..JsonlSourceConfig::new("in.jsonl")
    };
    let source = config.build().unwrap();
    assert!(source.info().diverts);
    let error = source.open(&Scope::default()).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.problems().concern(&KeyPath::key("dead_letter")));
    assert!(error.hint().unwrap().contains("on_parse_error"), "{error:#}");
}

#[tokio::test]
async fn a_check_passes_over_lines_that_would_be_diverted() {
    let dir = tempfile::tempdir().unwrap();
    for (content, expected) in [("x\n22\n", "2 bytes"), ("x\n", "there are no records")] {
        let path = dir.path().join("in.jsonl");
        std::fs::write(&path, content).unwrap();
        let config = JsonlSourceConfig {
            on_parse_error: OnParseError::Divert,
            ..JsonlSourceConfig::new(path.to_str().unwrap())
        };
        let report = config.build().unwrap().check(&Scope::default()).await;
        assert!(report.passed() && format!("{report:?}").contains(expected), "{report:?}");
    }
}
