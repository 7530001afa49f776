//! The files of a run, one after the other.

mod check;
mod committed;
mod file;
mod journal;
mod lock;
mod name;
mod open_file;
mod place;
mod plan;
mod rotation;
mod series;
mod target;
mod watch;

pub(crate) use check::look;
pub(crate) use committed::{Committed, CommittedError};
pub(crate) use name::{FileName, OWN};
pub(crate) use place::Place;
pub(crate) use plan::{SeriesPlan, committed_of};
pub use rotation::RotateKeys;
pub(crate) use series::Series;
pub(crate) use target::Target;
