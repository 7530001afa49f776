//! Reference pages, schemas, explanations and templates, made from the doc comments of configurations.

mod book;
mod connector;
mod explain;
mod filling;
#[cfg(test)]
mod guests;
mod inline;
mod meaning;
mod page;
mod report;
mod skeleton;
mod template;
mod topic;
mod tree;
mod value;
mod words;

pub(crate) use book::Book;
pub use book::documents;
pub(crate) use connector::{KINDS, find};
pub(crate) use explain::{WIDTH, Writer};
pub(crate) use skeleton::{Named, Skeleton, has_built_in};
pub(crate) use template::{SCHEMA_FILE, schema_lines, text as template_text};
pub(crate) use topic::{Found, Topics};
pub(crate) use words::to_text;
