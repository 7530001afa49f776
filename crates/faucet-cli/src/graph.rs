//! A pipeline in words.

use faucet_pipeline::{Component, Pipeline};

/// A source and a sink in a line; any other pipeline a component a line.
pub(crate) fn described(pipeline: &Pipeline) -> String {
    match pipeline.components() {
        [source, sink] => format!("{} → {}", far_end(source), far_end(sink)),
        components => {
            components.iter().map(|component| format!("\n  {}", line(component))).collect()
        }
    }
}

fn far_end(component: &Component) -> String {
    let info = component.info();
    match info.target.as_str() {
        "" => info.connector.to_owned(),
        target => format!("{} {target}", info.connector),
    }
}

fn line(component: &Component) -> String {
    let mut text = format!("{} {}: {}", component.kind(), component.id(), far_end(component));
    if !component.from().is_empty() {
        let from: Vec<&str> = component.from().iter().map(|id| &**id).collect();
        text.push_str(&format!(" ← {}", from.join(", ")));
    }
    if let Some(sink) = component.dead_letter() {
        text.push_str(&format!(" (rejected: {sink})"));
    }
    text
}
