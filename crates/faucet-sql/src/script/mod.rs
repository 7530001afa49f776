//! The text of a script: from its tokens to its statements.

mod places;
mod statement;
