//! Changes of a configuration.

use fastrand::Rng;
use faucet_core::{KeyPath, Step};
use serde_json::{Value, json};

/// The paths of all values in a tree, the tree itself first.
pub(crate) fn paths(value: &Value) -> Vec<KeyPath> {
    let mut found = Vec::new();
    collect(value, KeyPath::root(), &mut found);
    found
}

fn collect(value: &Value, path: KeyPath, found: &mut Vec<KeyPath>) {
    found.push(path.clone());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| {
                collect(inner, path.clone().then(key.as_str()), found);
            });
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, inner)| {
                collect(inner, path.clone().at(n), found);
            });
        }
        _ => {}
    }
}

/// The value at a path.
pub(crate) fn at<'v>(value: &'v mut Value, path: &KeyPath) -> Option<&'v mut Value> {
    path.steps().iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(&**key),
        Step::Index(index) => value.get_mut(*index),
        _ => None,
    })
}

/// The tree with another value at a path. The keys on the way must be there, the last need not.
pub(crate) fn with(value: &Value, path: &KeyPath, new: Value) -> Value {
    let mut changed = value.clone();
    match (path.parent(), path.last_key()) {
        (Some(parent), Some(key)) => {
            if let Some(Value::Object(map)) = at(&mut changed, &parent) {
                map.insert(key.to_owned(), new);
            }
        }
        _ => {
            if let Some(place) = at(&mut changed, path) {
                *place = new;
            }
        }
    }
    changed
}

/// Values that configurations trip over.
fn odd(rng: &mut Rng) -> Value {
    let all = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(255),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.5),
        json!(1e300),
        json!(""),
        json!(" "),
        json!("x"),
        json!("0s"),
        json!("99999999999999999999h"),
        json!("-5ms"),
        json!("1e400"),
        json!("{name}"),
        json!("{"),
        json!("ws://"),
        json!("http://[::1"),
        json!("wss://user:pass@host:99999/{a}?b#c"),
        json!("/\u{0}"),
        json!("é\u{202e}π\u{10ffff}"),
        json!("x".repeat(70_000)),
        json!([]),
        json!([null]),
        json!(["a", "a"]),
        json!({}),
        json!({"": ""}),
        json!({"type": "none"}),
        json!([[[[{}]]]]),
    ];
    all[rng.usize(..all.len())].clone()
}

/// A tree with one to three changes; `known` are keys that the outermost map may have.
pub(crate) fn mutated(example: &Value, known: &[String], rng: &mut Rng) -> Value {
    let mut value = example.clone();
    for _ in 0..rng.usize(1..4) {
        let all = paths(&value);
        let path = &all[rng.usize(..all.len())];
        match (rng.u8(..4), path.parent(), path.last_key()) {
            (0, Some(parent), Some(key)) => {
                if let Some(Value::Object(map)) = at(&mut value, &parent) {
                    map.remove(key);
                }
            }
            (1, ..) if !known.is_empty() => {
                let key = known[rng.usize(..known.len())].as_str();
                value = with(&value, &KeyPath::key(key), odd(rng));
            }
            _ => {
                if let Some(place) = at(&mut value, path) {
                    *place = odd(rng);
                }
            }
        }
    }
    value
}
