//! DataFusion behind a narrow door: a plan once for each query, an execution for each page or window.

mod execution;

mod functions;
mod inlet;
mod moment;
mod query;
mod ready;
mod session;

pub(crate) use execution::Execution;

pub(crate) use query::{Hidden, Input, Query, RECEIVED_AT, ROW_TIME, Recipe};
pub(crate) use session::Session;
