//! JSON that is checked once and never rewritten.

mod bulk;
mod error;
mod judge;
mod line_breaks;
mod text;

pub use bulk::{BatchChecker, is_all_json};
pub use error::{JsonError, excerpt};
pub use judge::{MAX_DEPTH, check};
pub(crate) use line_breaks::replace_line_breaks;
pub use text::JsonText;
