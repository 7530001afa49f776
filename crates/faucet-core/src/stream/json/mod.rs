//! JSON that is checked once and never rewritten.

pub(crate) mod bulk;
mod checker;
mod digits;
mod error;
mod escape;
mod judge;
#[cfg(test)]
pub(crate) mod levels;
mod line_breaks;
mod plain;
mod text;

pub use bulk::is_all_json;
pub use checker::BatchChecker;
pub use error::{JsonError, excerpt};
pub(crate) use escape::{Escaper, push_string};
pub use judge::{MAX_DEPTH, check};
pub(crate) use line_breaks::replace_line_breaks;
pub use text::JsonText;
