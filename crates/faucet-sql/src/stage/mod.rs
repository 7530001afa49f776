//! A query at work in a pipeline.

mod by_row;
mod clock;
mod failed;
mod input;
mod links;
mod outlet;
mod reader;
mod row_times;
mod rows;
mod stateless;
mod windowed;

pub(crate) use by_row::ByRow;
pub(crate) use clock::Clock;
pub(crate) use failed::failed;
pub(crate) use input::{InputPlan, OnBadRow, TimeColumn, TimeUnit};
pub(crate) use links::Links;
pub(crate) use outlet::Outlet;
pub(crate) use reader::Reader;
pub(crate) use stateless::Stateless;
pub(crate) use windowed::Windowed;
