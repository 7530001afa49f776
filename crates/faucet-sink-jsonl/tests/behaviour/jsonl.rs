//! The sink `jsonl` on real files, devices and pipes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use faucet_core::{
    Delivery, ErrorKind, Flushed, Gap, GapReason, JsonText, Mark, Payload, Record, Result, Scope,
    Sink, SinkConfig, StepOutcome, StreamPage, Timestamp,
};
use faucet_sink_jsonl::{JsonlSink, JsonlSinkConfig, WriteMode};
use tempfile::TempDir;

fn sink(path: impl AsRef<Path>, mode: WriteMode) -> JsonlSink {
    let path = path.as_ref().to_str().unwrap().to_owned();
    JsonlSinkConfig { mode, ..JsonlSinkConfig::new(path) }.build().unwrap()
}

fn page(range: std::ops::Range<usize>) -> StreamPage {
    let record = |n| {
        let json = JsonText::new(format!("{{\"n\":{n}}}").into()).unwrap();
        Record::new(Payload::Json(json), Timestamp::from_unix_millis(0))
    };
    StreamPage::new(range.map(record).collect())
}

fn lines(range: std::ops::Range<usize>) -> String {
    range.map(|n| format!("{{\"n\":{n}}}\n")).collect()
}

async fn run(sink: &JsonlSink, page: StreamPage) -> Result<()> {
    let mut writer = sink.open(&Scope::default()).await?;
    writer.write_page(page).await?;
    assert_eq!(writer.flush().await?, Flushed::ALL);
    writer.close().await
}

fn in_dir(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    (dir, path)
}

#[tokio::test]
async fn every_page_is_visible_at_once() {
    let (_dir, path) = in_dir("out.jsonl");
    let mut writer = sink(&path, WriteMode::Append).open(&Scope::default()).await.unwrap();
    for n in 0..3 {
        writer.write_page(page(n * 10..n * 10 + 10)).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), lines(0..n * 10 + 10));
    }
    writer.close().await.unwrap();
    let error = writer.write_page(page(0..1)).await.unwrap_err();
    assert!(error.to_string().ends_with("out.jsonl: is closed"), "{error}");
}

#[tokio::test]
async fn modes_say_what_happens_to_a_file_that_exists() {
    for (mode, before, expected) in [
        (WriteMode::Append, "", "{\"n\":0}\n"),
        (WriteMode::Append, "1\n", "1\n{\"n\":0}\n"),
        (WriteMode::Append, "1\n{\"half", "1\n{\"half\n{\"n\":0}\n"),
        (WriteMode::Create, "1\n2\n3\n4\n5\n6\n", "{\"n\":0}\n"),
    ] {
        let (_dir, path) = in_dir("out.jsonl");
        fs::write(&path, before).unwrap();
        run(&sink(&path, mode), page(0..1)).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{mode:?} {before:?}");
    }
    let (_dir, path) = in_dir("out.jsonl");
    let refusing = sink(&path, WriteMode::Refuse);
    run(&refusing, page(0..1)).await.unwrap();
    let error = run(&refusing, page(1..2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sink);
    assert!(format!("{error:#}").contains("out.jsonl: cannot be opened: File exists"), "{error:#}");
    assert!(error.hint().unwrap().contains("`mode`"));
    assert_eq!(fs::read_to_string(&path).unwrap(), lines(0..1));
}

#[tokio::test]
async fn a_run_without_records_changes_nothing() {
    for mode in [WriteMode::Append, WriteMode::Create] {
        let (_dir, path) = in_dir("out.jsonl");
        fs::write(&path, "1\n2").unwrap();
        run(&sink(&path, mode), StreamPage::default()).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2");
    }
}

#[tokio::test]
async fn placeholders_come_from_the_context() {
    let (dir, path) = in_dir("{symbol}.jsonl");
    let sink = sink(&path, WriteMode::Append);
    let scope = |symbol: &str| {
        let values = [("symbol".to_owned(), symbol.to_owned())];
        Scope::new("file").with_values(std::collections::BTreeMap::from(values))
    };
    let context = scope("btc");
    let mut writer = sink.open(&context).await.unwrap();
    writer.write_page(page(0..1)).await.unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("btc.jsonl")).unwrap(), lines(0..1));
    assert!(sink.check(&context).await.passed());

    let context = scope("../btc");
    let error = sink.open(&context).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.to_string(), "path: the value of {symbol} must not contain a path separator");
    assert!(!sink.check(&context).await.passed());
}

