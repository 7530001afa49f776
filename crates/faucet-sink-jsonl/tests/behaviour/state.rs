//! The sink `jsonl` in runs that keep a state: committed lengths, and files that are cut back to
//! them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::task::Poll;

use faucet_core::{
    Error, ErrorKind, PageWriter, Payload, Record, Scope, Sink, SinkConfig, StreamPage, Timestamp,
};
use faucet_sink_jsonl::{JsonlSink, JsonlSinkConfig, WriteMode};
use tempfile::TempDir;

const MODES: [WriteMode; 3] = [WriteMode::Append, WriteMode::Create, WriteMode::Refuse];

fn sink(path: impl AsRef<Path>, mode: WriteMode) -> JsonlSink {
    let path = path.as_ref().to_str().unwrap().to_owned();
    JsonlSinkConfig { mode, ..JsonlSinkConfig::new(path) }.build().unwrap()
}

fn in_dir(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    (dir, path)
}

fn page(texts: &[&str]) -> StreamPage {
    let at = Timestamp::from_unix_millis(0);
    texts.iter().map(|text| Record::new(Payload::Text((*text).into()), at)).collect()
}

/// A run that keeps a state, and goes on from what the last run saved.
fn scope(saved: Option<&[u8]>) -> Scope {
    let scope = Scope::new("file").with_state();
    match saved {
        Some(saved) => scope.with_saved(saved.to_vec()),
        None => scope,
    }
}

fn length(path: &Path, length: usize) -> Vec<u8> {
    format!("{{\"file\":{path:?},\"length\":{length}}}").into_bytes()
}

async fn flush(writer: &mut Box<dyn PageWriter>) -> Option<Vec<u8>> {
    writer.flush().await.unwrap().saved().map(|saved| saved.to_vec())
}

/// What a process leaves behind that is killed in the middle of a write.
fn write_behind_the_commit(path: &Path, torn: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(torn.as_bytes()).unwrap();
}

async fn refusal(sink: &JsonlSink, saved: &[u8]) -> Error {
    let scope = scope(Some(saved));
    let checked = sink.check(&scope).await.into_result().unwrap_err();
    let error = sink.open(&scope).await.map(|_| ()).unwrap_err();
    assert_eq!(checked.to_string(), error.to_string());
    error
}

#[tokio::test]
async fn a_flush_saves_the_length_only_where_a_state_is_kept() {
    let (_dir, path) = in_dir("out.jsonl");
    let sink = sink(&path, WriteMode::Append);
    let mut writer = sink.open(&scope(None)).await.unwrap();
    assert_eq!(flush(&mut writer).await, Some(length(&path, 0)));
    writer.write_page(page(&["a", "b"])).await.unwrap();
    assert_eq!(flush(&mut writer).await, Some(length(&path, 8)));
    assert_eq!(flush(&mut writer).await, Some(length(&path, 8)));
    writer.close().await.unwrap();

    let mut writer = sink.open(&Scope::default()).await.unwrap();
    writer.write_page(page(&["c"])).await.unwrap();
    assert_eq!(flush(&mut writer).await, None);
}

#[tokio::test]
async fn what_stands_behind_the_commit_is_cut_off_in_every_mode() {
    for mode in MODES {
        for torn in ["", "\"b", "\"b\"\n", "\"b\"\n\"c\"\n\"d"] {
            let (_dir, path) = in_dir("out.jsonl");
            let sink = sink(&path, mode);
            let mut writer = sink.open(&scope(None)).await.unwrap();
            writer.write_page(page(&["a"])).await.unwrap();
            let saved = flush(&mut writer).await.unwrap();
            drop(writer);
            write_behind_the_commit(&path, torn);

            let scope = scope(Some(&saved));
            assert!(sink.check(&scope).await.passed());
            let after_check = fs::read_to_string(&path).unwrap();
            assert_eq!(after_check, format!("\"a\"\n{torn}"), "a check changes nothing");
            let mut writer = sink.open(&scope).await.unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "\"a\"\n", "{mode:?} {torn:?}");
            assert_eq!(flush(&mut writer).await, Some(saved));
            writer.write_page(page(&["b", "c"])).await.unwrap();
            assert_eq!(flush(&mut writer).await, Some(length(&path, 12)));
            assert_eq!(fs::read_to_string(&path).unwrap(), "\"a\"\n\"b\"\n\"c\"\n");
        }
    }
}

