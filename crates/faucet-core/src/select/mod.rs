//! Places in the bytes of a JSON text, found without building a tree.
//!
//! [`Pointer`] names one place and finds it, [`Pointers`] find several in one pass. [`Match`] tells
//! messages of a certain sort from others, [`Split`] cuts one message into several, [`Edit`] keeps,
//! drops and renames members, [`Seen`] remembers keys. [`kind`], [`text_of`], [`unescape`],
//! [`unescape_into`] and [`Number`] read the bytes of a value.
//!
//! `Index` and `Cursor` are what all of them read a text with: the index finds quotes, commas and
//! brackets, 64 bytes at a time, and the cursor goes from one to the next.
//!
//! All of them expect text that is known to be one JSON value (see [`JsonText`](crate::JsonText))
//! and leave its bytes as they are. Other bytes lead to `None` or an error, never to a panic.

mod choice;
mod condition;
mod cursor;
mod edit;
mod index;
mod match_advice;
mod match_error;
mod match_rule;
mod match_set;
mod number;
mod pointer;
mod pointers;
#[cfg(test)]
mod properties;
mod seen;
#[cfg(test)]
mod slow;
mod split;
mod tree;
mod unescape;
mod value;

pub use choice::{Choice, EditError};
pub use edit::Edit;
pub use match_error::{MatchError, MatchKey, MatchProblem};
pub use match_rule::{Match, Message};
pub use match_set::{Looked, MatchSet};
pub use number::Number;
pub use pointer::{Pointer, PointerError};
pub use pointers::{Found, Pointers};
pub use seen::{Seen, SeenError};
pub use split::{Pieces, Split, SplitError, SplitProblem};
pub use unescape::{unescape, unescape_into};
pub use value::{Kind, kind, text_of};