#[tokio::test]
async fn a_full_device_is_an_error_that_counts() {
    let context = Scope::default();
    let mut writer = sink("/dev/full", WriteMode::Append).open(&context).await.unwrap();
    let error = writer.write_page(page(0..1000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sink);
    let text = format!("{error:#}");
    let expected = "jsonl sink /dev/full: only 0 of 1000 records of the page were written: \
                    No space left on device";
    assert!(text.starts_with(expected) && text.contains("(hint: make room"), "{text}");
    assert_eq!(error.written(), Some(0));
    assert_eq!(writer.flush().await.unwrap(), Flushed::ALL);
    writer.close().await.unwrap();
}

/// A file that may not grow beyond a size is what a full disk looks like to a process. The limit is
/// the process's, so the child that has it is this test again.
#[tokio::test]
async fn a_file_that_cannot_grow_ends_with_a_whole_record() {
    let (_dir, path) = in_dir("out.jsonl");
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$0\" --exact jsonl::child_with_a_limit"])
        .arg(std::env::current_exe().unwrap())
        .env("FAUCET_TEST_LIMITED", &path)
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    let content = fs::read_to_string(&path).unwrap();
    assert!(content.ends_with('\n') && lines(0..1000).starts_with(&content));
    assert!(content.lines().count() > 10);
}

#[tokio::test]
async fn child_with_a_limit() {
    let Some(path) = std::env::var_os("FAUCET_TEST_LIMITED").map(PathBuf::from) else { return };
    let context = Scope::default();
    let mut writer = sink(&path, WriteMode::Append).open(&context).await.unwrap();
    let error = writer.write_page(page(0..1000)).await.unwrap_err();
    let whole = fs::read_to_string(&path).unwrap().lines().count();
    assert_eq!(error.written(), Some(whole as u64));
    let expected = format!("only {whole} of 1000 records of the page were written");
    assert!(error.to_string().ends_with(&expected), "{error}");
    assert!(format!("{error:#}").contains("File too large"), "{error:#}");
}

#[tokio::test]
async fn a_dropped_write_is_carried_out_and_the_next_one_follows_it() {
    let (_dir, path) = in_dir("out.jsonl");
    let mut writer = sink(&path, WriteMode::Append).open(&Scope::default()).await.unwrap();
    for n in 0..50 {
        poll_once(&mut writer.write_page(page(n * 200..n * 200 + 100))).await;
        writer.write_page(page(n * 200 + 100..n * 200 + 200)).await.unwrap();
    }
    poll_once(&mut writer.write_page(page(10_000..10_100))).await;
    assert_eq!(writer.flush().await.unwrap().unconfirmed(), 0);
    assert!(fs::read_to_string(&path).unwrap() == lines(0..10_100));
}

/// Polls `future` once and tells whether it is done.
async fn poll_once(future: &mut (impl Future + Unpin)) -> bool {
    tokio::select! {
        biased;
        _ = future => true,
        () = std::future::ready(()) => false,
    }
}

