//! The text of a script: from its tokens to its statements.

mod places;
mod statement;

pub(crate) use places::Places;
pub(crate) use statement::{
    ColumnDef, CreateStream, Named, OptionDef, QueryStatement, Statement, WindowClause, WindowSpec,
};