#[tokio::test]
async fn where_nothing_comes_again_only_half_a_line_is_cut_off() {
    for mode in MODES {
        for (torn, kept) in
            [("", ""), ("\"b", ""), ("\"b\"\n", "\"b\"\n"), ("\"b\"\n\"c\"\n\"d", "\"b\"\n\"c\"\n")]
        {
            let (_dir, path) = in_dir("out.jsonl");
            let sink = sink(&path, mode);
            let live = |saved: Option<&[u8]>| scope(saved).with_live_input();
            let mut writer = sink.open(&live(None)).await.unwrap();
            writer.write_page(page(&["a"])).await.unwrap();
            let saved = flush(&mut writer).await.unwrap();
            drop(writer);
            write_behind_the_commit(&path, torn);

            assert!(sink.check(&live(Some(&saved))).await.passed());
            let mut writer = sink.open(&live(Some(&saved))).await.unwrap();
            writer.write_page(page(&["e"])).await.unwrap();
            let all = format!("\"a\"\n{kept}\"e\"\n");
            assert_eq!(flush(&mut writer).await, Some(length(&path, all.len())));
            assert_eq!(fs::read_to_string(&path).unwrap(), all, "{mode:?} {torn:?}");
            writer.close().await.unwrap();

            // Somebody has taken the file away between the runs.
            fs::remove_file(&path).unwrap();
            let mut writer = sink.open(&live(Some(&saved))).await.unwrap();
            writer.write_page(page(&["f"])).await.unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "\"f\"\n", "{mode:?}");
        }
    }
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_byte_of_a_page_goes_on_without_duplicates() {
    let all = "\"a\"\n\"b\"\n\"ccc\"\n\"d\"\n";
    for committed in 0..=4 {
        let texts = ["a", "b", "ccc", "d"];
        let whole: usize = all.lines().take(committed).map(|line| line.len() + 1).sum();
        for killed_at in whole..=all.len() {
            let (_dir, path) = in_dir("out.jsonl");
            let sink = sink(&path, WriteMode::Append);
            let mut writer = sink.open(&scope(None)).await.unwrap();
            if committed > 0 {
                writer.write_page(page(&texts[..committed])).await.unwrap();
            }
            let saved = flush(&mut writer).await.unwrap();
            drop(writer);
            write_behind_the_commit(&path, &all[whole..killed_at]);

            let mut writer = sink.open(&scope(Some(&saved))).await.unwrap();
            if committed < 4 {
                writer.write_page(page(&texts[committed..])).await.unwrap();
            }
            assert_eq!(writer.flush().await.unwrap().unconfirmed(), 0);
            let content = fs::read_to_string(&path).unwrap();
            assert_eq!(content, all, "{committed} committed, killed at {killed_at}");
        }
    }
}

#[tokio::test]
async fn an_older_recording_stays_in_front_of_the_commit() {
    for before in ["old\n", "old"] {
        let (_dir, path) = in_dir("out.jsonl");
        fs::write(&path, before).unwrap();
        let sink = sink(&path, WriteMode::Append);
        let mut writer = sink.open(&scope(None)).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        assert_eq!(saved, length(&path, before.len()));
        writer.write_page(page(&["a"])).await.unwrap();
        drop(writer);

        let mut writer = sink.open(&scope(Some(&saved))).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        writer.write_page(page(&["a"])).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        assert_eq!(saved, length(&path, 8));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n\"a\"\n");
    }
}

#[tokio::test]
async fn content_that_is_still_to_be_replaced_is_not_committed() {
    let (_dir, path) = in_dir("out.jsonl");
    fs::write(&path, "old\n").unwrap();
    let sink = sink(&path, WriteMode::Create);
    let mut writer = sink.open(&scope(None)).await.unwrap();
    assert_eq!(flush(&mut writer).await, None);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
    writer.write_page(page(&["a"])).await.unwrap();
    // Killed before a commit: the next run has no length and replaces the content again.
    drop(writer);
    let mut writer = sink.open(&scope(None)).await.unwrap();
    writer.write_page(page(&["a"])).await.unwrap();
    assert_eq!(flush(&mut writer).await, Some(length(&path, 4)));
    assert_eq!(fs::read_to_string(&path).unwrap(), "\"a\"\n");
}

#[tokio::test]
async fn a_commit_of_a_file_that_was_never_written_works() {
    for mode in MODES {
        let (dir, path) = in_dir("out.jsonl");
        let sink = sink(&path, mode);
        let mut writer = sink.open(&scope(None)).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        writer.close().await.unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "an empty file goes");

        let again = scope(Some(&saved));
        assert!(sink.check(&again).await.passed());
        let mut writer = sink.open(&again).await.unwrap();
        writer.write_page(page(&["a"])).await.unwrap();
        drop(writer);
        let mut writer = sink.open(&again).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "", "{mode:?}");
        writer.write_page(page(&["a"])).await.unwrap();
        assert_eq!(flush(&mut writer).await, Some(length(&path, 4)));
        drop(writer);
        // A file without a saved length may be the file of another program.
        let refused = sink.open(&scope(None)).await;
        assert_eq!(refused.is_err(), mode == WriteMode::Refuse);
    }
}

