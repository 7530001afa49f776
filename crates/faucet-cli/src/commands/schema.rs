//! `faucet schema`: JSON Schemas.

use faucet_core::{Error, Registry, Result};

use crate::args::{SchemaArgs, SchemaOf};
use crate::output::{found, print_line};

pub(crate) fn schema(args: SchemaArgs, registry: &Registry) -> Result<()> {
    let schema = match args.of {
        Some(SchemaOf::Source { name }) => found(registry.sources.get(&name))?.schema().clone(),
        Some(SchemaOf::Transform { name }) => {
            found(registry.transforms.get(&name))?.schema().clone()
        }
        Some(SchemaOf::Sink { name }) => found(registry.sinks.get(&name))?.schema().clone(),
        Some(SchemaOf::Pipeline) | None => faucet_pipeline::schema(registry),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|e| Error::usage("the schema cannot be printed").with_source(e))?;
    print_line(&text)
}
