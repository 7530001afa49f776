//! The names of a run and their values.
//!
//! A `book` has the values of one connection: made, taken, from the run's context. A `message` scope
//! adds the values of one message. An `errand` is a call that a value or a step waits for.

mod book;
mod errand;
mod maker_failed;
mod message_names;

pub use book::{Blocked, Book, Moment};
pub use errand::Errand;
pub use maker_failed::{MakerFailed, ValueFailed};
pub(crate) use message_names::MessageNames;
