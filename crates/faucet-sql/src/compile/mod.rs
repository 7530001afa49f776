//! From statements to components: what is wrong with a query, and what runs.

mod components;
mod explain;
mod graph;
mod ids;
mod limits;
mod options;
mod order;
mod prepare;
mod stream;
mod target;

pub(crate) use graph::{Around, Compiled, compile};
pub(crate) use prepare::{Question, prepare};
pub(crate) use stream::{StreamDecl, TimeDecl};
