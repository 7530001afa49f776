//! The conformance suites.

mod calls;
pub mod config;
mod outside;
mod rule;
pub(crate) mod sample;
pub mod sink;
pub mod source;
pub mod transform;
