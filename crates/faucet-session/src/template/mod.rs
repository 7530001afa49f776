//! Texts and JSON trees with placeholders: parsed once, filled for each message.
//!
//! A `placeholder` names a value. A `text` is filled by putting the words of each value in the place
//! of its placeholder. A `tree` of JSON is filled leaf by leaf and written as JSON: whatever a value
//! holds, the message stays one JSON value. A `token` is a value that a placeholder stands for.
//! Nothing that was filled in is read as a template again.

mod filling;
mod placeholder;
mod text;
mod token;
mod tree;

pub use filling::{Filling, Unfilled};
pub(crate) use placeholder::is_name;
pub use placeholder::{BadPlaceholder, Placeholder, Reference};
pub use text::TextTemplate;
pub use token::Token;
pub use tree::TreeTemplate;