#[tokio::test]
async fn a_run_without_a_record_leaves_no_file_that_a_second_would_find() {
    let (dir, path) = in_dir("out.jsonl");
    for _ in 0..2 {
        let mut writer = sink(&path, WriteMode::Refuse).open(&Scope::default()).await.unwrap();
        assert_eq!(writer.flush().await.unwrap().unconfirmed(), 0);
        writer.close().await.unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn an_open_that_is_dropped_leaves_no_file_behind() {
    let (dir, path) = in_dir("out.jsonl");
    for _ in 0..50 {
        let sink = sink(&path, WriteMode::Refuse);
        let context = Scope::default();
        let mut opening = sink.open(&context);
        poll_once(&mut opening).await;
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while fs::read_dir(dir.path()).unwrap().next().is_some() {
        assert!(std::time::Instant::now() < deadline, "the file stayed");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_pipe_whose_reader_has_gone_is_an_error() {
    let (_dir, path) = in_dir("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let report = sink(&path, WriteMode::Append).check(&Scope::default()).await;
    assert!(matches!(report.steps[0].outcome, StepOutcome::Skipped(_)), "{report:?}");

    let of_reader = path.clone();
    let reader = std::thread::spawn(move || drop(fs::File::open(of_reader).unwrap()));
    let mut writer = sink(&path, WriteMode::Append).open(&Scope::default()).await.unwrap();
    reader.join().unwrap();
    let error = writer.write_page(page(0..3)).await.unwrap_err();
    assert_eq!((error.kind(), error.written()), (ErrorKind::Sink, Some(0)));
    assert!(error.to_string().ends_with("pipe: the reader of the pipe has gone"), "{error:#}");
    writer.close().await.unwrap();
}

#[tokio::test]
async fn a_check_tells_what_would_happen_and_leaves_no_trace() {
    let (dir, path) = in_dir("out.jsonl");
    let said = async |path: &Path, mode| {
        let report = sink(path, mode).check(&Scope::default()).await;
        match report.into_result() {
            Ok(()) => "passed".to_owned(),
            Err(error) => format!("{error:#}"),
        }
    };
    assert_eq!(said(&path, WriteMode::Refuse).await, "passed");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let missing = said(&dir.path().join("no/out.jsonl"), WriteMode::Append).await;
    assert!(missing.contains("the directory cannot be written to"), "{missing}");
    assert!(said(dir.path(), WriteMode::Append).await.contains("cannot be opened"));

    fs::write(&path, "1\n2").unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    for (mode, expected) in [
        (WriteMode::Append, "passed"),
        (WriteMode::Create, "passed"),
        (WriteMode::Refuse, "cannot be opened"),
    ] {
        assert!(said(&path, mode).await.contains(expected), "{mode:?}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2");
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn gaps_are_lines_at_their_place_when_asked_for() {
    for (gap_records, expected) in [
        (
            true,
            "{\"n\":0}\n{\"faucet_gap\":{\"source\":null,\"from\":1000,\"to\":3500,\"seconds\":2.5,\
             \"attempts\":2,\"reason\":\"outage\",\"missing\":7}}\n{\"n\":1}\n",
        ),
        (false, "{\"n\":0}\n{\"n\":1}\n"),
    ] {
        let (_dir, path) = in_dir("out.jsonl");
        let config =
            JsonlSinkConfig { gap_records, ..JsonlSinkConfig::new(path.to_str().unwrap()) };
        let sink = config.build().unwrap();
        let mut writer = sink.open(&Scope::default()).await.unwrap();
        let at = Timestamp::from_unix_millis;
        let gap = Gap::new(GapReason::Outage).between(at(1000), at(3500));
        let gap = Mark::Gap(gap.with_attempts(2).with_missing(7));
        writer.write_page(page(0..1)).await.unwrap();
        writer.mark(&gap).await.unwrap();
        writer.mark(&Mark::Watermark(at(9))).await.unwrap();
        writer.write_page(page(1..2)).await.unwrap();
        assert_eq!(writer.flush().await.unwrap().unconfirmed(), 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_gap_alone_keeps_the_file_that_it_stands_in() {
    for (gap_records, files) in [(true, 1), (false, 0)] {
        let (dir, path) = in_dir("out.jsonl");
        let config =
            JsonlSinkConfig { gap_records, ..JsonlSinkConfig::new(path.to_str().unwrap()) };
        let mut writer = config.build().unwrap().open(&Scope::default()).await.unwrap();
        writer.mark(&Mark::Gap(Gap::new(GapReason::Restart))).await.unwrap();
        writer.close().await.unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), files);
    }
}

#[tokio::test]
async fn a_gap_that_cannot_be_written_is_an_error_and_leaves_the_records_counted() {
    let config = JsonlSinkConfig { gap_records: true, ..JsonlSinkConfig::new("/dev/full") };
    let mut writer = config.build().unwrap().open(&Scope::default()).await.unwrap();
    let error = writer.mark(&Mark::Gap(Gap::new(GapReason::Outage))).await.unwrap_err();
    assert_eq!((error.kind(), error.written()), (ErrorKind::Sink, Some(0)));
    let text = format!("{error:#}");
    assert!(text.contains("the line of a gap was not written: No space left"), "{text}");
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    for (path, words) in
        [("", "path: must not be empty"), ("a\0b", "path: must not contain a NUL character")]
    {
        let error = JsonlSink::new(JsonlSinkConfig::new(path)).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Config, words.to_owned()));
    }
    let info = JsonlSinkConfig::new("out.jsonl").build().unwrap().info();
    assert_eq!((info.target.as_str(), info.delivery), ("out.jsonl", Delivery::AtLeastOnce));
}
