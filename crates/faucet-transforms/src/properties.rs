//! Each transform over any bytes: no panic, and each record is emitted, counted or rejected whole.

use faucet_core::{Record, Transform};
use proptest::prelude::*;
use serde_json::json;

use crate::dedup::{Dedup, DedupConfig};
use crate::filter::{Filter, FilterConfig};
use crate::harness::{Run, binary, json, text};
use crate::pick::Pick;
use crate::pick_config::PickConfig;
use crate::split::{Split, SplitConfig};

/// JSON, text or bytes; the texts share a few pieces, so that they meet the keys of the transforms.
fn record() -> impl Strategy<Value = Record> {
    let piece = prop_oneof![
        Just("{\"a\":".to_owned()),
        Just("[1, 2.10]".to_owned()),
        Just("}".to_owned()),
        Just("\n".to_owned()),
        "[ -~é]{0,4}",
    ];
    let string = proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    let value = prop_oneof![
        Just("{\"a\": [1 , 2.10]}".to_owned()),
        "\\{\"a\":\\[?[1-9]{1,30}\\]?,? ?\\}",
        "[1-9]{1,3}",
    ];
    let is_json = |text: &String| serde_json::from_str::<serde_json::Value>(text).is_ok();
    prop_oneof![
        value.prop_filter("is JSON", is_json).prop_map(|value| json(&value)),
        string.prop_map(|string| text(&string)),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| binary(&bytes)),
    ]
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    proptest::collection::vec(record(), 1..12)
}

/// Whether `part` consists of records of `whole`, in their order and unchanged.
fn is_part_of(part: &[Record], whole: &[Record]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|record| whole.any(|other| other == record))
}

fn run(transform: &dyn Transform, records: &[Record]) -> Run {
    Run::of(transform, vec![records.to_vec()])
}

fn rejected(run: &Run) -> Vec<Record> {
    run.rejected.iter().map(|rejected| rejected.record.clone()).collect()
}

/// The lines that are not blank, found without the code under test.
fn lines_of(record: &Record) -> Vec<Vec<u8>> {
    let lines = record.payload().as_bytes().split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.trim_ascii().is_empty()).map(<[u8]>::to_vec).collect()
}

proptest! {
    #[test]
    fn filter_and_dedup_keep_or_count(records in records(), all: bool) {
        let matches = if all { json!({"/a": {"exists": true}}) } else { json!({"text": {"not": ""}}) };
        let filter = Filter::new(FilterConfig::new(matches)).unwrap();
        let key = if all { Vec::new() } else { vec!["/a".to_owned()] };
        let dedup = Dedup::new(DedupConfig { key, records: 3 }).unwrap();
        let transforms: [(&dyn Transform, &str); 2] = [(&filter, "filtered"), (&dedup, "duplicates")];
        for (transform, counter) in transforms {
            let run = run(transform, &records);
            let counted = run.scope.counters().get_own(counter) as usize;
            prop_assert!(is_part_of(&run.records, &records));
            prop_assert_eq!(run.records.len() + counted, records.len());
            prop_assert!(run.rejected.is_empty());
        }
    }

    #[test]
    fn pick_edits_json_and_rejects_the_rest_whole(records in records()) {
        let drop = Some(vec!["/a/0".to_owned()]);
        let pick = Pick::new(PickConfig { drop, ..PickConfig::default() }).unwrap();
        let run = run(&pick, &records);
        let is_json = |record: &Record| matches!(record.payload(), faucet_core::Payload::Json(_));
        let (json, rest): (Vec<Record>, Vec<Record>) = records.into_iter().partition(is_json);
        prop_assert_eq!(rejected(&run), rest);
        prop_assert_eq!(run.records.len(), json.len());
        for (found, record) in run.records.iter().zip(json) {
            let mut value = record.to_value().unwrap();
            if let Some(list) = value.get_mut("a").and_then(serde_json::Value::as_array_mut) {
                list.remove(0);
            }
            prop_assert_eq!(found.to_value().unwrap(), value);
        }
    }

    #[test]
    fn split_takes_lines_apart_or_rejects_whole(records in records()) {
        let split = Split::new(SplitConfig::lines()).unwrap();
        for record in records {
            let run = run(&split, std::slice::from_ref(&record));
            let bytes = record.payload().as_bytes();
            if std::str::from_utf8(bytes).is_err() {
                prop_assert_eq!(rejected(&run), [record]);
                continue;
            }
            let found: Vec<&[u8]> = run.records.iter().map(|r| r.payload().as_bytes()).collect();
            prop_assert_eq!(found, lines_of(&record));
            prop_assert!(run.rejected.is_empty());
        }
    }

    #[test]
    fn split_takes_arrays_apart_or_rejects_whole(records in records(), lines: bool) {
        let split = Split::new(SplitConfig { lines, ..SplitConfig::at("/a") }).unwrap();
        for record in records {
            let run = run(&split, std::slice::from_ref(&record));
            if !run.rejected.is_empty() {
                prop_assert_eq!(rejected(&run), [record]);
                prop_assert!(run.records.is_empty());
                continue;
            }
            let parts: Vec<_> = run.records.iter().map(|part| part.to_value().unwrap()).collect();
            let mut expected = Vec::new();
            for line in lines_of(&record) {
                let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
                expected.extend(value["a"].as_array().unwrap().clone());
            }
            prop_assert_eq!(parts, expected);
        }
    }
}
