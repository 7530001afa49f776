//! The text of a script: from its tokens to its statements.

mod create_stream;
mod duration;
pub(crate) mod fault;
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

pub(crate) use fault::With;
pub(crate) use names::{functions, streams};
pub(crate) use parse::parse;
pub(crate) use places::Places;
pub(crate) use rewrite::{use_row_time, without_window};
pub(crate) use statement::{
    CreateStream, Named, OptionDef, QueryStatement, Statement, WindowClause, WindowSpec,
};
