//! `faucet schema`: JSON Schemas.

use faucet_core::{Error, Kind, Registry, Result};

use crate::args::{SchemaArgs, SchemaOf};
use crate::output::print_line;

pub(crate) fn schema(args: SchemaArgs, registry: &Registry) -> Result<()> {
    let schema = match args.of {
        Some(SchemaOf::Source { name }) => registry.get(Kind::Source, &name)?.schema().to_value(),
        Some(SchemaOf::Sink { name }) => registry.get(Kind::Sink, &name)?.schema().to_value(),
        Some(SchemaOf::Pipeline) | None => faucet_pipeline::schema(registry),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|e| Error::config("the schema cannot be printed").with_source(e))?;
    print_line(&text)
}
