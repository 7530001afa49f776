//! Compressed files, several files, and files that grow.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use faucet_core::{
    Ended, Error, GapReason, Next, PageReader, Scope, Source, SourceConfig, StreamPage,
};
use faucet_source_jsonl::{JsonlSource, JsonlSourceConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn source(path: &Path, keys: Value) -> JsonlSource {
    let mut config = keys;
    config["path"] = path.to_str().unwrap().into();
    serde_json::from_value::<JsonlSourceConfig>(config).unwrap().build().unwrap()
}

fn texts(page: &StreamPage) -> Vec<String> {
    page.iter().map(|record| String::from_utf8_lossy(record.as_bytes()).into_owned()).collect()
}

async fn open(source: &JsonlSource) -> Box<dyn PageReader> {
    source.open(&Scope::default()).await.unwrap()
}

/// The next page; it comes, whatever the machine is busy with.
async fn page(reader: &mut Box<dyn PageReader>) -> StreamPage {
    let next = tokio::time::timeout(Duration::from_secs(60), reader.next_page());
    match next.await.expect("a page").unwrap() {
        Next::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

/// All records, and the end of the run.
async fn all(reader: &mut Box<dyn PageReader>) -> (Vec<String>, Result<Ended, Error>) {
    let mut found = Vec::new();
    loop {
        match reader.next_page().await {
            Ok(Next::Page(page)) => found.extend(texts(&page)),
            Ok(Next::End(ended)) => return (found, Ok(ended)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => return (found, Err(error)),
        }
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(1));
    member.write_all(text.as_bytes()).unwrap();
    member.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    let mut frame = vec![0; text.len() + 1000];
    let size = zstd_safe::compress(&mut frame[..], text.as_bytes(), 1).unwrap();
    frame.truncate(size);
    frame
}

/// Lines that fill more than one buffer when they are read.
fn many() -> (String, usize) {
    let lines: String = (0..200_000).map(|n| format!("{{\"n\":{}}}\n", n * 7919)).collect();
    (lines, 200_000)
}

#[tokio::test]
async fn compressed_files_are_read_as_the_text_that_they_hold() {
    let (lines, count) = many();
    for pack in [gzip as fn(&str) -> Vec<u8>, zstd] {
        let dir = dir();
        let path = dir.path().join("f");
        // Two members or frames: the sink ends one with each flush.
        let (one, other) = lines.split_at(lines.find('\n').unwrap() + 1);
        fs::write(&path, [pack(one), pack(other)].concat()).unwrap();
        let source = source(&path, json!({}));
        let mut reader = open(&source).await;
        let first = page(&mut reader).await;
        let position = reader.position().unwrap();
        let (rest, ended) = all(&mut reader).await;
        assert_eq!(ended.unwrap(), Ended::Exhausted);
        assert_eq!(first.len() + rest.len(), count);
        // A later run goes on behind the first page.
        let scope = Scope::default().with_position(position);
        let mut again = source.open(&scope).await.unwrap();
        assert!(all(&mut again).await.0 == rest);
    }
}

#[tokio::test]
async fn a_torn_end_is_named_with_the_way_out() {
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 3].to_vec();
    for (bytes, records, words) in [
        (b"1\n2\n{\"c\":".to_vec(), 2, "line 3: the last line is torn: not JSON"),
        ([zstd("1\n2\n"), cut(zstd("3\n4\n"))].concat(), 2, "the last compressed frame is torn"),
        ([gzip("1\n2\n"), cut(gzip("3\n4\n"))].concat(), 2, "the last compressed frame is torn"),
    ] {
        let dir = dir();
        let path = dir.path().join("f");
        fs::write(&path, bytes).unwrap();
        let (found, ended) = all(&mut open(&source(&path, json!({}))).await).await;
        let error = ended.unwrap_err();
        assert!(found.len() >= records && error.to_string().contains(words), "{error}");
        assert!(error.hint().unwrap().contains("on_parse_error: skip"), "{error:?}");
        let skipping = source(&path, json!({"on_parse_error": "skip"}));
        let (found, ended) = all(&mut open(&skipping).await).await;
        assert!(found.len() >= records);
        assert_eq!(ended.unwrap(), Ended::Exhausted);
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_first_line() {
    let dir = dir();
    let path = dir.path().join("f");
    fs::write(&path, "\u{feff}1\n2\n").unwrap();
    assert_eq!(all(&mut open(&source(&path, json!({}))).await).await.0, ["1", "2"]);
}

#[tokio::test]
async fn files_are_read_in_the_order_of_their_names() {
    let dir = dir();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("t-2.x"), "3\n4").unwrap();
    fs::write(at("t-1.x"), "1\n2\n").unwrap();
    fs::write(at("t-3.x"), zstd("5\n6\n")).unwrap();
    let source = source(&at("t-*.x"), json!({"batch_size": 3}));
    let mut reader = open(&source).await;
    assert_eq!(texts(&page(&mut reader).await), ["1", "2", "3"]);
    let position = reader.position().unwrap();
    assert_eq!(texts(&page(&mut reader).await), ["4", "5", "6"]);
    let behind = reader.position().unwrap();
    assert_eq!(all(&mut reader).await.1.unwrap(), Ended::Exhausted);
    for (position, expected) in [(position.clone(), vec!["4", "5", "6"]), (behind, vec![])] {
        let scope = Scope::default().with_position(position);
        assert_eq!(all(&mut source.open(&scope).await.unwrap()).await.0, expected);
    }
    // The file of the position went to an archive.
    fs::remove_file(at("t-2.x")).unwrap();
    let scope = Scope::default().with_position(position);
    assert_eq!(all(&mut source.open(&scope).await.unwrap()).await.0, ["5", "6"]);
}

#[tokio::test]
async fn nothing_to_read_is_an_error_unless_files_may_come() {
    let dir = dir();
    let pattern = dir.path().join("*.x");
    let error = source(&pattern, json!({})).open(&Scope::default()).await.err().unwrap();
    assert!(error.to_string().ends_with("*.x: matches no file"), "{error}");
    let mut reader = open(&source(&pattern, json!({"follow": true}))).await;
    fs::write(dir.path().join("a.x"), "1\n").unwrap();
    assert_eq!(texts(&page(&mut reader).await), ["1"]);
    fs::write(dir.path().join("b.x"), "2\n").unwrap();
    assert_eq!(texts(&page(&mut reader).await), ["2"]);
}

/// Appends to a file.
fn append(path: &PathBuf, bytes: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
}

#[tokio::test]
async fn a_file_that_grows_is_followed() {
    for pack in [|text: &str| text.as_bytes().to_vec(), gzip as fn(&str) -> Vec<u8>, zstd] {
        let dir = dir();
        let path = dir.path().join("f");
        append(&path, pack("1\n2\n"));
        let mut reader = open(&source(&path, json!({"follow": true}))).await;
        assert_eq!(texts(&page(&mut reader).await), ["1", "2"]);
        // Half a line is no record.
        append(&path, pack("3\n4"));
        assert_eq!(texts(&page(&mut reader).await), ["3"]);
        append(&path, pack("5\n"));
        assert_eq!(texts(&page(&mut reader).await), ["45"]);
        // Another file takes its place.
        append(&path, pack("6\n"));
        fs::rename(&path, dir.path().join("f.1")).unwrap();
        append(&path, pack("7\n"));
        let mut found = texts(&page(&mut reader).await);
        if found == ["6"] {
            found.extend(texts(&page(&mut reader).await));
        }
        assert_eq!(found, ["6", "7"]);
        assert!(reader.drain().await.unwrap().is_none());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn half_a_line_at_the_end_of_a_replaced_file_is_not_lost() {
    let dir = dir();
    let path = dir.path().join("f");
    append(&path, "1\n");
    let mut reader = open(&source(&path, json!({"follow": true}))).await;
    assert_eq!(texts(&page(&mut reader).await), ["1"]);
    append(&path, "23");
    fs::rename(&path, dir.path().join("f.1")).unwrap();
    append(&path, "4\n");
    let mut found = texts(&page(&mut reader).await);
    while found.len() < 2 {
        found.extend(texts(&page(&mut reader).await));
    }
    assert_eq!(found, ["23", "4"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_line_of_a_pipe_is_a_record_at_once() {
    let dir = dir();
    let path = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let of_writer = path.clone();
    let (sender, lines) = std::sync::mpsc::channel::<&str>();
    let writer = std::thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(of_writer).unwrap();
        lines.iter().for_each(|line| pipe.write_all(line.as_bytes()).unwrap());
    });
    let mut reader = open(&source(&path, json!({}))).await;
    sender.send("1\n").unwrap();
    assert_eq!(texts(&page(&mut reader).await), ["1"]);
    sender.send("2\n3").unwrap();
    assert_eq!(texts(&page(&mut reader).await), ["2"]);
    drop(sender);
    writer.join().unwrap();
    assert_eq!(all(&mut reader).await.0, ["3"]);
    assert!(reader.position().is_none());
}

#[tokio::test]
async fn a_line_of_a_gap_is_a_gap_again() {
    let dir = dir();
    let path = dir.path().join("f");
    let gap = r#"{"faucet_gap":{"source":"s","from":1,"to":2001,"seconds":2.0,"attempts":3,"reason":"outage","missing":4}}"#;
    fs::write(&path, format!("1\n2\n{gap}\n3\n{gap}\n")).unwrap();
    let source = source(&path, json!({}));
    let mut reader = open(&source).await;
    let one = page(&mut reader).await;
    assert!(texts(&one) == ["1", "2"] && one.gaps().is_empty());
    let position = reader.position().unwrap();
    // A run that goes on here has the gap before it.
    for mut reader in
        [reader, source.open(&Scope::default().with_position(position)).await.unwrap()]
    {
        let other = page(&mut reader).await;
        assert_eq!(texts(&other), ["3"]);
        let [gap] = other.gaps() else { panic!("{:?}", other.gaps()) };
        assert_eq!((&gap.reason, gap.missing, gap.attempts), (&GapReason::Outage, Some(4), 3));
        let last = page(&mut reader).await;
        assert!(last.is_empty() && last.gaps().len() == 1);
        assert_eq!(all(&mut reader).await.1.unwrap(), Ended::Exhausted);
    }
}
