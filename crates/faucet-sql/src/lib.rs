//! SQL on live feeds.

mod schema;
mod script;
mod stub;

pub use stub::{Script, register};
