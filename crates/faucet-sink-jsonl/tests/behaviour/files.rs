//! Files that are taken away, that change with the time, and that are compressed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use faucet_core::{
    ErrorKind, PageWriter, Payload, Record, Scope, Sink, SinkConfig, StreamPage, Timestamp,
};
use faucet_sink_jsonl::{Compress, JsonlSink, JsonlSinkConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-11-26T07:00:00Z.
const SEVEN: u64 = 1_795_676_400_000;

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The sink of a file `name` in `dir`.
fn sink(dir: &TempDir, name: &str, keys: Value) -> JsonlSink {
    let mut config = keys;
    config["path"] = dir.path().join(name).to_str().unwrap().into();
    serde_json::from_value::<JsonlSinkConfig>(config).unwrap().build().unwrap()
}

/// A page of records that arrived so many minutes after seven o'clock.
fn page(minutes: &[u64]) -> StreamPage {
    let record = |minute: &u64| {
        let at = Timestamp::from_unix_millis(SEVEN + minute * 60_000);
        Record::new(Payload::Text(minute.to_string().into()), at)
    };
    minutes.iter().map(record).collect()
}

fn keeping(saved: Option<&[u8]>) -> Scope {
    let scope = Scope::new("file").with_state();
    match saved {
        Some(saved) => scope.with_saved(saved.to_vec()),
        None => scope,
    }
}

async fn flush(writer: &mut Box<dyn PageWriter>) -> Option<Vec<u8>> {
    writer.flush().await.unwrap().saved().map(|saved| saved.to_vec())
}

/// Every file below the directory, with its content. Compressed files are read by their names.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = files(&entry.path());
            found.extend(inner.into_iter().map(|(file, text)| (format!("{name}/{file}"), text)));
        } else if !name.starts_with('.') {
            found.insert(name, read(&entry.path()));
        }
    }
    found
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let file = File::open(path).unwrap();
            flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
        }
        Some("zst") => {
            let (bytes, mut room) = (fs::read(path).unwrap(), vec![0; 1 << 20]);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let frame = zstd_safe::find_frame_compressed_size(rest).unwrap();
                let size = zstd_safe::decompress(&mut room[..], &rest[..frame]).unwrap();
                text.push_str(std::str::from_utf8(&room[..size]).unwrap());
                rest = &rest[frame..];
            }
        }
        _ => text = fs::read_to_string(path).unwrap(),
    }
    text
}

