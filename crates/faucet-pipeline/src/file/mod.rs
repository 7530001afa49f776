//! The pipeline file: from its text to a pipeline, or to everything that is wrong with it.

mod advise;
mod assembly;
mod component;
mod context;
mod declared;
mod effects;
mod errors;
mod files;
mod findings;
mod format;
mod inputs;
mod interpolate;
mod keys;
mod misplaced;
mod node;
mod overrides;
mod patched;
mod paths;
mod places;
mod resolved;
mod same_file;
mod schema;
mod secrets;
mod slips;
mod spec;
mod toml_tree;
mod tree;
mod unbuilt;
mod verdict;

pub use errors::SpecErrors;
pub use format::SpecFormat;
pub use interpolate::Variable;
pub use schema::{component_schema, schema};
pub use spec::PipelineSpec;
pub use verdict::{Verdict, validate};
