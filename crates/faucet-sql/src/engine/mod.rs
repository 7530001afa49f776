//! DataFusion behind a narrow door: a plan once for each query, an execution for each page or window.

mod execution;
mod expressions;
mod functions;
mod inlet;
mod merge;
mod moment;
mod plan;
mod query;
mod ready;
mod row_part;
mod rows_first;
mod session;

pub(crate) use execution::Execution;
pub(crate) use moment::Moment;
pub(crate) use plan::Plan;
pub(crate) use query::{Hidden, Input, Query, RECEIVED_AT, ROW_TIME, Recipe};
pub(crate) use row_part::RowPart;
pub(crate) use session::Session;
