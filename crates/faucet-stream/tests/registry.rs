//! What a build contains, whatever its features are.

use faucet_stream::{Kind, registry};

const CONNECTORS: [(Kind, &str, &str, bool); 5] = [
    (Kind::Source, "websocket", "source-websocket", cfg!(feature = "source-websocket")),
    (Kind::Source, "jsonl", "source-jsonl", cfg!(feature = "source-jsonl")),
    (Kind::Sink, "jsonl", "sink-jsonl", cfg!(feature = "sink-jsonl")),
    (Kind::Sink, "stdout", "sink-jsonl", cfg!(feature = "sink-jsonl")),
    (Kind::Sink, "websocket", "sink-websocket", cfg!(feature = "sink-websocket")),
];

#[test]
fn a_connector_is_registered_or_named_with_its_feature() {
    let registry = registry();
    assert_eq!(registry.entries().count() + registry.left_out().len(), CONNECTORS.len());
    for (kind, name, feature, enabled) in CONNECTORS {
        match registry.get(kind, name) {
            Ok(entry) => assert!(enabled && entry.kind() == kind, "{name}"),
            Err(error) => {
                let hint = format!("enable the cargo feature `{feature}`");
                assert!(!enabled && error.hint() == Some(&hint), "{error:#}");
            }
        }
    }
}
