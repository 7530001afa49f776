//! The pipeline file: from its text to a pipeline, or to everything that is wrong with it.

mod assembly;
mod component;
mod context;
mod declared;
mod errors;
mod findings;
mod inputs;
mod interpolate;
mod keys;
mod lenient;
mod location;
mod node;
mod overrides;
mod paths;
mod render;
mod schema;
mod spec;
mod tree;
mod unbuilt;

pub use errors::{SpecErrors, SpecProblem};
pub use location::Location;
pub use schema::{component_schema, schema};
pub use spec::PipelineSpec;
pub use tree::SpecFormat;
