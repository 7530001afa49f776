//! Pipeline files: what they mean, and what is wrong with them.

mod connectors;
mod files;
mod problems;
mod schema;
mod transforms;
mod variables;
