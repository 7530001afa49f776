//! SQL on live feeds.

mod engine;
mod schema;
mod window;
mod script;
