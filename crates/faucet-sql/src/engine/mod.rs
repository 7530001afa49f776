//! DataFusion behind a narrow door: a plan once for each query, an execution for each page or window.

mod execution;

mod functions;
mod inlet;
mod merge;
mod moment;
mod query;
mod ready;
mod session;

pub(crate) use execution::Execution;

pub(crate) use query::{Cast, Hidden, Input, Query, RECEIVED_AT, ROW, ROW_TIME, Recipe};
pub(crate) use session::Session;
