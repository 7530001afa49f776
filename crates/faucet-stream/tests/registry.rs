//! What a build contains, whatever its features are.

use faucet_stream::core::ProblemKind;
use faucet_stream::{ComponentKind, Problem, registry};

use ComponentKind::{Sink, Source, Transform};

const COMPONENTS: [(ComponentKind, &str, &str, bool); 9] = [
    (Source, "websocket", "source-websocket", cfg!(feature = "source-websocket")),
    (Source, "jsonl", "source-jsonl", cfg!(feature = "source-jsonl")),
    (Transform, "filter", "transforms", cfg!(feature = "transforms")),
    (Transform, "pick", "transforms", cfg!(feature = "transforms")),
    (Transform, "split", "transforms", cfg!(feature = "transforms")),
    (Transform, "dedup", "transforms", cfg!(feature = "transforms")),
    (Sink, "jsonl", "sink-jsonl", cfg!(feature = "sink-jsonl")),
    (Sink, "stdout", "sink-jsonl", cfg!(feature = "sink-jsonl")),
    (Sink, "websocket", "sink-websocket", cfg!(feature = "sink-websocket")),
];

#[test]
fn a_component_is_registered_or_named_with_its_feature() {
    let registry = registry();
    let of = |kind, name: &str| -> Result<(), Problem> {
        match kind {
            Source => registry.sources.get(name).map(drop),
            Transform => registry.transforms.get(name).map(drop),
            _ => registry.sinks.get(name).map(drop),
        }
    };
    let entries = registry.sources.iter().len()
        + registry.transforms.iter().len()
        + registry.sinks.iter().len();
    assert_eq!(entries, COMPONENTS.iter().filter(|(.., enabled)| *enabled).count());
    for (kind, name, feature, enabled) in COMPONENTS {
        match of(kind, name) {
            Ok(()) => assert!(enabled, "{name}"),
            Err(problem) => {
                let named = matches!(
                    problem.kind,
                    ProblemKind::Unavailable { feature: of, .. } if of == feature
                );
                assert!(!enabled && named, "{problem:?}");
            }
        }
    }
}
