//! Conversations in virtual time.

mod keys;
mod story;
mod talk;

pub(crate) use keys::Keys;
pub(crate) use story::{go_on, play};
pub(crate) use talk::{Said, Talk};
