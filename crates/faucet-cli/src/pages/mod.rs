//! Reference pages and schemas, made from the doc comments of configurations.

mod page;
mod words;

use std::collections::BTreeMap;

use faucet_core::{ComponentKind, OptionKey, Registry};
use faucet_pipeline::component_schema;
use serde_json::Value;

use crate::pages::page::page;
use crate::pages::words::to_text;

/// A page and a schema of each component of `registry`, and the schema of pipeline files: texts by
/// file name below `reference/` and `schema/`. `command` is named on the pages as their writer.
pub fn documents(registry: &Registry, command: &str) -> BTreeMap<String, String> {
    let mut documents = BTreeMap::new();
    let pipeline = to_text(&faucet_pipeline::schema(registry));
    documents.insert("schema/pipeline.schema.json".to_owned(), pipeline);
    let mut add = |kind: ComponentKind, name: &str, schemas: [&Value; 2], options: &[OptionKey]| {
        let [config, for_editors] = schemas;
        documents.insert(format!("schema/{kind}-{name}.schema.json"), to_text(for_editors));
        let text = page(kind, name, config, options, command);
        documents.insert(format!("reference/{kind}-{name}.md"), text);
    };
    for entry in registry.sources.iter() {
        let schema = component_schema(ComponentKind::Source, entry);
        add(ComponentKind::Source, entry.name(), [entry.schema(), &schema], entry.options());
    }
    for entry in registry.transforms.iter() {
        let schema = component_schema(ComponentKind::Transform, entry);
        add(ComponentKind::Transform, entry.name(), [entry.schema(), &schema], entry.options());
    }
    for entry in registry.sinks.iter() {
        let schema = component_schema(ComponentKind::Sink, entry);
        add(ComponentKind::Sink, entry.name(), [entry.schema(), &schema], entry.options());
    }
    documents
}
