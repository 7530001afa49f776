//! Durations, sizes and whole numbers.

use serde_json::{Value, json};

use crate::case::{Case, Row, component_cases, file_around, file_cases};
use crate::websocket::{both, sink, source};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = both(|| rows("connect_timeout", good_durations(), bad_durations()));
    cases.extend(component_cases("source", &source(), sizes("batch_bytes")));
    cases.extend(component_cases("sink", &sink(), sizes("max_write_buffer_bytes")));
    cases.extend(both(|| {
        rows("read_buffer_bytes", vec![json!(null), json!("64MiB")], vec![json!(67_108_865)])
    }));
    cases.extend(both(|| {
        rows(
            "max_message_bytes",
            vec![json!("2GiB"), json!(1)],
            vec![json!(2_147_483_649_u64), json!(null)],
        )
    }));
    let unconfirmed = rows("max_unconfirmed_bytes", vec![json!("1MiB")], vec![json!("0MiB")]);
    cases.extend(component_cases("sink", &sink(), unconfirmed));
    let line = rows("max_message_bytes", vec![json!("1MiB")], vec![json!("1 mib!"), json!(0)]);
    cases.extend(component_cases("source", &json!({"type": "jsonl", "path": "x"}), line));
    cases.extend(component_cases("source", &source(), whole_numbers()));
    cases.extend(file_cases(&whole(), context()));
    cases
}

fn rows(key: &'static str, good: Vec<Value>, bad: Vec<Value>) -> Vec<Row> {
    let good = good.into_iter().map(|value| (json!({ key: value }), ""));
    good.chain(bad.into_iter().map(|value| (json!({ key: value }), key))).collect()
}

fn good_durations() -> Vec<Value> {
    vec![
        json!(5),
        json!(0.25),
        json!(1e-9),
        json!(315_360_000),
        json!("5"),
        json!("0.5"),
        json!("250ms"),
        json!("1 min"),
        json!("1h 30m"),
        json!("1h30m5s"),
        json!("1.5h"),
        json!("1h 0.5m"),
        json!("2 hours 5 minutes"),
        json!("10us"),
        json!("10\u{b5}s"),
        json!("5ns"),
        json!("${WAIT}"),
    ]
}

fn bad_durations() -> Vec<Value> {
    vec![
        json!(0),
        json!(-5),
        json!(1e-10),
        json!(315_360_001),
        json!(1e19),
        json!(true),
        json!([5]),
        json!({}),
        json!(""),
        json!(" "),
        json!("0"),
        json!("0s"),
        json!("0h 0m"),
        json!("-5s"),
        json!("+5s"),
        json!("5 parsecs"),
        json!("250mss"),
        json!("5s "),
        json!(" 5s"),
        json!("5."),
        json!(".5s"),
        json!("1e3"),
        json!("1.5h 5m"),
        json!("5m 1h"),
        json!("1h, 5m"),
        json!("1:30:00"),
        json!("PT5S"),
        json!("5 s ago"),
        json!("5D"),
        json!("five"),
        json!("NaN"),
        json!("inf"),
    ]
}

fn sizes(key: &'static str) -> Vec<Row> {
    let good = vec![
        json!(1),
        json!(1.0),
        json!(1e6),
        json!(9_007_199_254_740_993_u64),
        json!("1"),
        json!("5 B"),
        json!("64KiB"),
        json!("8 MiB"),
        json!("8mb"),
        json!("2G"),
        json!("2Gi"),
        json!("${SIZE}"),
    ];
    let bad = vec![
        json!(0),
        json!(-1),
        json!(1.5),
        json!(true),
        json!({}),
        json!(""),
        json!("0"),
        json!("0 KiB"),
        json!("-1"),
        json!("1.5MiB"),
        json!("5 parsecs"),
        json!("64 Kib it"),
        json!("KiB"),
        json!("1 "),
        json!("18446744073709551616"),
    ];
    rows(key, good, bad)
}

fn whole_numbers() -> Vec<Row> {
    let mut all = rows(
        "max_messages",
        vec![json!(1), json!(1.0), json!(1e3), json!(18_446_744_073_709_551_615_u64)],
        vec![json!(1.5), json!(18_446_744_073_709_551_616.0), json!(1e30), json!(true), json!("1")],
    );
    all.extend(rows(
        "max_reconnect_attempts",
        vec![json!(4_294_967_295_u64)],
        vec![json!(4_294_967_296_u64), json!(-1), json!(0.5), json!("${NUMBER}")],
    ));
    all.extend(rows("batch_size", vec![json!(10.0)], vec![json!(-1), json!("10"), json!([])]));
    all
}

fn whole() -> Value {
    let mut file = file_around("transform");
    file.as_object_mut().unwrap().remove("transform");
    file
}

fn context() -> Vec<Row> {
    let of = |value: Value| json!({"context": {"a": value}});
    vec![
        (of(json!("b")), ""),
        (of(json!("")), ""),
        (of(json!(5)), ""),
        (of(json!(-5)), ""),
        (of(json!(1.0)), ""),
        (of(json!("${NAME}")), ""),
        (of(json!(1.5)), "context.a"),
        (of(json!(1e30)), "context.a"),
        (of(json!(true)), "context.a"),
        (of(json!(null)), "context.a"),
        (of(json!([])), "context.a"),
        (of(json!({})), "context.a"),
        (json!({"context": null}), ""),
        (json!({"context": {}}), ""),
        (json!({"context": ["a"]}), "context"),
        (json!({"context": "a"}), "context"),
    ]
}
