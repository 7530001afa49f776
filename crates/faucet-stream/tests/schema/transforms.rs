//! The transforms.

use serde_json::{Value, json};

use crate::case::{Case, GONE, Row, component_cases};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = component_cases("transform", &json!({"type": "pick"}), pick());
    cases.extend(component_cases("transform", &json!({"type": "split", "at": "/a"}), split()));
    cases.extend(component_cases("transform", &json!({"type": "dedup"}), dedup()));
    cases.extend(component_cases("transform", &json!({"type": "filter"}), filter()));
    cases
}

fn pick() -> Vec<Row> {
    vec![
        (json!({}), "."),
        (json!({"keep": null, "drop": null}), "."),
        (json!({"rename": {}}), "."),
        (json!({"keep": ["/a", "/b/0"]}), ""),
        (json!({"keep": [""]}), ""),
        (json!({"keep": []}), "keep"),
        (json!({"keep": "/a"}), "keep"),
        (json!({"keep": ["a"]}), "keep[0]"),
        (json!({"keep": ["/a", "/~"]}), "keep[1]"),
        (json!({"drop": ["/a"], "keep": null}), ""),
        (json!({"drop": []}), "drop"),
        (json!({"drop": [""]}), "drop[0]"),
        (json!({"drop": [5]}), "drop[0]"),
        (json!({"drop": ["/a"], "keep": ["/b"]}), "drop"),
        (json!({"rename": {"/a": "b"}}), ""),
        (json!({"rename": {"/a": "b"}, "keep": ["/a"]}), ""),
        (json!({"rename": {"a": "b"}}), "rename.a"),
        (json!({"rename": {"": "b"}}), "rename."),
        (json!({"rename": {"/a": 5}, "keep": ["/a"]}), "rename./a"),
        (json!({"rename": ["/a"]}), "rename"),
        (json!({"rename": null, "keep": ["/a"]}), "rename"),
        (json!({"keep": ["/a"], "kep": []}), "kep"),
    ]
}

fn split() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"at": ""}), ""),
        (json!({"at": "a"}), "at"),
        (json!({"at": 5}), "at"),
        (json!({"at": null}), "."),
        (json!({"at": GONE}), "."),
        (json!({"at": GONE, "lines": false}), "."),
        (json!({"at": GONE, "lines": true}), ""),
        (json!({"lines": true}), ""),
        (json!({"lines": "yes"}), "lines"),
        (json!({"att": "/a"}), "att"),
    ]
}

fn dedup() -> Vec<Row> {
    vec![
        (json!({}), ""),
        (json!({"key": []}), ""),
        (json!({"key": ["/symbol", "/id"], "records": 1}), ""),
        (json!({"key": ["id"]}), "key[0]"),
        (json!({"key": "/id"}), "key"),
        (json!({"key": null}), "key"),
        (json!({"records": 1_000_000}), ""),
        (json!({"records": 0}), "records"),
        (json!({"records": 1_000_001}), "records"),
        (json!({"records": 2.5}), "records"),
        (json!({"records": null}), "records"),
        (json!({"from": "source", "buffer": {"pages": 3}}), ""),
    ]
}

fn filter() -> Vec<Row> {
    let rule = |rule: Value| json!({ "match": rule });
    let at = |condition: Value| json!({"match": {"/a": condition}});
    let text = |condition: Value| json!({"match": {"text": condition}});
    vec![
        (json!({}), "match"),
        (rule(json!({"/type": "trade"})), ""),
        (rule(json!({"/type": "trade", "/price": {"min": 100}})), ""),
        (rule(json!([{"/type": "trade"}, {"/type": "quote"}])), ""),
        (rule(json!({})), "match"),
        (rule(json!([])), "match"),
        (rule(json!([{}])), "match"),
        (rule(json!("trade")), "match"),
        (rule(json!([5])), "match"),
        (rule(json!({"type": "trade"})), "match.type"),
        (rule(json!({"/~": 1})), "match./~"),
        (rule(json!({"": 5})), ""),
        (rule(json!({"prefix": "42", "/0": 1})), ""),
        (rule(json!({"prefix": 42})), "match.prefix"),
        (rule(json!({"binary": true})), ""),
        (rule(json!({"binary": "true"})), "match.binary"),
        (at(json!(null)), ""),
        (at(json!(1.5)), ""),
        (at(json!(true)), ""),
        (at(json!([1, "a", null, {"exists": false}])), ""),
        (at(json!([])), "match./a"),
        (at(json!([[1]])), "match./a"),
        (at(json!({})), "match./a"),
        (at(json!({"exists": true})), ""),
        (at(json!({"exists": 1})), "match./a.exists"),
        (at(json!({"not": "b"})), ""),
        (at(json!({"not": ["b", 5, null]})), ""),
        (at(json!({"not": []})), "match./a.not"),
        (at(json!({"not": {"a": 1}})), "match./a.not"),
        (at(json!({"not": [[]]})), "match./a.not"),
        (at(json!({"prefix": "b"})), ""),
        (at(json!({"prefix": 5})), "match./a.prefix"),
        (at(json!({"suffix": "b"})), ""),
        (at(json!({"min": 1, "max": 2})), ""),
        (at(json!({"max": 2})), ""),
        (at(json!({"min": "1"})), "match./a.min"),
        (at(json!({"preffix": "b"})), "match./a.preffix"),
        (at(json!({"prefix": "b", "suffix": "c"})), "match./a"),
        (at(json!({"min": 1, "exists": true})), "match./a"),
        (at(json!({"min": 1, "max": 2, "exists": true})), "match./a"),
        (text(json!("pong")), ""),
        (text(json!(["ping", "pong"])), ""),
        (text(json!({"not": "pong"})), ""),
        (text(json!({"prefix": "p"})), ""),
        (text(json!([{"suffix": "g"}, "ping"])), ""),
        (text(json!(5)), "match.text"),
        (text(json!(null)), "match.text"),
        (text(json!({"exists": true})), "match.text"),
        (text(json!({"min": 5})), "match.text"),
        (text(json!({"not": 5})), "match.text"),
        (text(json!(["a", 5])), "match.text"),
    ]
}
