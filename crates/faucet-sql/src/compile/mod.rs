//! From statements to components: what is wrong with a query, and what runs.

mod assembly;
mod compiled;
mod components;
mod ends;
mod explain;
mod graph;
mod ids;
mod limits;
mod names;
mod options;
mod order;
mod prepare;
mod reads;
mod stream;
mod streams;
mod target;
mod types;

pub(crate) use compiled::{Around, Compiled};
pub(crate) use graph::compile;
pub(crate) use prepare::{Question, prepare};
pub(crate) use stream::{StreamDecl, TimeDecl};