fn expected(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_followed_by_a_new_one() {
    for compress in ["none", "zstd", "gzip"] {
        let name = match compress {
            "zstd" => "d/o.zst",
            "gzip" => "d/o.gz",
            _ => "d/o",
        };
        for (how, old) in [("moved", "\"1\"\n\"2\"\n"), ("deleted", ""), ("its directory", "")] {
            let dir = dir();
            fs::create_dir(dir.path().join("d")).unwrap();
            let (path, side) = (dir.path().join(name), dir.path().join(name.replace("d/", "d/1-")));
            let sink = sink(&dir, name, json!({"compress": compress}));
            let mut writer = sink.open(&Scope::default()).await.unwrap();
            writer.write_page(page(&[1])).await.unwrap();
            let _ = writer.flush().await.unwrap();
            writer.write_page(page(&[2])).await.unwrap();
            match how {
                "moved" => fs::rename(&path, &side).unwrap(),
                "deleted" => fs::remove_file(&path).unwrap(),
                _ => fs::remove_dir_all(dir.path().join("d")).unwrap(),
            }
            // The records of a deleted file that no flush has vouched for are copied.
            let _ = writer.flush().await.unwrap();
            let copied = if how == "moved" { "" } else { "\"2\"\n" };
            assert_eq!(path.exists(), !copied.is_empty(), "{compress} {how}");
            writer.write_page(page(&[3])).await.unwrap();
            let _ = writer.flush().await.unwrap();
            writer.close().await.unwrap();
            assert_eq!(read(&path), format!("{copied}\"3\"\n"), "{compress} {how}");
            assert_eq!(if side.exists() { read(&side) } else { String::new() }, old, "{how}");
        }
    }
}

#[tokio::test]
async fn a_file_that_must_be_new_is_not_made_twice() {
    let dir = dir();
    let mut writer =
        sink(&dir, "o", json!({"mode": "create"})).open(&Scope::default()).await.unwrap();
    writer.write_page(page(&[1])).await.unwrap();
    fs::remove_file(dir.path().join("o")).unwrap();
    let error = writer.flush().await.unwrap_err();
    assert!(error.to_string().ends_with("o: the file was deleted"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Sink);
}

#[tokio::test]
async fn a_second_run_of_one_file_is_refused() {
    let dir = dir();
    let sink = sink(&dir, "o", json!({}));
    let mut first = sink.open(&Scope::default()).await.unwrap();
    let error = sink.open(&Scope::default()).await.err().unwrap();
    assert!(error.to_string().ends_with("o: another run writes to the file"), "{error}");
    first.close().await.unwrap();
    sink.open(&Scope::default()).await.unwrap();
}

#[tokio::test]
async fn the_time_of_arrival_names_the_file() {
    let dir = dir();
    let writer = sink(&dir, "{date}/{hour}.jsonl", json!({})).open(&Scope::default()).await;
    let mut writer = writer.unwrap();
    writer.write_page(page(&[0, 59, 60])).await.unwrap();
    writer.write_page(page(&[61, 17 * 60])).await.unwrap();
    let _ = writer.flush().await.unwrap();
    writer.close().await.unwrap();
    let all = [
        ("2026-11-26/07.jsonl", "\"0\"\n\"59\"\n"),
        ("2026-11-26/08.jsonl", "\"60\"\n\"61\"\n"),
        ("2026-11-27/00.jsonl", "\"1020\"\n"),
    ];
    assert_eq!(files(dir.path()), expected(&all));
    // A directory whose name does not change is not made: it may be a slip.
    let missing = sink(&dir, "no/{date}.jsonl", json!({})).open(&Scope::default()).await;
    assert!(format!("{:#}", missing.err().unwrap()).contains("cannot be opened"));
}

#[tokio::test]
async fn a_file_ends_when_it_is_full_or_its_time_is_over() {
    for (rotate, all) in [
        (
            json!({"every": "1h"}),
            vec![
                ("o-20261126T070000000Z.x", "\"0\"\n\"59\"\n"),
                ("o-20261126T080000000Z.x", "\"60\"\n\"61\"\n\"62\"\n"),
            ],
        ),
        (
            json!({"size": 8}),
            vec![
                ("o-20261126T070000000Z.x", "\"0\"\n\"59\"\n\"60\"\n"),
                ("o-20261126T080100000Z.x", "\"61\"\n\"62\"\n"),
            ],
        ),
        (
            json!({"size": 1, "every": "1h"}),
            vec![
                ("o-20261126T070000000Z.x", "\"0\"\n\"59\"\n"),
                ("o-20261126T080000000Z.x", "\"60\"\n"),
                ("o-20261126T080100000Z.x", "\"61\"\n\"62\"\n"),
            ],
        ),
    ] {
        let dir = dir();
        let writer = sink(&dir, "o.x", json!({"rotate": rotate})).open(&Scope::default()).await;
        let mut writer = writer.unwrap();
        writer.write_page(page(&[0, 59, 60])).await.unwrap();
        writer.write_page(page(&[61, 62])).await.unwrap();
        let _ = writer.flush().await.unwrap();
        writer.close().await.unwrap();
        assert_eq!(files(dir.path()), expected(&all), "{rotate}");
    }
}

#[tokio::test]
async fn files_that_begin_in_one_millisecond_have_names_of_their_own() {
    let dir = dir();
    let sink = sink(&dir, "o", json!({"rotate": {"size": 1}}));
    let mut writer = sink.open(&Scope::default()).await.unwrap();
    for _ in 0..3 {
        writer.write_page(page(&[0])).await.unwrap();
    }
    writer.close().await.unwrap();
    let names: Vec<String> = files(dir.path()).into_keys().collect();
    assert_eq!(names, [0, 1, 2].map(|millis| format!("o-20261126T07000000{millis}Z")));
}

#[tokio::test]
async fn a_killed_run_with_a_state_leaves_no_record_twice_in_any_file() {
    for keys in [json!({}), json!({"compress": "zstd"}), json!({"rotate": {"size": 1}})] {
        let dir = dir();
        let name = if keys.get("compress").is_some() { "{hour}.zst" } else { "{hour}.x" };
        let sink = sink(&dir, name, keys.clone());
        let mut writer = sink.open(&keeping(None)).await.unwrap();
        writer.write_page(page(&[0, 1])).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        // Behind the commit: the same file, and two others.
        writer.write_page(page(&[2])).await.unwrap();
        writer.write_page(page(&[60])).await.unwrap();
        writer.write_page(page(&[120])).await.unwrap();
        let _ = flush(&mut writer).await;
        drop(writer);

        let mut writer = sink.open(&keeping(Some(&saved))).await.unwrap();
        writer.write_page(page(&[2, 60])).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        writer.close().await.unwrap();
        let text: String = files(dir.path()).into_values().collect();
        assert_eq!(text, "\"0\"\n\"1\"\n\"2\"\n\"60\"\n", "{keys}");

        // Full files go to an archive.
        for name in files(dir.path()).keys() {
            fs::remove_file(dir.path().join(name)).unwrap();
        }
        let mut writer = sink.open(&keeping(Some(&saved))).await.unwrap();
        writer.write_page(page(&[61])).await.unwrap();
        let _ = writer.flush().await.unwrap();
        writer.close().await.unwrap();
        let text: String = files(dir.path()).into_values().collect();
        assert_eq!(text, "\"61\"\n", "{keys}");
    }
}

#[tokio::test]
async fn where_nothing_comes_again_all_files_behind_the_commit_stay() {
    for (name, keys) in [
        ("{hour}.x", json!({})),
        ("{hour}.zst", json!({"compress": "zstd"})),
        ("t.x", json!({"rotate": {"every": "1h"}})),
    ] {
        let dir = dir();
        let sink = sink(&dir, name, keys);
        let live = |saved: Option<&[u8]>| keeping(saved).with_live_input();
        let mut writer = sink.open(&live(None)).await.unwrap();
        writer.write_page(page(&[0, 1])).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        writer.write_page(page(&[2, 60])).await.unwrap();
        // The flush after an error is not committed.
        let _ = flush(&mut writer).await;
        drop(writer);

        let mut writer = sink.open(&live(Some(&saved))).await.unwrap();
        writer.write_page(page(&[61, 120])).await.unwrap();
        let saved = flush(&mut writer).await.unwrap();
        writer.close().await.unwrap();
        let mut writer = sink.open(&live(Some(&saved))).await.unwrap();
        writer.write_page(page(&[121])).await.unwrap();
        let _ = flush(&mut writer).await;
        writer.close().await.unwrap();
        let text: String = files(dir.path()).into_values().collect();
        let all = [0, 1, 2, 60, 61, 120, 121].map(|n| format!("\"{n}\"\n")).concat();
        assert_eq!(text, all, "{name}");
    }
}

#[tokio::test]
async fn a_run_that_was_killed_before_its_first_commit_leaves_no_record() {
    let dir = dir();
    let sink = sink(&dir, "{hour}.x", json!({}));
    let mut writer = sink.open(&keeping(None)).await.unwrap();
    // The state file says that a run has begun.
    let saved = flush(&mut writer).await.unwrap();
    writer.write_page(page(&[0, 60])).await.unwrap();
    drop(writer);
    assert!(sink.check(&keeping(Some(&saved))).await.passed());
    let mut writer = sink.open(&keeping(Some(&saved))).await.unwrap();
    writer.write_page(page(&[0])).await.unwrap();
    let saved = flush(&mut writer).await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(files(dir.path()), expected(&[("07.x", "\"0\"\n")]));
    assert!(String::from_utf8(saved).unwrap().contains("07.x"));
}

#[tokio::test]
async fn each_flush_ends_a_frame_and_half_a_frame_is_cut_off() {
    for compress in [Compress::Zstd, Compress::Gzip] {
        let name = if compress == Compress::Zstd { "o.zst" } else { "o.gz" };
        let dir = dir();
        let sink = sink(&dir, name, json!({"compress": compress}));
        let path = dir.path().join(name);
        let mut writer = sink.open(&Scope::default()).await.unwrap();
        writer.write_page(page(&[1])).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"", "the frame goes on");
        writer.write_page(page(&[2])).await.unwrap();
        let _ = writer.flush().await.unwrap();
        assert_eq!(read(&path), "\"1\"\n\"2\"\n");
        writer.write_page(page(&[3])).await.unwrap();
        let _ = writer.flush().await.unwrap();
        let whole = fs::read(&path).unwrap();
        writer.close().await.unwrap();
        // A run was killed while it wrote its last frame.
        fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        let mut writer = sink.open(&Scope::default()).await.unwrap();
        writer.write_page(page(&[4])).await.unwrap();
        let _ = writer.flush().await.unwrap();
        assert_eq!(read(&path), "\"1\"\n\"2\"\n\"4\"\n");
        writer.close().await.unwrap();

        fs::write(&path, "{\"plain\":1}\n{\"plain\":1}\n").unwrap();
        let error = sink.open(&Scope::default()).await.err().unwrap();
        let words = format!(
            "cannot be continued: it is no {} file",
            if name == "o.gz" { "gzip" } else { "zstd" }
        );
        assert!(error.to_string().ends_with(&words), "{error}");
    }
}

#[tokio::test]
async fn the_next_run_mends_the_last_file_of_a_killed_one() {
    for keeps_state in [false, true] {
        let scope = || if keeps_state { keeping(None) } else { Scope::default() };
        for (torn, left) in [(Some(3), "\"0\"\n"), (None, "")] {
            let dir = dir();
            let sink = sink(&dir, "{hour}.gz", json!({"compress": "gzip"}));
            let mut writer = sink.open(&scope()).await.unwrap();
            writer.write_page(page(&[0])).await.unwrap();
            let path = dir.path().join("07.gz");
            if let Some(torn) = torn {
                let _ = writer.flush().await.unwrap();
                writer.write_page(page(&[1])).await.unwrap();
                let _ = writer.flush().await.unwrap();
                let whole = fs::read(&path).unwrap();
                fs::write(&path, &whole[..whole.len() - torn]).unwrap();
            }
            // Killed: nothing of the run goes on.
            drop(writer);
            let lock = File::open(&path).unwrap();
            while lock.try_lock_shared().is_err() {
                tokio::task::yield_now().await;
            }
            drop(lock);
            let mut writer = sink.open(&scope()).await.unwrap();
            writer.write_page(page(&[60])).await.unwrap();
            let _ = writer.flush().await.unwrap();
            writer.close().await.unwrap();
            let mut all = vec![("08.gz", "\"60\"\n")];
            all.extend((!left.is_empty()).then_some(("07.gz", left)));
            assert_eq!(files(dir.path()), expected(&all), "{keeps_state} {torn:?}");
            assert_eq!(dir.path().join(".{hour}.gz.begun").exists(), keeps_state);
        }
    }
}

#[tokio::test]
async fn a_level_makes_smaller_files() {
    let mut sizes = Vec::new();
    let texts: Vec<u64> = (0..20_000).map(|n| n * n % 10_007).collect();
    for level in [1, 9] {
        let dir = dir();
        let keys = json!({"compress": "gzip", "compress_level": level});
        let mut writer = sink(&dir, "o", keys).open(&Scope::default()).await.unwrap();
        writer.write_page(page(&texts)).await.unwrap();
        let _ = writer.flush().await.unwrap();
        sizes.push(fs::metadata(dir.path().join("o")).unwrap().len());
    }
    assert!(sizes[1] < sizes[0], "{sizes:?}");
}

#[test]
fn keys_that_cannot_work_are_refused() {
    for (keys, words) in [
        (json!({"rotate": {}}), "rotate.size: or `every` must be given: no file would ever end"),
        (
            json!({"rotate": {"every": 0}}),
            "rotate.every: out of range, expected a duration longer than zero",
        ),
        (
            json!({"compress": "gzip", "compress_level": 10}),
            "compress_level: out of range, expected 1 to 9",
        ),
    ] {
        let mut config = keys;
        config["path"] = "o".into();
        let config: JsonlSinkConfig = serde_json::from_value(config).unwrap();
        assert_eq!(config.build().unwrap_err().to_string(), words);
    }
}
