//! The statements of a script.

use datafusion::sql::sqlparser::ast::Query;
use faucet_pipeline::diagnostic::Span;

use crate::schema::ColumnType;

/// A text and its place in the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A statement of a script.
#[derive(Debug, Clone)]
pub(crate) enum Statement {
    Stream(CreateStream),
    Query(QueryStatement),
}

/// `CREATE STREAM name (columns) WITH (options)`.
#[derive(Debug, Clone)]
pub(crate) struct CreateStream {
    pub(crate) name: Named,
    pub(crate) columns: Vec<ColumnDef>,
    /// `None`: the stream has no `WITH`.
    pub(crate) options: Option<Vec<OptionDef>>,
}

/// A column of `CREATE STREAM`.
#[derive(Debug, Clone)]
pub(crate) struct ColumnDef {
    pub(crate) name: Named,
    pub(crate) kind: ColumnType,
}

/// `"name" = 'value'` in `WITH`.
#[derive(Debug, Clone)]
pub(crate) struct OptionDef {
    pub(crate) name: Named,
    pub(crate) value: Named,
}

/// A query: `SELECT …`, with or without a target and a window.
#[derive(Debug, Clone)]
pub(crate) struct QueryStatement {
    /// The stream that takes the rows. `None`: stdout.
    pub(crate) into: Option<Named>,
    /// The query without `INSERT INTO` and `WINDOW`. The places in it are those of the script.
    pub(crate) query: Box<Query>,
    pub(crate) window: Option<WindowClause>,
    /// From its first token to its last.
    pub(crate) span: Span,
}

/// `WINDOW TUMBLING(1 min)`, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowClause {
    pub(crate) window: WindowSpec,
    pub(crate) span: Span,
}

/// Windows of `size` that begin every `slide`, in milliseconds since 1970. Both are above zero, and `size` is a
/// multiple of `slide`. Tumbling windows have `slide == size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowSpec {
    pub(crate) size: i64,
    pub(crate) slide: i64,
}
