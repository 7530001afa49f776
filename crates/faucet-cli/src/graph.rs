//! A pipeline in words.

use faucet_core::ComponentKind;
use faucet_pipeline::{Component, Pipeline};

use crate::output::counted;

/// A source and a sink in a line; any other pipeline a component a line, below how many there are.
pub(crate) fn described(pipeline: &Pipeline) -> String {
    let components = match pipeline.components() {
        [source, sink] => {
            return format!("{} → {}", far_end(pipeline, source), far_end(pipeline, sink));
        }
        components => components,
    };
    let of_kind = |kind| components.iter().filter(move |component| component.kind() == kind);
    let kinds = [ComponentKind::Source, ComponentKind::Transform, ComponentKind::Sink];
    let counts = kinds.map(|kind| (of_kind(kind).count() as u64, kind.as_str()));
    let counts = counts.into_iter().filter(|(number, _)| *number > 0);
    let counts: Vec<String> = counts.map(|(number, kind)| counted(number, kind)).collect();
    let lines = kinds.into_iter().flat_map(of_kind).map(|component| line(pipeline, component));
    let lines: String = lines.map(|line| format!("\n  {line}")).collect();
    format!("{}{lines}", counts.join(", "))
}

fn far_end(pipeline: &Pipeline, component: &Component) -> String {
    let info = component.info();
    match pipeline.target(component.id()).as_str() {
        "" => info.connector.to_owned(),
        target if target == info.connector => target.to_owned(),
        target => format!("{} {target}", info.connector),
    }
}

fn line(pipeline: &Pipeline, component: &Component) -> String {
    let mut text =
        format!("{} {}: {}", component.kind(), component.id(), far_end(pipeline, component));
    if !component.from().is_empty() {
        let from: Vec<&str> = component.from().iter().map(|id| &**id).collect();
        text.push_str(&format!(" ← {}", from.join(", ")));
    }
    if let Some(sink) = component.dead_letter() {
        text.push_str(&format!(" (dead letters → {sink})"));
    }
    text
}
