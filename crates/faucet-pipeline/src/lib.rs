//! The runner: it moves pages between named components and knows no connector.
//!
//! A [`Pipeline`] is a graph of sources, transforms and sinks, made by [`Pipeline::builder`] or by a
//! [`PipelineSpec`], the pipeline file, which goes through the same builder. A [`Run`] moves records
//! until the sources end or the caller's shutdown future is ready, shows its [`Progress`] while it
//! does, and ends in a [`Report`].

pub mod diagnostic;
mod file;
mod graph;

pub use diagnostic::{Diagnostic, Severity};
pub use file::{
    PipelineSpec, SpecErrors, SpecFormat, Variable, Verdict, component_schema, fill_variables,
    schema, validate,
};
pub use graph::{
    Buffer, Component, ComponentProgress, ComponentReport, End, Flush, Flusher, GRACE, Peek,
    Pipeline, PipelineBuilder, Progress, Report, Run, WhenFull, report_schema, run, run_until,
};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
