//! The transforms satisfy what every transform and every configuration must satisfy.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use faucet_core::{Payload, Record, Timestamp, TransformConfig, decode};
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::record;
use faucet_testkit::transform::{self, TransformCase};
use faucet_transforms::{DedupConfig, FilterConfig, PickConfig, SplitConfig};
use serde_json::{Value, json};

/// A case for the transform that `value` configures.
fn case<C: TransformConfig + 'static>(value: Value) -> TransformCase<'static> {
    let make = async move || decode::<C>(value.clone()).unwrap().build().unwrap();
    TransformCase::new(make).name(C::NAME)
}

fn binary(bytes: &'static [u8]) -> Record {
    Record::new(Payload::Binary(bytes.into()), Timestamp::from_unix_millis(0))
}

#[tokio::test(start_paused = true)]
async fn filter_conforms() {
    let kept = [r#"{ "type":"trade", "p":2.10 }"#, r#"{"type":"trade","p":101027219534255757415}"#];
    let case = case::<FilterConfig>(json!({"match": {"/type": "trade", "/p": {"min": 2}}}))
        .inputs([kept[0], r#"{"type":"quote"}"#, "no JSON", kept[1], r#"{"type":"trade","p":1}"#])
        .records(1, [binary(b"\xff"), record(kept[0])])
        .expect([kept[0], kept[1], kept[0]]);
    transform::conforms(&case).await;
}

#[tokio::test(start_paused = true)]
async fn pick_conforms() {
    let keys = json!({"keep": ["/a", "/b/c"], "rename": {"/a": "x"}});
    let case = case::<PickConfig>(keys)
        .inputs([r#"{ "a" : 2.10, "z":1 }"#, "no JSON", r#"{"b":{"c":[1e5],"d":2}}"#, "[7, 8]"])
        .records(1, [binary(b"\xff"), record(r#"{"a":1}"#)])
        .expect([r#"{ "x" : 2.10}"#, r#"{"b":{"c":[1e5]}}"#, "[]", r#"{"x":1}"#])
        .rejects(2);
    transform::conforms(&case).await;
}

#[tokio::test(start_paused = true)]
async fn split_conforms() {
    let keys = json!({"at": "/l", "lines": true});
    let case = case::<SplitConfig>(keys)
        .inputs([r#"{"l":[1, 2.10]}"#, "{\"l\":[3]}\n\n{\"l\":[4]}", r#"{"l":[]}"#, "7"])
        .records(1, [binary(b"\xff"), record(r#"{"l":["5"]}"#)])
        .expect(["1", "2.10", "3", "4", r#""5""#])
        .rejects(2);
    transform::conforms(&case).await;
}

#[tokio::test(start_paused = true)]
async fn dedup_conforms() {
    let inputs = [
        r#"{"id":1,"n":0}"#,
        r#"{"id":"1","n":1}"#,
        r#"{"id":1,"n":2}"#,
        "no JSON",
        "no JSON",
        r#"{"id":2,"n":3}"#,
        r#"{"id":1,"n":4}"#,
    ];
    let kept = [0, 1, 3, 4, 5, 6].map(|n: usize| inputs[n]);
    let small = case::<DedupConfig>(json!({"key": ["/id"], "records": 2}))
        .inputs(inputs)
        .records(1, [record(r#"{"id":2,"n":5}"#)])
        .expect(kept);
    transform::conforms(&small).await;
    let whole = case::<DedupConfig>(json!({}))
        .inputs(["1", "2", "1", "x", "x"])
        .records(1, [binary(b"\xff"), binary(b"\xff"), record("2")])
        .expect([&b"1"[..], b"2", b"x", b"\xff"]);
    transform::conforms(&whole).await;
}

/// Each record has another key, and the keys of `records` records are all that a run holds.
#[tokio::test(start_paused = true)]
async fn dedup_holds_as_many_keys_as_it_is_told() {
    let numbers: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let case = case::<DedupConfig>(json!({"records": 5})).inputs(&numbers).expect(&numbers);
    transform::conforms(&case).await;
}

#[test]
fn the_configurations_conform() {
    let filter = ConfigCase::transform::<FilterConfig>(json!({"match": {"/type": "trade"}}))
        .example(
            json!({"match": [{"/a/b": {"min": 1, "max": 2.5}, "binary": true}, {"text": "x"}]}),
        )
        .example(json!({"match": {"/a": {"exists": true}, "/b": {"not": [1, null]}}}));
    config::conforms(&filter);
    let pick = ConfigCase::transform::<PickConfig>(json!({"drop": ["/a"]}))
        .example(json!({"keep": ["/a", "/b/0"], "rename": {"/a": "c"}}));
    config::conforms(&pick);
    let split = ConfigCase::transform::<SplitConfig>(json!({"lines": true}))
        .example(json!({"at": "/l", "lines": true}));
    config::conforms(&split);
    let dedup = ConfigCase::transform::<DedupConfig>(json!({}))
        .example(json!({"key": ["/a", "/b"], "records": 7}));
    config::conforms(&dedup);
}
