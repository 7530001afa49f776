//! `--serve`: metrics, health and the report of a run over HTTP.

mod answers;
mod board;
mod desk;
mod gate;
mod history;
mod life;
mod look;
mod metrics;
mod options;
mod page;
mod readiness;
mod records;
mod server;
mod table;

pub(crate) use board::Board;
pub(crate) use options::{Options, address};
pub(crate) use page::page as metrics_page;
