//! Conversations in virtual time.

mod bytes;
mod keys;
mod story;
mod talk;

pub(crate) use bytes::converse;
pub(crate) use keys::Keys;
pub(crate) use story::{go_on, play};
pub(crate) use talk::{Said, Talk};
