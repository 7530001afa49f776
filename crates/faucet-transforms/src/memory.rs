//! A page of which little stays lets go of the memory of the rest.

use faucet_core::{PageBuilder, Record, Scope, StreamPage};
use serde_json::{Value, json};

use crate::factory::register;
use crate::harness::{Run, json};

/// A message, and a page with its elements: one short object twice, and a long text.
fn message() -> (Record, StreamPage) {
    let message = json(&format!(r#"[{{"a":1}},{{"a":1}},"{}"]"#, "x".repeat(1000)));
    let mut page = PageBuilder::new();
    for part in [1..8, 9..16, 17..1019] {
        page.push_part(&message.as_ref(), part).unwrap();
    }
    (message, page.take())
}

/// Whether the first record that comes out shares the memory of the message.
fn shares(name: &str, config: Value, message: &Record, page: StreamPage) -> bool {
    let mut registry = faucet_core::Registry::new();
    register(&mut registry).unwrap();
    let transform = registry.transforms.build(name, config).unwrap();
    let run = Run::within(Scope::new("t"), &*transform, vec![page]);
    let memory = message.payload().as_bytes().as_ptr_range();
    memory.contains(&run.records[0].payload().as_bytes().as_ptr())
}

#[test]
fn little_is_copied_and_much_is_shared() {
    let (message, elements) = message();
    let mut short = elements.clone();
    let _ = short.split_off(2);
    let whole = StreamPage::new(vec![message.clone()]);
    let lists = |text: &str| {
        let message = json(text);
        (message.clone(), StreamPage::new(vec![message]))
    };
    let (long, long_page) = lists(&format!(r#"{{"a":[1],"b":"{}"}}"#, "x".repeat(1000)));
    for (name, config, message, page, shared) in [
        ("filter", json!({"match": {"/a": 1}}), &message, &elements, false),
        ("filter", json!({"match": {"": {"prefix": "x"}}}), &message, &elements, true),
        ("dedup", json!({}), &message, &short, false),
        ("dedup", json!({}), &message, &elements, true),
        ("split", json!({"at": "/a"}), &long, &long_page, false),
        ("split", json!({"at": ""}), &message, &whole, true),
        ("pick", json!({"drop": ["/b"]}), &message, &short, false),
        ("pick", json!({"drop": ["/b"]}), &message, &elements, true),
    ] {
        assert_eq!(shares(name, config.clone(), message, page.clone()), shared, "{name} {config}");
    }
}