#[tokio::test]
async fn a_saved_length_that_does_not_fit_is_refused_with_what_to_do() {
    for mode in MODES {
        let (_dir, path) = in_dir("out.jsonl");
        let sink = sink(&path, mode);
        let missing = refusal(&sink, &length(&path, 4)).await;
        assert!(missing.to_string().contains("does not exist"), "{missing}");
        assert!(!path.exists());
        fs::write(&path, "\"a\"\n").unwrap();
        let other = Path::new("other.jsonl");
        let cases: [(Vec<u8>, ErrorKind, &str); 3] = [
            (length(&path, 5), ErrorKind::Sink, "only 4 bytes, and an earlier run has committed 5"),
            (length(other, 4), ErrorKind::Config, "belongs to the file \"other.jsonl\""),
            (b"s3cret".to_vec(), ErrorKind::Config, "is not one of this sink"),
        ];
        for (saved, kind, words) in cases {
            let error = refusal(&sink, &saved).await;
            let text = error.to_string();
            assert!(text.contains("out.jsonl: cannot be continued: "), "{text}");
            assert!(text.ends_with(words), "{text}");
            assert_eq!(error.kind(), kind);
            assert!(error.hint().unwrap().contains("remove the state file"), "{error:#}");
            assert!(!format!("{error:?}").contains("s3cret"));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "\"a\"\n");
    }
}

#[tokio::test]
async fn devices_and_pipes_save_no_length_and_are_not_synced() {
    let mut writer = sink("/dev/null", WriteMode::Append).open(&scope(None)).await.unwrap();
    writer.write_page(page(&["a"])).await.unwrap();
    assert_eq!(flush(&mut writer).await, None);
    let error =
        refusal(&sink("/dev/null", WriteMode::Append), &length(Path::new("/dev/null"), 0)).await;
    assert!(error.to_string().contains("a pipe or a device"), "{error}");

    let (_dir, path) = in_dir("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let of_reader = path.clone();
    let reader = std::thread::spawn(move || fs::read_to_string(of_reader).unwrap());
    let mut writer = sink(&path, WriteMode::Append).open(&scope(None)).await.unwrap();
    writer.write_page(page(&["a"])).await.unwrap();
    assert_eq!(flush(&mut writer).await, None);
    drop(writer);
    assert_eq!(reader.join().unwrap(), "\"a\"\n");
}

#[tokio::test]
async fn a_check_says_what_would_be_cut_off() {
    let (_dir, path) = in_dir("out.jsonl");
    fs::write(&path, "\"a\"\n\"b").unwrap();
    let sink = sink(&path, WriteMode::Create);
    for (saved, words) in [
        (Some(length(&path, 4)), "would be cut back from 6 to the committed 4 bytes"),
        (Some(length(&path, 6)), "6 bytes would be added to"),
        (None, "6 bytes would be replaced"),
    ] {
        let report = sink.check(&scope(saved.as_deref())).await;
        assert!(report.passed() && format!("{report:?}").contains(words), "{report:?}");
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_at_any_poll_disturbs_no_later_run() {
    // Long enough for the thread of a dropped run to be at its page when the next run opens.
    let texts: Vec<String> = (0..2000).map(|n| n.to_string().repeat(20)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for with_commit in [false, true] {
        for polls in 0..40 {
            let (_dir, path) = in_dir("out.jsonl");
            let sink = sink(&path, WriteMode::Append);
            let mut saved = None;
            if with_commit {
                let mut writer = sink.open(&scope(None)).await.unwrap();
                writer.write_page(page(&["first"])).await.unwrap();
                saved = flush(&mut writer).await;
            }
            let scope = match &saved {
                Some(saved) => scope(Some(saved)),
                None => scope(Some(&length(&path, 0))),
            };
            let run = async {
                let mut writer = sink.open(&scope).await.unwrap();
                writer.write_page(page(&texts)).await.unwrap();
                writer.write_page(page(&texts)).await.unwrap();
            };
            poll_some(run, polls / 2, polls % 2 == 1).await;

            let mut writer = sink.open(&scope).await.unwrap();
            writer.write_page(page(&["last"])).await.unwrap();
            assert!(flush(&mut writer).await.is_some());
            let content = fs::read_to_string(&path).unwrap();
            let expected = if with_commit { "\"first\"\n\"last\"\n" } else { "\"last\"\n" };
            assert!(content == expected, "{polls}: {} bytes", content.len());
        }
    }
}

/// Polls `future` so many times, either at once or whenever it is woken, and drops it.
async fn poll_some(future: impl Future<Output = ()>, polls: usize, at_once: bool) {
    let mut future = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        while left > 0 {
            left -= 1;
            if future.as_mut().poll(context).is_ready() {
                break;
            }
            if !at_once {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    })
    .await;
}
