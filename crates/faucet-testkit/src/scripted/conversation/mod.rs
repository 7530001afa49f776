//! Steps of a script that read the client's messages and answer with parts of them.

mod matching;
mod memory;
mod reply;
mod saying;
mod steps;
mod talk;
mod template;

pub(crate) use matching::{Matching, shown};
pub(crate) use memory::Memory;
pub use reply::Reply;
pub(crate) use saying::Saying;
pub(crate) use talk::Talk;
pub(crate) use template::Template;
