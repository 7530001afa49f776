//! The runner: it moves pages from a source to a sink and knows no connector.
//!
//! A [`Pipeline`] is a configured source and sink, made by hand or by a [`PipelineSpec`], the
//! pipeline file. A [`Run`] moves records until the source ends or the caller's shutdown future is
//! ready, shows its [`Progress`] while it does, and ends in a [`Report`].

mod ends;
mod flow;
mod interpolate;
mod location;
mod node;
mod overrides;
mod pipeline;
mod progress;
mod report;
mod run;
mod schema;
mod spec;
mod stop;
mod tree;

pub use location::Location;
pub use pipeline::{GRACE, Pipeline, run, run_until};
pub use progress::Progress;
pub use report::{End, Report};
pub use run::Run;
pub use schema::schema;
pub use spec::{PipelineSpec, Problem};
pub use tree::SpecFormat;
