//! The examples of `docs/transforms.md` do what the page says.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use faucet_core::{
    Error, JsonText, Out, Payload, Record, Registry, Scope, StreamPage, Timestamp, Transform,
};
use futures_util::FutureExt;
use serde_json::Value;

/// The keys that belong to the pipeline file.
const PIPELINE: [&str; 4] = ["type", "from", "buffer", "dead_letter"];

/// A block of code: the words behind the fence, and the text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/transforms.md");
    std::fs::read_to_string(path).unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    faucet_transforms::register(&mut registry).unwrap();
    registry
}

/// Builds each component below `value` that is a transform.
fn build_all(registry: &Registry, value: &Value, built: &mut Vec<Box<dyn Transform>>) {
    match value {
        Value::Object(map) => {
            let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
            if registry.transforms.find(kind).is_some() {
                let own = |(key, _): &(&String, &Value)| !PIPELINE.contains(&key.as_str());
                let config = map.iter().filter(own).map(|(k, v)| (k.clone(), v.clone()));
                let config = Value::Object(config.collect());
                built.push(registry.transforms.build(kind, config).map_err(Error::from).unwrap());
            } else {
                map.values().for_each(|inner| build_all(registry, inner, built));
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| build_all(registry, inner, built)),
        _ => {}
    }
}

fn lines_through(transform: &dyn Transform, lines: &str) -> Vec<String> {
    let record = |line: &str| {
        let json = JsonText::new(line.to_owned().into()).unwrap();
        Record::new(Payload::Json(json), Timestamp::from_unix_millis(0))
    };
    let page = StreamPage::new(lines.lines().map(record).collect());
    let mut stage = transform.open(&Scope::new("t")).now_or_never().unwrap().unwrap();
    let mut out = Out::default();
    stage.push(0, page, &mut out).now_or_never().unwrap().unwrap();
    let emitted = out.take();
    assert!(emitted.rejected.is_empty());
    let records = emitted.pages.into_iter().flatten();
    records.map(|record| String::from_utf8(record.to_json()).unwrap()).collect()
}

#[test]
fn each_example_does_what_the_page_says() {
    let (page, registry) = (page(), registry());
    let mut shown = Vec::new();
    for window in blocks(&page).windows(3) {
        let [("yaml", config), ("json before", before), ("json after", after)] = window else {
            continue;
        };
        let config: Value = serde_saphyr::from_str(config).unwrap();
        let mut built = Vec::new();
        build_all(&registry, &config, &mut built);
        let [transform] = &built[..] else { panic!("one transform in {config}") };
        assert_eq!(lines_through(transform, before), after.lines().collect::<Vec<_>>());
        shown.push(transform.info().connector);
    }
    assert_eq!(shown, registry.transforms.names().collect::<Vec<_>>());
}

#[test]
fn each_transform_of_a_pipeline_is_built() {
    let (page, registry) = (page(), registry());
    let mut counts = Vec::new();
    for (_, text) in blocks(&page).iter().filter(|(kind, _)| *kind == "yaml") {
        let mut built = Vec::new();
        build_all(&registry, &serde_saphyr::from_str(text).unwrap(), &mut built);
        counts.push(built.len());
    }
    assert_eq!(counts, [1, 1, 1, 1, 4, 5]);
}
