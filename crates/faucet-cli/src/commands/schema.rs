//! `faucet schema`: JSON Schemas.

use faucet_core::{ComponentKind, Error, Registry, Result};
use faucet_pipeline::component_schema;

use crate::args::{SchemaArgs, SchemaOf};
use crate::output::{found, print_line};

pub(crate) fn schema(args: SchemaArgs, registry: &Registry) -> Result<()> {
    let schema = match args.of {
        Some(SchemaOf::Source { name }) => {
            component_schema(ComponentKind::Source, found(registry.sources.get(&name))?)
        }
        Some(SchemaOf::Transform { name }) => {
            component_schema(ComponentKind::Transform, found(registry.transforms.get(&name))?)
        }
        Some(SchemaOf::Sink { name }) => {
            component_schema(ComponentKind::Sink, found(registry.sinks.get(&name))?)
        }
        Some(SchemaOf::Pipeline) | None => faucet_pipeline::schema(registry),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|e| Error::usage("the schema cannot be printed").with_source(e))?;
    print_line(&text)
}
