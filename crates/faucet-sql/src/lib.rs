//! SQL on live feeds.

mod rows;
mod schema;
mod script;
