//! SQL on live feeds.

mod schema;
mod script;
