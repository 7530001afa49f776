//! The text of a script: from its tokens to its statements.

mod create_stream;
mod duration;
mod fault;
mod names;
mod options;
mod parse;
mod places;
mod query;
mod rewrite;
mod slip;
mod statement;
#[cfg(test)]
mod tests;
mod tokens;
mod window_clause;
